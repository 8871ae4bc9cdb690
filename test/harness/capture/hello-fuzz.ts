import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { helloSniffer, sniffClientHello } from '../../../harness/capture/client-hello.js';
import type { ClientHello, Sniffed } from '../../../harness/capture/client-hello.js';
import { fingerprintOf } from '../../../harness/capture/fingerprint.js';
import { needsRsa, servingFor } from '../../../harness/capture/serving.js';
import { bodyOf, helloMessage, inRecords, piecesOf } from './hello-bytes.js';

/** Types of the extensions that the reader looks into. */
const KNOWN = [0, 10, 11, 13, 16, 43];
const number16 = fc.nat({ max: 0xffff });
const numbers = fc.array(number16, { maxLength: 40 });
const latin1 = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const perhaps = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { freq: 4 });

type Extension = { readonly type: number; readonly body: Buffer };
/** What an extension says and how it is written; null: it is not there. */
const fields = fc.record({
  legacyVersion: number16,
  cipherSuites: numbers,
  sni: perhaps(latin1(1, 60)),
  alpn: perhaps(fc.array(latin1(0, 12), { maxLength: 5 })),
  versions: perhaps(numbers),
  groups: perhaps(numbers),
  pointFormats: perhaps(fc.array(fc.nat({ max: 255 }), { maxLength: 5 })),
  signatureSchemes: perhaps(numbers),
  others: fc.array(
    fc.record({
      type: number16.filter((type) => !KNOWN.includes(type)),
      body: fc.uint8Array({ maxLength: 200 }).map((b) => Buffer.from(b)),
    }),
    { maxLength: 6 },
  ),
  order: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
});
type Fields = typeof fields extends fc.Arbitrary<infer T> ? T : never;

function extensionsOf(given: Fields): readonly Extension[] {
  const known = [
    given.sni === null ? null : bodyOf.sni(given.sni),
    given.groups === null ? null : bodyOf.numbers(given.groups),
    given.pointFormats === null ? null : bodyOf.pointFormats(given.pointFormats),
    given.signatureSchemes === null ? null : bodyOf.numbers(given.signatureSchemes),
    given.alpn === null ? null : bodyOf.alpn(given.alpn),
    given.versions === null ? null : bodyOf.versions(given.versions),
  ].flatMap((body, i) => (body === null ? [] : [{ type: KNOWN[i] ?? 0, body }]));
  const rank = (i: number): number => given.order[i] ?? 0;
  return [...known, ...given.others]
    .map((extension, i) => ({ extension, at: rank(i) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ extension }) => extension);
}

const recordLengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 16_384 })), {
  minLength: 1,
  maxLength: 8,
});
const cuts = fc.array(fc.nat({ max: 4000 }), { maxLength: 30 });

/** What all bytes so far are, after each piece. */
function verdicts(pieces: readonly Buffer[]): readonly Sniffed[] {
  const sniff = helloSniffer();
  return pieces.map((piece) => sniff(piece));
}

/** Whatever came, all that reads a hello must get through it. */
function useHello(sniffed: Sniffed): void {
  if (sniffed.kind !== 'hello') return;
  const { ja3, ja4 } = fingerprintOf(sniffed.hello);
  assert.match(ja3, /^[0-9a-f]{32}$/);
  assert.match(ja4, /^t(?:[0-9a-z]{2})[di]\d{4}[0-9A-Za-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}$/);
  assert.equal(servingFor(sniffed.hello) === 'ec', !needsRsa(sniffed.hello) && servingFor(sniffed.hello) !== 'old');
}

/** The same bytes get the same verdict however they are cut, and a verdict that was given stands. */
function assertSteady(bytes: Buffer, at: readonly number[]): void {
  const whole = sniffClientHello(bytes);
  const seen = verdicts(piecesOf(bytes, at));
  assert.deepEqual(seen.at(-1) ?? { kind: 'more' }, whole);
  const settled = seen.findIndex(({ kind }) => kind !== 'more');
  if (settled >= 0) for (const later of seen.slice(settled)) assert.deepEqual(later, whole);
  useHello(whole);
}

const intact = fc.property(fields, recordLengths, cuts, (given, lengths, at) => {
  const extensions = extensionsOf(given);
  const expected: ClientHello = {
    sni: given.sni,
    alpn: given.alpn ?? [],
    legacyVersion: given.legacyVersion,
    versions: given.versions ?? [],
    cipherSuites: given.cipherSuites,
    extensions: extensions.map(({ type }) => type),
    groups: given.groups ?? [],
    pointFormats: given.pointFormats ?? [],
    signatureSchemes: given.signatureSchemes ?? [],
  };
  const { legacyVersion, cipherSuites } = given;
  const bytes = inRecords(helloMessage({ legacyVersion, cipherSuites, extensions }), lengths);
  assert.deepEqual(sniffClientHello(bytes), { kind: 'hello', hello: expected });
  assert.deepEqual(sniffClientHello(bytes.subarray(0, -1)), { kind: 'more' });
  assertSteady(bytes, at);
});

const edit = fc.record({ at: fc.nat({ max: 4000 }), remove: fc.nat({ max: 3 }), insert: fc.uint8Array({ maxLength: 3 }) });
const damaged = fc.property(
  fields,
  recordLengths,
  fc.record({ edits: fc.array(edit, { minLength: 1, maxLength: 6 }), cuts }),
  (given, lengths, { edits, cuts: at }) => {
    const { legacyVersion, cipherSuites } = given;
    let bytes = inRecords(helloMessage({ legacyVersion, cipherSuites, extensions: extensionsOf(given) }), lengths);
    for (const { at: place, remove, insert } of edits) {
      const from = place % (bytes.length + 1);
      bytes = Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)]);
    }
    assertSteady(bytes, at);
  },
);

/** Few bytes get past the first two by themselves. */
const beginning = fc.constantFrom([], [22], [22, 3], [22, 3, 1, 0, 200, 1, 0, 0, 196], [22, 3, 3, 0, 90, 1, 0, 0, 86, 3, 3]);
const garbage = fc.property(beginning, fc.uint8Array({ maxLength: 400 }), cuts, (start, rest, at) => {
  assertSteady(Buffer.concat([Buffer.from(start), rest]), at);
});

/** What must hold for the ClientHello reader and for all that is made of a hello, each tried on that many cases. They throw when it does not. */
export const HELLO_PROPERTIES = {
  intact: (runs: number): void => fc.assert(intact, { numRuns: runs }),
  damaged: (runs: number): void => fc.assert(damaged, { numRuns: runs }),
  garbage: (runs: number): void => fc.assert(garbage, { numRuns: runs }),
} as const;
