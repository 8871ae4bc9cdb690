import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { agreedExtensions } from '../../../harness/capture/websocket-extensions.js';
import { closing, frame, listen, payloadsOf } from './websocket-frames.js';
import type { FrameSpec } from './websocket-frames.js';

const MASK = Buffer.from('12345678', 'hex');
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const text = (payload: string, more: Partial<FrameSpec> = {}): FrameSpec => ({ opcode: 1, payload: Buffer.from(payload), ...more });
const LINES = Array.from({ length: 400 }, (_, i) => `row ${i * 7919}: ${'abcdef'.slice(i % 6)}`);
const bytesOf = (frames: readonly FrameSpec[]): Buffer => Buffer.concat(frames.map((each) => frame(each)));
/** A message as a sender packs it: RFC 7692, 7.2.1. */
const packed = (payload: Buffer | string): Buffer => deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);

/** Reads all of it, in one piece and then byte by byte; both must tell the same. */
function read(
  bytes: Buffer,
  rules: Parameters<typeof listen>[0] = { masked: false },
): ReturnType<typeof listen>['told'] & { readonly payloads: readonly string[] } {
  const [whole, bytewise] = [listen(rules), listen(rules)];
  whole.reader.push(bytes);
  for (const byte of bytes) bytewise.reader.push(Buffer.of(byte));
  for (const { reader } of [whole, bytewise]) reader.stop();
  const { messages, closes, broken } = whole.told;
  const flat = ({ told }: ReturnType<typeof listen>): unknown => ({
    ...told,
    messages: told.messages.map((m) => ({ ...m, parts: Buffer.concat(m.parts) })),
  });
  expect(flat(bytewise)).toEqual(flat(whole));
  return { messages, closes, broken, payloads: payloadsOf(whole.told).map((payload) => payload.toString()) };
}

describe('the examples of RFC 6455, 5.7 and RFC 7692, 7.2.3', () => {
  test.each<[name: string, bytes: string, masked: boolean, payload: string]>([
    ['one frame', '8105 48656c6c6f', false, 'Hello'],
    ['one frame under a mask', '8185 37fa213d 7f9f4d5158', true, 'Hello'],
    ['two fragments', '0103 48656c 8002 6c6f', false, 'Hello'],
    ['packed', 'c107 f248cdc9c90700', false, 'Hello'],
    ['packed, two fragments', '4103 f248cd 8004 c9c90700', false, 'Hello'],
    ['packed, a block that is not compressed', 'c10b 000500faff48656c6c6f00', false, 'Hello'],
    ['packed, a block marked as the last', 'c108 f348cdc9c9070000', false, 'Hello'],
    ['packed, two blocks', 'c10d f2480500 0000ffff cac9c90700', false, 'Hello'],
  ])('%s', (_name, bytes, masked, payload) => {
    expect(read(hex(bytes), { masked, takeover: true })).toMatchObject({ payloads: [payload], broken: null, messages: [{ end: 'whole' }] });
  });

  test('the second message refers to the first', () => {
    const { payloads, broken } = read(hex('c107 f248cdc9c90700 c105 f200110000'), { masked: false, takeover: true });
    expect([payloads, broken]).toEqual([['Hello', 'Hello'], null]);
  });
});

