import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { FrameReader } from '../../../harness/capture/http2-reader.js';
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  HEADERS,
  PADDED,
  PREFACE,
  PRIORITY,
  RST_STREAM,
} from './http2-frames.js';
import { Encoder } from './http2-encoder.js';
import type { Way } from './http2-encoder.js';

type Side = 'client' | 'origin';
type Told = (readonly unknown[])[];

/** What the reader tells of some pieces; bytes that belong together are joined. */
function toldOf(side: Side, pieces: readonly Buffer[]): Told {
  const told: Told = [];
  const join = (kind: string, stream: number, bytes: Buffer): void => {
    const last = told.at(-1);
    const text = bytes.toString('latin1');
    if (last?.[0] === kind && last[1] === stream) told[told.length - 1] = [kind, stream, `${String(last[2])}${text}`];
    else told.push([kind, stream, text]);
  };
  const reader = new FrameReader(side, {
    head: (stream, raw, ends) => told.push(['head', stream, [...raw], ends]),
    data: (stream, bytes) => join('data', stream, bytes),
    dataEnd: (stream) => told.push(['dataEnd', stream]),
    promise: (stream) => told.push(['promise', stream]),
    reset: (stream, code) => told.push(['reset', stream, code]),
    goaway: (last, code) => told.push(['goaway', last, code]),
    framed: () => {},
    control: ({ type }) => told.push(['control', type]),
    raw: (bytes) => join('raw', -1, bytes),
    broken: (why) => told.push(['broken', why]),
  });
  for (const piece of pieces) reader.push(piece);
  return told;
}

function piecesOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted((a, b) => a - b);
  return at.slice(1).map((to, n) => bytes.subarray(at[n], to));
}

/** However the bytes are cut, the same is told, and what could not be read is told to the last byte. */
function assertSteady(side: Side, bytes: Buffer, cuts: readonly number[]): Told {
  const told = toldOf(side, [bytes]);
  assert.deepEqual(toldOf(side, piecesOf(bytes, cuts)), told);
  const raw = told.find(([kind]) => kind === 'raw');
  if (raw !== undefined) assert.ok(bytes.toString('latin1').endsWith(String(raw[2])));
  return told;
}

const latin1 = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const stream = fc.nat({ max: 9 }).map((n) => n * 2 + 1);
const name = fc.oneof(fc.constantFrom(':path', ':status', 'cookie', 'set-cookie', 'x-app-sign'), latin1(12));
const way: fc.Arbitrary<Way> = fc.constantFrom('plain', 'never', 'indexed', 'indexed', 'indexed');
const field = fc.record({ name, value: fc.oneof(fc.constantFrom('/', '200', ''), latin1(80)), way, again: fc.boolean() });
const padding = fc.option(fc.nat({ max: 20 }), { freq: 3 });
const part = fc.oneof(
  fc.record({
    kind: fc.constant('head' as const),
    stream,
    fields: fc.array(field, { maxLength: 8 }),
    ends: fc.boolean(),
    cuts: fc.array(fc.nat({ max: 300 }), { maxLength: 4 }),
    padding,
    priority: fc.boolean(),
    limit: fc.option(fc.nat({ max: 4096 }), { freq: 8 }),
  }),
  fc.record({ kind: fc.constant('data' as const), stream, body: latin1(300), ends: fc.boolean(), padding }),
  fc.record({ kind: fc.constant('reset' as const), stream, code: fc.nat() }),
  fc.record({ kind: fc.constant('goaway' as const), stream, code: fc.nat(), debug: latin1(20) }),
  fc.record({ kind: fc.constant('other' as const), stream, type: fc.constantFrom(2, 4, 6, 8, 0xbe), body: latin1(20) }),
);
type Part = typeof part extends fc.Arbitrary<infer T> ? T : never;
const said = fc.record({ side: fc.constantFrom<Side>('client', 'origin'), parts: fc.array(part, { minLength: 1, maxLength: 10 }) });
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;

const padded = (body: Buffer, by: number | null): Buffer =>
  by === null ? body : Buffer.concat([Buffer.from([by]), body, Buffer.alloc(by)]);
const flag = (set: boolean, value: number): number => (set ? value : 0);
const four = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
};

