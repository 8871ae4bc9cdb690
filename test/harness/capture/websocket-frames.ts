import { MessageInflater } from '../../../harness/capture/websocket-inflate.js';
import { WebSocketReader } from '../../../harness/capture/websocket-reader.js';

/** A frame to be written: RFC 6455, 5.2. */
export interface FrameSpec {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly fin?: boolean;
  /** The three reserved bits, the first as 4. */
  readonly reserved?: number;
  readonly mask?: Buffer | null;
  /** How many bytes the length takes; the fewest when left out. */
  readonly lengthBytes?: 0 | 2 | 8;
}

/** The bytes of a frame. */
export function frame({ opcode, payload, fin = true, reserved = 0, mask = null, lengthBytes }: FrameSpec): Buffer {
  const wide = lengthBytes ?? (payload.length < 126 ? 0 : payload.length < 0x1_0000 ? 2 : 8);
  const head = Buffer.alloc(2 + wide);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (mask === null ? 0 : 0x80) | (wide === 0 ? payload.length : wide === 2 ? 126 : 127);
  if (wide === 2) head.writeUInt16BE(payload.length, 2);
  if (wide === 8) head.writeBigUInt64BE(BigInt(payload.length), 2);
  if (mask === null) return Buffer.concat([head, payload]);
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0))]);
}

/** The payload of a close frame. */
export function closing(code: number, reason: string): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}

/** What a reader told. A message that was not ended has `end` null. */
export interface Told {
  readonly messages: { readonly opcode: string; readonly compressed: boolean; readonly parts: Buffer[]; end: 'whole' | 'cut' | null }[];
  readonly closes: (readonly [code: number | null, reason: string])[];
  broken: string | null;
}

/** A reader and what it tells. */
export function listen(
  rules: { readonly masked: boolean; readonly takeover?: boolean; readonly limitBytes?: number } = { masked: false },
): { readonly reader: WebSocketReader; readonly told: Told } {
  const told: Told = { messages: [], closes: [], broken: null };
  const inflater = rules.takeover === undefined ? null : new MessageInflater(rules.takeover);
  const reader = new WebSocketReader(
    { masked: rules.masked, inflater, limitBytes: rules.limitBytes ?? 16 * 1024 * 1024 },
    {
      begin: (opcode, compressed) => void told.messages.push({ opcode, compressed, parts: [], end: null }),
      payload: (bytes) => void told.messages.at(-1)?.parts.push(bytes),
      end: (cut) => {
        const last = told.messages.at(-1);
        if (last !== undefined) last.end = cut ? 'cut' : 'whole';
      },
      close: (code, reason) => void told.closes.push([code, reason]),
      broken: (why) => {
        told.broken = why;
      },
    },
  );
  return { reader, told };
}

/** The payloads that were told, each in one piece. */
export function payloadsOf(told: Told): readonly Buffer[] {
  return told.messages.map(({ parts }) => Buffer.concat(parts));
}
