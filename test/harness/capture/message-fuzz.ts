import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Framing, Head } from '../../../harness/capture/http1.js';
import { parseRequestLine, parseStatusLine, requestFraming, responseFraming } from '../../../harness/capture/http1.js';
import { MessageReader } from '../../../harness/capture/message-reader.js';
import { piecesOf } from './hello-bytes.js';

type Side = 'request' | 'response';
/** What a reader told, in its order; bytes that were told in pieces are one entry. */
type Told = (readonly [what: string, text: string])[];

/** How a relay reads a head of that side. */
function framingOf(side: Side, head: Head): Framing | 'raw' {
  if (side === 'request') {
    parseRequestLine(head.start);
    return requestFraming(head);
  }
  const { status } = parseStatusLine(head.start);
  return status === 101 ? 'raw' : responseFraming('GET', status, head);
}

function listen(side: Side): { readonly reader: MessageReader; readonly told: Told } {
  const told: Told = [];
  const bytes = (what: string, part: Buffer): void => {
    const last = told.at(-1);
    const text = part.toString('latin1');
    if (last?.[0] === what) told[told.length - 1] = [what, last[1] + text];
    else if (text !== '') told.push([what, text]);
  };
  const reader = new MessageReader({
    begin: () => void told.push(['begin', '']),
    head: (head) => {
      const framing = framingOf(side, head);
      told.push(['head', JSON.stringify([head.start, head.headers])]);
      return framing;
    },
    payload: (part) => bytes('payload', part),
    trailers: (fields) => void told.push(['trailers', JSON.stringify(fields)]),
    end: () => void told.push(['end', '']),
    raw: (part) => bytes('raw', part),
    broken: (why) => void told.push(['broken', why]),
  });
  return { reader, told };
}

/** Reads pieces that lie in buffers which are used again; `one`: message by message, as a relay of one exchange does. */
function tell(side: Side, pieces: readonly Buffer[], one: boolean): Told {
  const { reader, told } = listen(side);
  for (const piece of pieces) {
    const chunk = Buffer.from(piece);
    for (let at = 0; at < chunk.length; at += one && !reader.raw ? reader.at : chunk.length) {
      reader.push(chunk.subarray(at), one);
      assert.ok(reader.raw || (reader.at > 0 && reader.at <= chunk.length - at), 'no progress');
    }
    assert.ok(chunk.equals(piece), 'the forwarded bytes were changed');
    chunk.fill(0xaa);
  }
  reader.eof();
  return told;
}

/** The same bytes read the same however they are cut, and once they are raw none of them is lost. */
function assertSteady(side: Side, all: Buffer, at: readonly number[]): Told {
  const whole = tell(side, [all], false);
  assert.deepEqual(tell(side, piecesOf(all, at), false), whole);
  assert.deepEqual(tell(side, piecesOf(all, at), true), whole);
  const raw = whole.filter(([what]) => what === 'raw');
  assert.ok(raw.length <= 1 && all.toString('latin1').endsWith(raw[0]?.[1] ?? ''), 'raw bytes were lost or made');
  const broken = whole.findIndex(([what]) => what === 'broken');
  assert.ok(broken < 0 || whole.slice(broken + 1).every(([what]) => what === 'raw'), 'read on behind what is no message');
  assertAllRaw(side, all, at);
  return whole;
}

/** Bytes are raw from any moment on: with what was told of whole heads before, they are all that came. */
function assertAllRaw(side: Side, all: Buffer, at: readonly number[]): void {
  const { reader, told } = listen(side);
  const pieces = piecesOf(all, at);
  const turn = Math.floor(pieces.length / 2);
  pieces.slice(0, turn).forEach((piece) => reader.push(piece, false));
  reader.goRaw();
  pieces.slice(turn).forEach((piece) => reader.push(piece, false));
  const raw = told.at(-1)?.[0] === 'raw' ? (told.at(-1)?.[1] ?? '') : '';
  const later = pieces.slice(turn).reduce((n, piece) => n + piece.length, 0);
  assert.ok(raw.length >= later && all.toString('latin1').endsWith(raw), 'bytes behind the turn were lost or made');
}

const latin1 = (maxLength: number): fc.Arbitrary<string> => fc.uint8Array({ maxLength }).map((b) => Buffer.from(b).toString('latin1'));
const name = fc.constantFrom('A', 'X-Sign', 'x-lower', 'Cookie', 'Content-Type');
const value = fc.constantFrom('', 'b', 'text/plain; charset="gbk"', '\xe8\xb4\xb7', 'a: b, c', 'x'.repeat(300));
const fields = fc.array(fc.tuple(name, value), { maxLength: 5 });
type Field = readonly [string, string];

const body = fc.oneof(
  fc.record({ kind: fc.constant('none' as const) }),
  fc.record({ kind: fc.constant('length' as const), payload: latin1(120) }),
  fc.record({
    kind: fc.constant('chunked' as const),
    chunks: fc.array(latin1(60), { maxLength: 4 }).map((chunks) => chunks.filter((chunk) => chunk !== '')),
    extension: fc.constantFrom('', ';x=1', ' ; a="b\t"'),
    trailers: fields,
  }),
);
const message = fc.record({ fields, body, eol: fc.constantFrom('\r\n', '\n'), before: fc.constantFrom('', '\r\n', '\n\r\n') });
type Message = typeof message extends fc.Arbitrary<infer T> ? T : never;
const said = fc.record({
  side: fc.constantFrom<Side>('request', 'response'),
  messages: fc.array(message, { maxLength: 4 }),
  /** How answers go on: not at all, as another protocol, or as a body that runs until the end. */
  last: fc.constantFrom('none', 'switch', 'until-close'),
  rest: latin1(80),
});
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;