describe('frames', () => {
  test('ping, pong and close between fragments disturb nothing', () => {
    const bytes = bytesOf([
      text('one, ', { fin: false, mask: MASK }),
      { opcode: 9, payload: Buffer.from('pp'), mask: MASK },
      text('two, ', { opcode: 0, fin: false, mask: MASK }),
      { opcode: 10, payload: Buffer.alloc(0), mask: MASK },
      { opcode: 8, payload: closing(4001, '再见'), mask: MASK },
      text('three', { opcode: 0, mask: MASK }),
      { opcode: 2, payload: Buffer.of(1, 2, 3), mask: MASK },
    ]);
    const { payloads, messages, closes, broken } = read(bytes, { masked: true });
    expect(payloads).toEqual(['one, two, three', '\x01\x02\x03']);
    expect(messages).toMatchObject([{ opcode: 'text' }, { opcode: 'binary' }]);
    expect([closes, broken]).toEqual([[[4001, '再见']], null]);
  });

  test.each([0, 125, 126, 127, 65_535, 65_536, 200_000])('a payload of %i bytes, masked, however the pieces lie', (length) => {
    const payload = Buffer.from(Array.from({ length }, (_, i) => (i * 31) & 0xff));
    const bytes = bytesOf([{ opcode: 2, payload, mask: MASK }, text('behind', { mask: Buffer.of(0, 255, 0, 255) })]);
    for (const size of [1, 3, 1000, 65_536, bytes.length]) {
      const { reader, told } = listen({ masked: true });
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
      expect(payloadsOf(told).map((p) => p.toString('latin1'))).toEqual([payload.toString('latin1'), 'behind']);
      expect([told.broken, reader.half]).toEqual([null, false]);
    }
  });

  test.each([2, 8] as const)('a length written in %i bytes that needs none is read', (lengthBytes) => {
    expect(read(bytesOf([text('abc', { lengthBytes })])).payloads).toEqual(['abc']);
  });

  test('a frame of 4 GiB and three bytes is not over after three', () => {
    const { reader, told } = listen({ masked: false });
    reader.push(hex('827f 0000000100000003'));
    reader.push(Buffer.concat([Buffer.of(1, 2, 3), frame(text('inside'))]));
    expect([told.messages.length, told.messages[0]?.end, told.broken, reader.half]).toEqual([1, null, null, true]);
  });

  test('the buffer that is sent on is not touched, and what was told does not change with it', () => {
    const bytes = bytesOf([text('secret', { mask: MASK }), { opcode: 8, payload: closing(1000, 'x'), mask: MASK }]);
    const before = Buffer.from(bytes);
    const { reader, told } = listen({ masked: true });
    reader.push(bytes);
    expect(bytes.equals(before)).toBe(true);
    bytes.fill(0);
    expect(payloadsOf(told).map(String)).toEqual(['secret']);
  });

  test('a close without a code, and one with nothing behind it', () => {
    expect(
      read(
        bytesOf([
          { opcode: 8, payload: Buffer.alloc(0) },
          { opcode: 8, payload: closing(1001, '') },
        ]),
      ).closes,
    ).toEqual([
      [null, ''],
      [1001, ''],
    ]);
  });

  test('a million fragments of one byte cost no million objects', () => {
    const one = frame({ opcode: 0, fin: false, payload: Buffer.of(97) });
    const many = Buffer.concat(Array.from({ length: 1_000_000 }, () => one));
    for (const reserved of [0, 4]) {
      const { reader, told } = listen({ masked: false, takeover: true });
      reader.push(frame({ opcode: 1, fin: false, reserved, payload: Buffer.alloc(0) }));
      const before = process.memoryUsage();
      reader.push(many);
      const after = process.memoryUsage();
      expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(32 * 1024 * 1024);
      expect(told.messages[0]?.parts.length).toBeLessThan(20);
    }
  });
});

