import type { RawHead } from './http2-heads.js';

export const DATA = 0;
const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
const CONTINUATION = 9;
export const ACK = 1;
export const END_STREAM = 1;
const END_HEADERS = 4;
const FRAME_HEAD = 9;
/** What every peer takes (RFC 9113, 4.2). */
export const LONGEST_FRAME = 16_384;
/** What the app may send on one stream before we have passed it on. */
export const STREAM_WINDOW_BYTES = 256 * 1024;
/** Says that the header table is empty from now on, which it is for whoever writes without one. */
const NO_TABLE = Buffer.from([0x20]);
const NOTHING = Buffer.alloc(0);

/** One frame. */
export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const out = Buffer.allocUnsafe(FRAME_HEAD + payload.length);
  out.writeUIntBE(payload.length, 0, 3);
  out[3] = type;
  out[4] = flags;
  out.writeUInt32BE(stream, 5);
  payload.copy(out, FRAME_HEAD);
  return out;
}

/** Unsigned numbers of four bytes each. */
export function numbers(...values: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(values.length * 4);
  values.forEach((value, at) => out.writeUInt32BE(value, at * 4));
  return out;
}

/** One parameter of SETTINGS. */
export function setting(id: number, value: number): Buffer {
  const out = Buffer.allocUnsafe(6);
  out.writeUInt16BE(id, 0);
  out.writeUInt32BE(value, 2);
  return out;
}

/** The frames of a header block. Its fields stand in no table, so that no block depends on another; `first`: none was sent before. */
export function headFrames(stream: number, fields: RawHead, { ends, first }: { readonly ends: boolean; readonly first: boolean }): Buffer {
  const parts: Buffer[] = first ? [NO_TABLE] : [];
  for (let at = 0; at + 1 < fields.length; at += 2) parts.push(Buffer.from([0]), text(fields[at] ?? ''), text(fields[at + 1] ?? ''));
  const block = Buffer.concat(parts);
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < block.length; at += LONGEST_FRAME) {
    const flags = (at === 0 && ends ? END_STREAM : 0) | (at + LONGEST_FRAME >= block.length ? END_HEADERS : 0);
    frames.push(frame(at === 0 ? HEADERS : CONTINUATION, flags, stream, block.subarray(at, at + LONGEST_FRAME)));
  }
  return Buffer.concat(frames);
}

/** The frames of a body's bytes; with `ends` the last says that nothing follows. */
export function dataFrames(stream: number, bytes: Buffer, ends: boolean): Buffer {
  if (bytes.length <= LONGEST_FRAME) return frame(DATA, ends ? END_STREAM : 0, stream, bytes);
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += LONGEST_FRAME)
    frames.push(frame(DATA, ends && at + LONGEST_FRAME >= bytes.length ? END_STREAM : 0, stream, bytes.subarray(at, at + LONGEST_FRAME)));
  return Buffer.concat(frames);
}

/** A string as HPACK has it, without Huffman's code. */
function text(value: string): Buffer {
  const bytes = value === '' ? NOTHING : Buffer.from(value, 'latin1');
  const length: number[] = [Math.min(bytes.length, 127)];
  for (let left = bytes.length - 127; left >= 0; left = left < 128 ? -1 : Math.floor(left / 128))
    length.push(left < 128 ? left : (left % 128) + 128);
  return Buffer.concat([Buffer.from(length), bytes]);
}