const START = { request: 'POST /up?a=b HTTP/1.1', response: 'HTTP/1.1 200 OK' };

/** A message as it is written, and what must be told of it. */
function written(side: Side, { fields: others, body: of, eol, before }: Message): { readonly text: string; readonly told: Told } {
  const framing: readonly Field[] =
    of.kind === 'chunked'
      ? [['Transfer-Encoding', 'chunked']]
      : of.kind === 'length' || side === 'response'
        ? [['Content-Length', String(of.kind === 'length' ? of.payload.length : 0)]]
        : [];
  const headers = [...others, ...framing];
  const lines = (list: readonly Field[]): string => list.map(([n, v]) => `${n}: ${v}${eol}`).join('');
  const head = `${START[side]}${eol}${lines(headers)}${eol}`;
  const payload = of.kind === 'chunked' ? of.chunks.join('') : of.kind === 'length' ? of.payload : '';
  const trailers = of.kind === 'chunked' ? of.trailers : [];
  const coded =
    of.kind === 'chunked'
      ? `${of.chunks.map((chunk) => `${chunk.length.toString(16)}${of.extension}${eol}${chunk}${eol}`).join('')}0${eol}${lines(trailers)}${eol}`
      : payload;
  const told: Told = [
    ['begin', ''],
    ['head', JSON.stringify([START[side], headers])],
  ];
  if (payload !== '') told.push(['payload', payload]);
  if (trailers.length > 0) told.push(['trailers', JSON.stringify(trailers)]);
  told.push(['end', '']);
  return { text: `${before}${head}${coded}`, told };
}

/** All messages and what comes behind them. */
function allOf({ side, messages, last, rest }: Said): { readonly bytes: Buffer; readonly told: Told } {
  const all = messages.map((each) => written(side, each));
  const told: Told = all.flatMap((each) => each.told);
  let text = all.map((each) => each.text).join('');
  if (side === 'response' && last !== 'none') {
    const start = last === 'switch' ? 'HTTP/1.1 101 Switching Protocols' : 'HTTP/1.0 200 OK';
    text += `${start}\r\n\r\n${rest}`;
    told.push(['begin', ''], ['head', JSON.stringify([start, []])]);
    if (rest !== '') told.push([last === 'switch' ? 'raw' : 'payload', rest]);
    if (last !== 'switch') told.push(['end', '']);
  }
  return { bytes: Buffer.from(text, 'latin1'), told };
}

const cuts = fc.array(fc.nat({ max: 4000 }), { maxLength: 30 });

const intact = fc.property(said, cuts, (given, at) => {
  const { bytes, told } = allOf(given);
  assert.deepEqual(assertSteady(given.side, bytes, at), told);
});

const edit = fc.record({ at: fc.nat({ max: 4000 }), remove: fc.nat({ max: 3 }), insert: fc.uint8Array({ maxLength: 3 }) });
const damaged = fc.property(
  said,
  fc.record({ edits: fc.array(edit, { minLength: 1, maxLength: 6 }), cuts }),
  (given, { edits, cuts: at }) => {
    let { bytes } = allOf(given);
    for (const { at: place, remove, insert } of edits) {
      const from = place % (bytes.length + 1);
      bytes = Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)]);
    }
    assertSteady(given.side, bytes, at);
  },
);

/** Words that lead the reader deep; bytes by themselves seldom get past the first line. */
const word = fc.oneof(
  fc.constantFrom('GET / HTTP/1.1\r\n', 'HTTP/1.1 101 X\r\n', 'HTTP/1.1 204 \r\n', 'HTTP/1.1 200 OK\r\n', '\r\n', '\n', '\r', ' ', '\0'),
  fc.constantFrom('Content-Length: 5\r\n', 'Content-Length: 5, 6\r\n', 'Content-Length: -1\r\n', 'Content-Length: 999999999999999\r\n'),
  fc.constantFrom(
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: gzip\r\n',
    '5\r\nabcde\r\n',
    '0\r\n\r\n',
    'ffffffffffff\r\n',
    'g\r\n',
  ),
  latin1(8),
);
const garbage = fc.property(fc.constantFrom<Side>('request', 'response'), fc.array(word, { maxLength: 14 }), cuts, (side, words, at) => {
  assertSteady(side, Buffer.from(words.join(''), 'latin1'), at);
});

/** What must hold for the reader of HTTP/1 messages, each tried on that many cases. They throw when it does not. */
export const MESSAGE_PROPERTIES = {
  intact: (runs: number): void => fc.assert(intact, { numRuns: runs }),
  damaged: (runs: number): void => fc.assert(damaged, { numRuns: runs }),
  garbage: (runs: number): void => fc.assert(garbage, { numRuns: runs }),
} as const;