/** One part as frames, and what is to be told of it. */
function written(encoder: Encoder, each: Part): { readonly bytes: Buffer; readonly told: Told } {
  switch (each.kind) {
    case 'head': {
      const block = encoder.block(each.fields, each.limit);
      const pieces = piecesOf(block, each.cuts);
      const first = Buffer.concat([each.priority ? Buffer.alloc(5) : Buffer.alloc(0), pieces[0] ?? Buffer.alloc(0)]);
      const flags = flag(each.ends, END_STREAM) | flag(each.padding !== null, PADDED) | flag(each.priority, PRIORITY);
      const more = pieces.slice(1);
      const frames = [
        frame(HEADERS, flags | flag(more.length === 0, END_HEADERS), each.stream, padded(first, each.padding)),
        ...more.map((piece, at) => frame(CONTINUATION, flag(at === more.length - 1, END_HEADERS), each.stream, piece)),
      ];
      const raw = each.fields.flatMap((one) => [one.name, one.value]);
      return { bytes: Buffer.concat(frames), told: [['head', each.stream, raw, each.ends]] };
    }
    case 'data': {
      const body = Buffer.from(each.body, 'latin1');
      const flags = flag(each.ends, END_STREAM) | flag(each.padding !== null, PADDED);
      return {
        bytes: frame(DATA, flags, each.stream, padded(body, each.padding)),
        told: [...(each.body === '' ? [] : [['data', each.stream, each.body]]), ...(each.ends ? [['dataEnd', each.stream]] : [])],
      };
    }
    case 'reset':
      return { bytes: frame(RST_STREAM, 0, each.stream, four(each.code)), told: [['reset', each.stream, each.code]] };
    case 'goaway':
      return {
        bytes: frame(GOAWAY, 0, 0, Buffer.concat([four(each.stream), four(each.code), Buffer.from(each.debug, 'latin1')])),
        told: [['goaway', each.stream, each.code]],
      };
    case 'other':
      return { bytes: frame(each.type, 0, each.stream, Buffer.from(each.body, 'latin1')), told: [['control', each.type]] };
  }
}

function allOf({ side, parts }: Said): { readonly bytes: Buffer; readonly told: Told } {
  const encoder = new Encoder();
  const all = parts.map((each) => written(encoder, each));
  const bytes = Buffer.concat([side === 'client' ? PREFACE : Buffer.alloc(0), ...all.map((each) => each.bytes)]);
  const told: Told = [];
  for (const each of all.flatMap((one) => one.told)) {
    const last = told.at(-1);
    if (each[0] === 'data' && last?.[0] === 'data' && last[1] === each[1])
      told[told.length - 1] = ['data', each[1], `${String(last[2])}${String(each[2])}`];
    else told.push(each);
  }
  return { bytes, told };
}

const cuts = fc.array(fc.nat({ max: 4000 }), { maxLength: 30 });
const intact = fc.property(said, cuts, (given, at) => {
  const { bytes, told } = allOf(given);
  assert.deepEqual(assertSteady(given.side, bytes, at), told);
});

const edit = fc.record({ at: fc.nat({ max: 4000 }), remove: fc.nat({ max: 3 }), insert: fc.uint8Array({ maxLength: 3 }) });
const damage = fc.record({ edits: fc.array(edit, { minLength: 1, maxLength: 6 }), cuts });
const damaged = fc.property(said, damage, (given, { edits, cuts: at }) => {
  let { bytes } = allOf(given);
  for (const { at: place, remove, insert } of edits) {
    const from = place % (bytes.length + 1);
    bytes = Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)]);
  }
  assertSteady(given.side, bytes, at);
});

/** Frames with any payload lead the reader deeper than bytes by themselves. */
const anyFrame = fc
  .tuple(fc.nat({ max: 10 }), fc.nat({ max: 255 }), fc.nat({ max: 5 }), fc.uint8Array({ maxLength: 60 }))
  .map(([type, flags, id, payload]) => frame(type, flags, id, Buffer.from(payload)));
const anyBytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const garbage = fc.property(
  fc.constantFrom<Side>('client', 'origin'),
  fc.array(fc.oneof(anyFrame, anyFrame, fc.constant(PREFACE), anyBytes), { maxLength: 14 }),
  cuts,
  (side, words, at) => void assertSteady(side, Buffer.concat(words), at),
);

/** What must hold for the reader of HTTP/2, each tried on that many cases. They throw when it does not. */
export const HTTP2_PROPERTIES = {
  intact: (runs: number): void => fc.assert(intact, { numRuns: runs }),
  damaged: (runs: number): void => fc.assert(damaged, { numRuns: runs }),
  garbage: (runs: number): void => fc.assert(garbage, { numRuns: runs }),
} as const;
