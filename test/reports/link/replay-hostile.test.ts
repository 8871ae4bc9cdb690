import { readFileSync } from 'node:fs';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Certificate, Encoding } from '../../../harness/model/finding.js';
import { createReplay } from '../../../reports/link/replay.js';
import { bytes, hexes, inPieces, made, sha, show, zstd } from './replay-made.js';
import { IMEI, PHONE, PLACE } from './story.js';

const i = IMEI.text;

describe('a certificate that means ill', () => {
  const good = made(['raw', IMEI, i], []).certificate;
  const layer = { start: 0, end: 4, sha256: '0'.repeat(64) };
  const wild: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['text', 'x'],
    ['no layers', { ...good, layers: undefined }],
    ['layers that are text', { ...good, layers: 'abc' }],
    ['no range', { ...good, at: undefined }],
    ...[-1, 0.5, Number.NaN, 1e300, '2', null].map((start) => [`at ${start}`, { ...good, at: { ...good.at, start } }] as const),
    ...[
      'toString',
      '__proto__',
      'constructor',
      'pair-toString-5',
      'pair-f128le-5',
      'masked-999-999',
      'masked-0-0',
      'geohash-99',
      '',
      7,
      null,
      ['raw'],
    ].map((form) => [`form ${form}`, { ...good, form }] as const),
    ...['toString', '__proto__', 'shake256', 'RSA-SHA1', '', null, 7].map(
      (op) => [`op ${op}`, { ...good, layers: [{ ...layer, encoding: { op } }] }] as const,
    ),
    ['no encoding', { ...good, layers: [layer] }],
    [
      'a salt that is huge',
      { ...good, layers: [{ ...layer, encoding: { op: 'salted', digest: 'md5', before: { length: 1e12 }, after: [] } }] },
    ],
    [
      'a digest of nothing known',
      { ...good, layers: [{ ...layer, encoding: { op: 'digest-of-digest', outer: 'toString', inner: 'md5', as: 'toString' } }] },
    ],
    ['an HMAC of CRC-32', { ...good, layers: [{ ...layer, encoding: { op: 'hmac', digest: 'crc32', key: {} } }] }],
    ['many layers', { ...good, layers: Array.from({ length: 100_000 }, () => ({ ...layer, encoding: { op: 'percent' } })) }],
    ['pieces that are none', { ...good, layers: [{ ...layer, encoding: { op: 'joined', pieces: 7 } }] }],
    ['no pieces', { ...good, layers: [{ ...layer, encoding: { op: 'joined', pieces: [] } }] }],
    ['a call from nowhere', { ...good, layers: [{ ...layer, encoding: { op: 'derived', derivation: 'toString', from: -1 } }] }],
  ];
  test.each(wild)('%s is refused, never thrown', (_title, certificate) => {
    const { part } = made(['raw', IMEI, i], []);
    expect(show({ part, value: IMEI, certificate: certificate as Certificate })).toEqual({ ok: false, why: expect.any(String) });
  });

  test('joined inside joined, or behind another layer, is refused', () => {
    const it = inPieces();
    const [joined] = it.certificate.layers;
    if (joined?.encoding.op !== 'joined') throw new Error('not joined');
    const pieces = joined.encoding.pieces.map((piece) => ({ ...piece, layers: [joined] }));
    expect(show({ ...it, certificate: { ...it.certificate, layers: [{ ...joined, encoding: { op: 'joined', pieces } }] } }).ok).toBe(false);
    const first = { encoding: { op: 'percent' }, start: 0, end: it.part.length, sha256: sha(it.part) } as const;
    expect(show({ ...it, certificate: { ...it.certificate, layers: [first, joined] } }).ok).toBe(false);
  });

  test('pieces without end cost no more than so many bytes', () => {
    const big = Buffer.alloc(4 * 1024 * 1024, 'a');
    const layers = [{ encoding: { op: 'percent' }, start: 0, end: big.length, sha256: sha(big) }] as const;
    const it = inPieces();
    const piece = { flow: 'e1', part: 'body', sourceSha256: sha(big), layers, at: { start: 0, end: 1 } } as const;
    const last = { ...piece, flow: 'e2', sourceSha256: sha(it.part), layers: [] };
    const pieces = Array.from({ length: 4000 }, (_, n) => ({ ...piece, flow: `e${n + 10}` as const, at: { start: 0, end: 3 } }));
    const encoding = { op: 'joined' as const, pieces: [...pieces, last] };
    const certificate = { ...it.certificate, layers: [{ encoding, start: 0, end: it.part.length, sha256: sha(big) }] };
    const others = { 'e2 body': it.part };
    const { part, value: phone } = it;
    const fresh = (flow: string): Uint8Array => (flow === 'e2' ? others['e2 body'] : Buffer.from(big));
    const shown = createReplay()(certificate, { part, value: phone, name: null, derivation: () => null, partOf: fresh });
    expect(shown).toEqual({ ok: false, why: 'it would take too much work' });
  });

  test('a shifted pair that agrees to fewer decimals than it says', () => {
    expect(show(made(['pair-gcj02-6', PLACE, '38.730867,81.595437'], []))).toEqual({ ok: true });
    expect(show(made(['pair-gcj02-6', PLACE, '38.730871,81.595437'], []))).toMatchObject({ ok: false });
    expect(show(made(['pair-bd09-5', PLACE, '81.60183,38.73709'], []))).toMatchObject({ ok: false });
  });

  test('digits from anywhere', () => {
    const part = bytes('1;4;0;8;2;7;3;6;9;5;1');
    const at = (start: number, end: number): object => ({
      flow: 'e2',
      part: 'body',
      sourceSha256: sha(part),
      layers: [],
      at: { start, end },
    });
    const of = (pieces: readonly object[], from: Uint8Array): Certificate =>
      ({
        value: PHONE.id,
        form: 'raw',
        sourceSha256: sha(from),
        layers: [{ encoding: { op: 'joined', pieces }, start: 0, end: from.length, sha256: sha(bytes(PHONE.text)) }],
        at: { start: 0, end: 11 },
      }) as Certificate;
    const eleven = Array.from({ length: 11 }, (_, n) => at(2 * n, 2 * n + 1));
    expect(show({ part, value: PHONE, others: { 'e2 body': part }, certificate: of(eleven, part) })).toMatchObject({
      ok: false,
      why: 'too many pieces of one request',
    });
    const flows = eleven.map((piece, n) => ({ ...piece, flow: `e${n + 2}` }));
    const others = Object.fromEntries(flows.map(({ flow }) => [`${flow} body`, part]));
    expect(show({ part, value: PHONE, others, certificate: of(flows, part) })).toMatchObject({
      ok: false,
      why: 'a piece is too short to tell',
    });
  });

  const zeros = Buffer.alloc(64 * 1024 * 1024);
  /** Zstd frames (RFC 8878): a window of 1 GiB; a content size of 4 GiB; blocks that repeat one byte 2 MiB times; blocks without end. */
  const repeated = Buffer.concat(Array.from({ length: 40 }, () => hexes('0200ff 00')));
  const bombs: readonly (readonly [string, Encoding['op'], Buffer])[] = [
    ['gzip', 'gzip', gzipSync(zeros)],
    ['zlib', 'deflate', deflateSync(zeros)],
    ['raw deflate', 'deflate', deflateRawSync(zeros)],
    ['brotli', 'brotli', brotliCompressSync(zeros)],
    ['a wide window', 'zstd', Buffer.concat([hexes('28b52ffd 00 a0'), hexes('090000 61')])],
    ['a wide content', 'zstd', Buffer.concat([hexes('28b52ffd e0 0000000001000000'), hexes('090000 61')])],
    ['a second frame', 'zstd', Buffer.concat([zstd(bytes('abc')), hexes('28b52ffd 00 a0 090000 61')])],
    ['repeats', 'zstd', Buffer.concat([hexes('28b52ffd 00 58'), repeated])],
    ['blocks', 'zstd', Buffer.concat([hexes('28b52ffd 00 70'), Buffer.alloc(400_000, hexes('080000 61'))])],
  ];
  test.each(bombs)('%s that unpacks to more than 32 MiB', (_title, op, part) => {
    const layers = [{ encoding: { op } as Encoding, start: 0, end: part.length, sha256: sha(zeros) }];
    const certificate = { value: IMEI.id, form: 'raw', sourceSha256: sha(part), layers, at: { start: 0, end: 15 } };
    expect(show({ part, value: IMEI, certificate }).ok).toBe(false);
  });

  test('escapes by the million are undone', () => {
    const text = bytes('\\u0041'.repeat(4_000_000));
    const part = Buffer.concat([bytes(`${i},`), text]);
    const undone = bytes(`${i},${'A'.repeat(4_000_000)}`);
    const layers = [{ encoding: { op: 'json' as const }, start: 0, end: part.length, sha256: sha(undone) }];
    const certificate = { value: IMEI.id, form: 'raw', sourceSha256: sha(part), layers, at: { start: 0, end: 15 } };
    expect(show({ part, value: IMEI, certificate })).toEqual({ ok: true });
  });
});

test('the verifier is short, and shares nothing with the linker', () => {
  const files = ['replay.ts', 'replay-forms.ts', 'replay-layers.ts'];
  const sources = files.map((file) => readFileSync(`reports/link/${file}`, 'utf8'));
  // Blank lines and comments counted, like `wc -l`.
  expect(sources.join('').split('\n').length - 1).toBeLessThanOrEqual(366);
  const imports = sources.flatMap((source) => [...source.matchAll(/^import (type )?.* from '(.*)';$/gm)]);
  for (const [line, type, from = ''] of imports) {
    const own = files.map((file) => `./${file.replace('.ts', '.js')}`).includes(from);
    expect(
      own || from === 'fzstd' || from.startsWith('node:') || (type !== undefined && from.startsWith('../../harness/model/')),
      line,
    ).toBe(true);
  }
  expect(sources.join('').match(/\bimport\b/g)).toHaveLength(imports.length);
});
