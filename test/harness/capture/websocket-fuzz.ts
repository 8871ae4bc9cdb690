import assert from 'node:assert/strict';
import { constants, deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { piecesOf } from './hello-bytes.js';
import { closing, frame, listen } from './websocket-frames.js';
import type { FrameSpec } from './websocket-frames.js';

type Rules = Parameters<typeof listen>[0];

const bytes = (maxLength: number): fc.Arbitrary<Buffer> => fc.uint8Array({ maxLength }).map((b) => Buffer.from(b));
/** Texts that repeat, so that packing them refers back. */
const wordy = fc
  .array(fc.constantFrom('imei', '"phone":"', '联系人', 'aaaa', '0', '{', ' '), { maxLength: 60 })
  .map((w) => Buffer.from(w.join('')));
const cuts = fc.array(fc.nat({ max: 3000 }), { maxLength: 30 });
const mask = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((b) => Buffer.from(b));

/** A message as it is to be written. */
const message = fc.record({
  opcode: fc.constantFrom(1, 2),
  payload: fc.oneof({ weight: 3, arbitrary: wordy }, { weight: 1, arbitrary: bytes(400) }),
  packed: fc.boolean(),
  fragments: fc.array(fc.nat({ max: 400 }), { maxLength: 4 }),
  /** A control frame behind the first fragment. */
  between: fc.option(fc.record({ opcode: fc.constantFrom(9, 10), payload: bytes(125) })),
  lengthBytes: fc.option(fc.constantFrom(2 as const, 8 as const), { freq: 4 }),
});
const said = fc.record({
  masked: fc.boolean(),
  /** Null: no compression was agreed on. */
  takeover: fc.option(fc.boolean(), { freq: 3 }),
  mask,
  messages: fc.array(message, { maxLength: 5 }),
  close: fc.option(fc.record({ code: fc.integer({ min: 1000, max: 4999 }), reason: fc.constantFrom('', 'done', '再见') })),
});
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;

/** The frames of all that is said, as a sender writes them. */
function framesOf({ masked, takeover, mask: key, messages, close }: Said): Buffer {
  const common = masked ? { mask: key } : {};
  let window = Buffer.alloc(0);
  const out = messages.flatMap(({ opcode, payload, packed, fragments, between, lengthBytes }) => {
    const isPacked = packed && takeover !== null;
    const dictionary = takeover === true && window.length > 0 ? { dictionary: window } : {};
    const data = isPacked ? deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH, ...dictionary }).subarray(0, -4) : payload;
    if (isPacked) window = Buffer.concat([window, payload]).subarray(-32_768);
    const parts = piecesOf(data, fragments);
    const frames: FrameSpec[] = parts.map((part, i) => ({
      opcode: i === 0 ? opcode : 0,
      reserved: isPacked && i === 0 ? 4 : 0,
      fin: i === parts.length - 1,
      payload: part,
      ...(lengthBytes === null ? {} : { lengthBytes }),
      ...common,
    }));
    return between === null ? frames : [...frames.slice(0, 1), { ...between, ...common }, ...frames.slice(1)];
  });
  const end: readonly FrameSpec[] = close === null ? [] : [{ opcode: 8, payload: closing(close.code, close.reason), ...common }];
  return Buffer.concat([...out, ...end].map((each) => frame(each)));
}

/** What a reader tells of these pieces, which it must not change. */
function tell(pieces: readonly Buffer[], rules: Rules): object {
  const { reader, told } = listen(rules);
  for (const piece of pieces) {
    // A socket's buffer of its own: what was told must not lie in it.
    const chunk = Buffer.from(piece);
    reader.push(chunk);
    assert.ok(chunk.equals(piece), 'the forwarded bytes were changed');
    chunk.fill(0xaa);
  }
  const { half } = reader;
  reader.stop();
  const messages = told.messages.map(({ parts, ...rest }) => ({ ...rest, payload: Buffer.concat(parts).toString('latin1') }));
  for (const { payload } of messages) assert.ok(payload.length <= (rules?.limitBytes ?? Infinity), 'more was told than the limit');
  assert.ok(
    messages.slice(0, -1).every(({ end }) => end !== null),
    'a message began inside another',
  );
  assert.ok(!half || told.broken === null);
  return { messages, closes: told.closes, broken: told.broken, half };
}

/** The same bytes are read the same however they are cut. */
function assertSteady(all: Buffer, at: readonly number[], rules: Rules): object {
  const whole = tell([all], rules);
  assert.deepEqual(tell(piecesOf(all, at), rules), whole);
  return whole;
}

const rulesOf = ({ masked, takeover }: Pick<Said, 'masked' | 'takeover'>): Exclude<Rules, undefined> => ({
  masked,
  ...(takeover === null ? {} : { takeover }),
});

const intact = fc.property(said, cuts, (given, at) => {
  const { messages, takeover, close } = given;
  assert.deepEqual(assertSteady(framesOf(given), at, rulesOf(given)), {
    messages: messages.map(({ opcode, payload, packed }) => ({
      opcode: opcode === 1 ? 'text' : 'binary',
      compressed: packed && takeover !== null,
      end: 'whole',
      payload: payload.toString('latin1'),
    })),
    closes: close === null ? [] : [[close.code, close.reason]],
    broken: null,
    half: false,
  });
});

const edit = fc.record({ at: fc.nat({ max: 3000 }), remove: fc.nat({ max: 3 }), insert: fc.uint8Array({ maxLength: 3 }) });
const damage = fc.record({
  edits: fc.array(edit, { minLength: 1, maxLength: 6 }),
  cuts,
  limitBytes: fc.constantFrom(1, 50, 2000, 1_000_000),
});
const damaged = fc.property(said, damage, (given, { edits, cuts: at, limitBytes }) => {
  let all = framesOf(given);
  for (const { at: place, remove, insert } of edits) {
    const from = place % (all.length + 1);
    all = Buffer.concat([all.subarray(0, from), insert, all.subarray(from + remove)]);
  }
  assertSteady(all, at, { ...rulesOf(given), limitBytes });
});

/** A header that lets the rest through as payload; bytes by themselves seldom get past the first. */
const beginning = fc.constantFrom(
  [],
  [0x82, 0x7e, 1, 0],
  [0xc1, 0x7e, 1, 0],
  [0x41, 40],
  [0xc2, 0xff, 0, 0, 0, 0, 0, 0, 1, 0],
  [0x81, 0xfe, 0, 200],
  [0x88, 2],
);
const garbage = fc.property(
  fc.record({ masked: fc.boolean(), takeover: fc.option(fc.boolean()) }),
  fc.tuple(beginning, bytes(500)),
  cuts,
  (given, [start, rest], at) => {
    assertSteady(Buffer.concat([Buffer.from(start), rest]), at, { ...rulesOf(given), limitBytes: 4096 });
  },
);

/** What must hold for the reader of WebSocket frames, each tried on that many cases. They throw when it does not. */
export const WEBSOCKET_PROPERTIES = {
  intact: (runs: number): void => fc.assert(intact, { numRuns: runs }),
  damaged: (runs: number): void => fc.assert(damaged, { numRuns: runs }),
  garbage: (runs: number): void => fc.assert(garbage, { numRuns: runs }),
} as const;
