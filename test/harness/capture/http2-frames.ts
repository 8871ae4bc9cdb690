import type { Socket } from 'node:net';

// HTTP/2 written by hand, for what a proper library does not send.

export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const GOAWAY = 7;
export const CONTINUATION = 9;
export const END_STREAM = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const PRIORITY = 0x20;
export const ACK = 1;
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const NOTHING = Buffer.alloc(0);

/** One frame. */
export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A length as HPACK writes it behind `bits` bits of a prefix that is empty. */
export function integer(value: number, bits: number): number[] {
  const most = 2 ** bits - 1;
  if (value < most) return [value];
  const out = [most];
  let left = value - most;
  for (; left >= 128; left = Math.floor(left / 128)) out.push((left % 128) + 128);
  return [...out, left];
}

/** A header block of fields that enter no table, uncompressed. */
export function fields(list: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    list.map(([name, value]) =>
      Buffer.concat([
        Buffer.from([0, ...integer(name.length, 7)]),
        Buffer.from(name, 'latin1'),
        Buffer.from(integer(value.length, 7)),
        Buffer.from(value, 'latin1'),
      ]),
    ),
  );
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Cuts bytes into frames; `skip` bytes stand before the first. */
export function onFrames(socket: Socket, skip: number, take: (frame: Frame) => void): void {
  let have = Buffer.alloc(0);
  let left = skip;
  socket.on('data', (chunk: Buffer) => {
    have = Buffer.concat([have, chunk]);
    const skipped = Math.min(left, have.length);
    left -= skipped;
    have = have.subarray(skipped);
    while (have.length >= 9) {
      const length = have.readUIntBE(0, 3);
      if (have.length < 9 + length) return;
      const payload = have.subarray(9, 9 + length);
      take({ type: have[3] ?? 0, flags: have[4] ?? 0, stream: have.readUInt32BE(5), payload });
      have = have.subarray(9 + length);
    }
  });
}