describe('what cannot be read', () => {
  test.each<[why: string, what: string, bytes: Buffer, rules?: Parameters<typeof listen>[0]]>([
    ['websocket-reserved-bits', 'packed, and no compression was agreed on', bytesOf([text('x', { reserved: 4 })])],
    ['websocket-reserved-bits', 'the second bit', bytesOf([text('x', { reserved: 2 })]), { masked: false, takeover: true }],
    ['websocket-reserved-bits', 'the third bit', bytesOf([text('x', { reserved: 1 })]), { masked: false, takeover: true }],
    [
      'websocket-reserved-bits',
      'a packed ping',
      bytesOf([{ opcode: 9, payload: Buffer.alloc(0), reserved: 4 }]),
      { masked: false, takeover: true },
    ],
    ['websocket-opcode', 'an opcode of data that is none', bytesOf([text('x', { opcode: 3 })])],
    ['websocket-opcode', 'an opcode of control that is none', bytesOf([text('x', { opcode: 11 })])],
    ['websocket-opcode', 'HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), { masked: true }],
    ['websocket-masking', 'a client without a mask', bytesOf([text('x')]), { masked: true }],
    ['websocket-masking', 'a server with one', bytesOf([text('x', { mask: MASK })])],
    ['websocket-fragments', 'a fragment of nothing', bytesOf([text('x', { opcode: 0 })])],
    ['websocket-fragments', 'a control frame in fragments', bytesOf([{ opcode: 9, payload: Buffer.alloc(0), fin: false }])],
    ['websocket-length', 'a ping of 126 bytes', bytesOf([{ opcode: 9, payload: Buffer.alloc(126) }])],
    ['websocket-length', 'a close of one byte', bytesOf([{ opcode: 8, payload: Buffer.of(3) }])],
    ['websocket-length', 'a length below zero', hex('817f ffffffffffffffff')],
    ['websocket-length', 'a length of more than can be counted', hex('817f 0020000000000000')],
  ])('%s: %s', (why, _what, bytes, rules = { masked: false }) => {
    const first = bytesOf([text('read before', { mask: rules.masked ? MASK : null })]);
    const told = read(Buffer.concat([first, bytes, Buffer.alloc(100)]), rules);
    expect([told.broken, told.payloads[0]]).toEqual([why, 'read before']);
  });

  test('websocket-fragments: a message inside a message; what was read of the first is told', () => {
    const told = read(bytesOf([text('half', { fin: false }), text('other')]));
    expect(told).toMatchObject({ broken: 'websocket-fragments', payloads: ['half'], messages: [{ end: null }] });
  });

  test('websocket-inflate: bytes that are not packed', () => {
    const told = read(bytesOf([text('\xff\xff\xff\xff', { reserved: 4 })]), { masked: false, takeover: true });
    expect(told).toMatchObject({ broken: 'websocket-inflate', payloads: [''], messages: [{ end: null, compressed: true }] });
  });

  test('a reference to an earlier message where none may be made', () => {
    const two = hex('c107 f248cdc9c90700 c105 f200110000');
    expect(read(two, { masked: false, takeover: false })).toMatchObject({ broken: 'websocket-inflate', payloads: ['Hello', ''] });
  });
});

describe('what ends half-way', () => {
  test.each([
    ['plain', bytesOf([text('all of it', { fin: false })]), 'all of it'],
    ['plain, inside a frame', bytesOf([text('all of it')]).subarray(0, -3), 'all of'],
    ['packed', bytesOf([{ opcode: 1, reserved: 4, fin: false, payload: packed('all of it') }]), 'all of it'],
  ])('%s: what came of it is told', (_what, bytes, payload) => {
    const { reader } = listen({ masked: false, takeover: true });
    reader.push(bytes);
    expect(reader.half).toBe(true);
    expect(read(bytes, { masked: false, takeover: true })).toMatchObject({ payloads: [payload], messages: [{ end: null }], broken: null });
  });

  test('packed, wherever it ends: what is told is a beginning of the text', () => {
    const whole = LINES.slice(0, 60).join('\n');
    const payload = packed(whole);
    let longest = 0;
    for (let length = 0; length <= payload.length; length += 1) {
      const { reader, told } = listen({ masked: false, takeover: true });
      reader.push(frame({ opcode: 1, reserved: 4, payload }).subarray(0, length + 4));
      reader.stop();
      const [part = Buffer.alloc(0)] = payloadsOf(told);
      expect(whole.startsWith(part.toString('latin1'))).toBe(true);
      longest = Math.max(longest, part.length);
    }
    expect(longest).toBe(whole.length);
  });

  test.each([1, 2, 5])('%i bytes of a header are half a frame', (length) => {
    const { reader } = listen({ masked: true });
    reader.push(bytesOf([{ opcode: 9, payload: Buffer.alloc(0), mask: MASK }]).subarray(0, length));
    expect(reader.half).toBe(true);
  });
});

describe('what is too large', () => {
  const LIMIT = 100_000;
  const rules = { masked: false, takeover: true, limitBytes: LIMIT };

  test('a plain message is cut at the limit, one of just that length is not', () => {
    const [just, over] = [Buffer.alloc(LIMIT, 'a'), Buffer.alloc(LIMIT + 1, 'b')];
    const told = read(bytesOf([{ opcode: 2, payload: just }, { opcode: 2, payload: over }, text('next')]), rules);
    expect(told.messages.map(({ end }) => end)).toEqual(['whole', 'cut', 'whole']);
    expect(told.payloads).toEqual([String(just), 'b'.repeat(LIMIT), 'next']);
  });

  test('a packed message is cut to its beginning, at least half of the limit', () => {
    const large = Array.from({ length: 40_000 }, (_, i) => `${i};`).join('');
    const told = read(bytesOf([{ opcode: 1, reserved: 4, payload: packed(large) }, text('next')]), rules);
    expect(told.messages.map(({ end }) => end)).toEqual(['cut', 'whole']);
    expect(large.startsWith(told.payloads[0] ?? '-')).toBe(true);
    expect(told.payloads[0]?.length).toBeGreaterThan(LIMIT / 2);
    expect(told.payloads[1]).toBe('next');
  });

  test('what cannot be packed and is of just the limit is whole', () => {
    const noise = Buffer.from(Array.from({ length: LIMIT }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 13) & 0xff));
    const payload = deflateRawSync(noise, { finishFlush: constants.Z_SYNC_FLUSH, level: 0 }).subarray(0, -4);
    expect(payload.length).toBeGreaterThan(LIMIT);
    const { reader, told } = listen(rules);
    reader.push(frame({ opcode: 2, reserved: 4, payload }));
    expect(told.messages[0]?.end).toBe('whole');
    expect(payloadsOf(told)[0]?.equals(noise)).toBe(true);
  });

  test('packed bytes without end are not held without end', () => {
    const { reader, told } = listen({ masked: false, takeover: true, limitBytes: 1024 * 1024 });
    reader.push(frame({ opcode: 2, reserved: 4, fin: false, payload: packed('the beginning') }));
    // Empty stored blocks: they unpack to nothing.
    reader.push(frame({ opcode: 0, fin: false, payload: hex('0000ffff') }));
    const nothing = Buffer.concat(Array.from({ length: 100_000 }, () => hex('000000ffff')));
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 100; i += 1) reader.push(frame({ opcode: 0, fin: false, payload: nothing }));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    reader.push(frame({ opcode: 0, payload: Buffer.alloc(0) }));
    expect(told.messages[0]?.end).toBe('cut');
    expect(payloadsOf(told).map(String)).toEqual(['the beginning']);
  });

  test('1 GiB of zeros in 1 MB is cut at 16 MiB, without unpacking it', () => {
    const mebibyte = deflateRawSync(Buffer.alloc(2 ** 20), { finishFlush: constants.Z_SYNC_FLUSH });
    const bomb = Buffer.concat(Array.from({ length: 1024 }, () => mebibyte)).subarray(0, -4);
    const { reader, told } = listen({ masked: false, takeover: false });
    const before = process.memoryUsage().arrayBuffers;
    reader.push(frame({ opcode: 2, reserved: 4, payload: bomb }));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    expect(told.messages[0]?.end).toBe('cut');
    const [bytes = Buffer.alloc(0)] = payloadsOf(told);
    expect(bytes.length).toBeGreaterThan(8 * 1024 * 1024);
    expect(bytes.length).toBeLessThanOrEqual(16 * 1024 * 1024);
    reader.push(frame({ opcode: 1, reserved: 4, payload: packed('still read') }));
    expect(payloadsOf(told).at(-1)?.toString()).toBe('still read');
  });

  test('many small bombs come to no more than fifty times what was sent, and 64 MiB', () => {
    const bomb = packed(Buffer.alloc(16 * 1024 * 1024));
    const { reader, told } = listen({ masked: false, takeover: false });
    let unpacked = 0;
    const ends: unknown[] = [];
    for (let i = 0; i < 30; i += 1) {
      reader.push(frame({ opcode: 2, reserved: 4, payload: bomb }));
      for (const { parts, end } of told.messages.splice(0)) {
        unpacked += Buffer.concat(parts).length;
        ends.push(end);
      }
    }
    expect([ends[0], ends.at(-1)]).toEqual(['whole', 'cut']);
    expect(unpacked).toBeLessThanOrEqual(64 * 1024 * 1024 + 50 * 30 * bomb.length);
  });

  test('a message that ends its stream a hundred times is none; one that does it twice is read whole', () => {
    const stream = deflateRawSync('again ');
    const two = Buffer.concat([stream, stream, Buffer.of(0)]);
    expect(read(bytesOf([{ opcode: 1, reserved: 4, payload: two }]), rules).payloads).toEqual(['again again ']);
    const payload = Buffer.concat(Array.from({ length: 100 }, () => stream));
    expect(read(bytesOf([{ opcode: 1, reserved: 4, payload }]), rules).broken).toBe('websocket-inflate');
  });

  test('websocket-context-lost: what refers to a message that was cut; what does not is read', () => {
    const large = Array.from({ length: 40_000 }, (_, i) => `${i};`).join('');
    const own = 'on its own';
    const refers = deflateRawSync(large.slice(-200), {
      finishFlush: constants.Z_SYNC_FLUSH,
      dictionary: Buffer.from(large.slice(-30_000) + own),
    }).subarray(0, -4);
    expect(refers.length).toBeLessThan(20);
    const sender = [packed(large), packed(own), refers];
    const told = read(bytesOf(sender.map((payload) => ({ opcode: 1, reserved: 4, payload }))), rules);
    expect(told.payloads.slice(1)).toEqual([own, '']);
    expect(told.messages.map(({ end }) => end)).toEqual(['cut', 'whole', null]);
    expect(told.broken).toBe('websocket-context-lost');
  });
});

describe('what the answer agreed on', () => {
  const none = { kind: 'none' };
  const deflate = (client: boolean, origin: boolean): object => ({ kind: 'deflate', takeover: { client, origin } });
  test.each<[value: string | null, agreed: object]>([
    [null, none],
    ['', none],
    ['permessage-deflate', deflate(true, true)],
    ['permessage-deflate; client_no_context_takeover', deflate(false, true)],
    ['permessage-deflate;server_no_context_takeover ; client_max_window_bits="12"', deflate(true, false)],
    ['Permessage-Deflate; server_max_window_bits=8; client_max_window_bits=15', deflate(true, true)],
    ['permessage-deflate; server_max_window_bits=7', { kind: 'unread', name: 'permessage-deflate;server_max_window_bits=7' }],
    ['permessage-deflate; own=1', { kind: 'unread', name: 'permessage-deflate;own=1' }],
    ['permessage-deflate, permessage-deflate', { kind: 'unread', name: 'permessage-deflate' }],
    ['permessage-deflate, permessage-own', { kind: 'unread', name: 'permessage-own' }],
    ['x-webkit-deflate-frame', { kind: 'unread', name: 'x-webkit-deflate-frame' }],
  ])('%s', (value, agreed) => {
    expect(agreedExtensions(value === null ? [] : [['SEC-WebSocket-Extensions', value]])).toEqual(agreed);
  });
});
