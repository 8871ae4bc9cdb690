import { describe, expect, test } from 'vitest';
import type { ManifestValue } from '../../../harness/model/values.js';
import { coordinates } from '../../../reports/link/coordinates.js';
import { toBd09, toGcj02 } from '../../../reports/link/datum-shift.js';
import { geohashes } from '../../../reports/link/geohash.js';
import { createKernel } from '../../../reports/link/kernel.js';
import type { Layer } from '../../../reports/link/layer.js';
import type { Match } from '../../../reports/link/matcher.js';
import { shows } from '../../../reports/link/replay-forms.js';
import { PLACE, Story, value } from './story.js';

const LAT = 38.7310459;
const LON = 81.5928317;
const GCJ = toGcj02({ lat: LAT, lon: LON });
const BD = toBd09(GCJ);

interface Seen {
  readonly match: Match;
  readonly bytes: Uint8Array;
}

/** What both matchers say of bytes. */
function see(bytes: Uint8Array | string, values: readonly ManifestValue[] = [PLACE]): readonly Seen[] {
  const buffer = Uint8Array.from(Buffer.from(bytes));
  const layer: Layer = { bytes: buffer, above: null, step: null, depth: 0, source: { kind: 'part', flow: 'e1', part: 'body' } };
  const seen: Seen[] = [];
  for (const make of [coordinates, geohashes]) {
    const kernel = createKernel(0);
    const matching = make(values, kernel)?.begin((match, _layer, { start, end }) => {
      if (match.kind === 'matched') seen.push({ match, bytes: buffer.subarray(start, end) });
    });
    matching?.look(layer, kernel.glance(kernel.put(buffer), buffer.length));
    matching?.end();
  }
  return seen;
}
const told = (bytes: Uint8Array | string): string =>
  see(bytes)
    .map(({ match }) => `${match.form} ${match.cap ?? 'any'}`)
    .join(', ');

const cut = (n: number, places: number): string => {
  const text = n.toFixed(12);
  return text.slice(0, text.indexOf('.') + 1 + places);
};

describe('datums', () => {
  // Ours against figures that public implementations give for Tiananmen: 39.90734, 116.39098 in WGS-84.
  test('a point in Beijing is moved as public implementations move it', () => {
    const gcj = toGcj02({ lat: 39.915, lon: 116.404 });
    expect(gcj.lat).toBeCloseTo(39.91640428150164, 9);
    expect(gcj.lon).toBeCloseTo(116.41024449916938, 9);
    const bd = toBd09({ lat: 39.915, lon: 116.404 });
    expect(bd.lat).toBeCloseTo(39.92133699351021, 9);
    expect(bd.lon).toBeCloseTo(116.41036949371029, 9);
  });
  test('a point outside China is not moved', () => {
    expect(toGcj02({ lat: 35.68, lon: 139.76 })).toEqual({ lat: 35.68, lon: 139.76 });
  });
});

describe('coordinates in text', () => {
  test.each<readonly [string, string, string]>([
    ['whole', '{"lat":38.7310459,"lng":81.5928317}', 'pair-7 any'],
    ['more digits than were planted', '38.73104590000001,81.59283169999999', 'pair-7 any'],
    ['a float printed as a double', `${Math.fround(LAT)},${Math.fround(LON)}`, 'pair-5 any'],
    ['longitude first, six decimals, cut', `${cut(LON, 6)};${cut(LAT, 6)}`, 'pair-6 any'],
    ['five decimals, rounded', '38.73105,81.59283', 'pair-5 any'],
    ['four decimals, cut', '38.7310,81.5928', 'pair-4 any'],
    ['three decimals, rounded', '38.731,81.593', 'pair-3 C2'],
    ['three decimals, cut', '38.731,81.592', 'pair-3 C2'],
    ['two decimals', '38.73,81.59', ''],
    ['a point at the end of a sentence', 'at 81.5928317 and 38.7310459.', 'pair-7 any'],
    ['GCJ-02', JSON.stringify(GCJ), 'pair-gcj02-7 any'],
    ['GCJ-02, six decimals', `${GCJ.lat.toFixed(6)},${GCJ.lon.toFixed(6)}`, 'pair-gcj02-6 any'],
    ['GCJ-02, computed a little otherwise', `${GCJ.lat + 1e-6},${GCJ.lon - 1.5e-6}`, 'pair-gcj02-5 any'],
    ['GCJ-02, computed otherwise', `${GCJ.lat + 3e-6},${GCJ.lon - 4e-6}`, 'pair-gcj02-5 C2'],
    ['GCJ-02, floats', `${Math.fround(GCJ.lat)},${Math.fround(GCJ.lon)}`, 'pair-gcj02-5 any'],
    ['there and back by an inverse that is not quite one', '38.7310491,81.5928262', 'pair-5 C2'],
    ['a number between', '38.7310459,13.351,81.5928317', 'pair-7 any'],
    ['two numbers between', '38.7310459,812.4412,13.351,81.5928317', ''],
    ['the latitude of one place, the longitude of the next', '[{"lat":38.7310459,"lng":81.600123},{"lat":38.800123,"lng":81.5928317}]', ''],
    ['GCJ-02, four decimals', `${GCJ.lat.toFixed(4)},${GCJ.lon.toFixed(4)}`, 'pair-gcj02-4 C2'],
    ['BD-09', JSON.stringify(BD), 'pair-bd09-7 any'],
    ['BD-09, cut to five', `${cut(BD.lon, 5)},${cut(BD.lat, 5)}`, 'pair-bd09-5 any'],
    ['E5', 'x=3873105&y=8159283', 'pair-e5-5 any'],
    ['E6', '{"lat":38731045,"lon":81592831}', 'pair-e6-6 any'],
    ['E6 of GCJ-02', `${Math.round(GCJ.lat * 1e6)},${Math.round(GCJ.lon * 1e6)}`, 'pair-gcj02-e6-6 any'],
    ['E7', '[387310459,815928317]', 'pair-e7-7 any'],
    ['one in WGS-84, one in GCJ-02', `38.7310459,${GCJ.lon}`, ''],
    ['one as decimal, one as integer', '38.7310459,815928317', ''],
    ['the latitude twice', '38.7310459,38.7310459', ''],
    ['far apart', `38.7310459${' '.repeat(129)}81.5928317`, ''],
    ['near enough', `38.7310459${' '.repeat(128)}81.5928317`, 'pair-7 any'],
    ['of the other sign', '-38.7310459,81.5928317', ''],
    ['in a version', '1.38.7310459,81.5928317', ''],
    ['with an exponent', '38.7310459e-3,81.5928317', ''],
    ['with a longer whole part', '138.7310459,81.5928317', ''],
    ['a neighbour at 60 m', '38.7315459,81.5931317', ''],
    ['a neighbour at 60 m, at three decimals', '38.732,81.593', ''],
    ['a neighbour at 3 m', '38.7310659,81.5928517', ''],
  ])('%s', (_title, text, expected) => expect(told(text)).toBe(expected));

  test('south and west of nought', () => {
    const place = value('location', '-38.7310459,-1.5928317');
    expect(see('{"a":-38.7310459,"o":-1.5928317}', [place])[0]?.match.form).toBe('pair-7');
    expect(see('{"a":38.7310459,"o":1.5928317}', [place])).toEqual([]);
  });

  test('of two spellings in one layer the finer is told', () => {
    expect(told('38.731,81.593 … 38.73105,81.59283 … 38.7310,81.5928')).toBe('pair-5 any');
  });
});

/** Some bytes no text holds around numbers, at an odd place. */
function struct(width: number, write: (view: DataView, at: number, axis: number) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * width + 5));
  view.setUint8(0, 1);
  write(view, 3, LAT);
  write(view, 5 + width, LON);
  return new Uint8Array(view.buffer);
}
const varint = (whole: number): readonly number[] => (whole < 128 ? [whole] : [(whole % 128) | 128, ...varint(Math.floor(whole / 128))]);
const protobuf = (lat: number, lon: number): Uint8Array => Uint8Array.from([8, ...varint(lat), 16, ...varint(lon), 26, 1, 0x41]);

describe('coordinates in binary', () => {
  test.each<readonly [string, Uint8Array, string]>([
    ['doubles, little-endian', struct(8, (v, at, axis) => v.setFloat64(at, axis, true)), 'pair-f64le-7 any'],
    ['doubles, big-endian', struct(8, (v, at, axis) => v.setFloat64(at, axis)), 'pair-f64be-7 any'],
    ['doubles of four decimals', struct(8, (v, at, axis) => v.setFloat64(at, Number(axis.toFixed(4)), true)), 'pair-f64le-4 C2'],
    ['floats, little-endian', struct(4, (v, at, axis) => v.setFloat32(at, axis, true)), 'pair-f32le-5 C3'],
    ['floats, big-endian', struct(4, (v, at, axis) => v.setFloat32(at, axis)), 'pair-f32be-5 C3'],
    ['integers E6, little-endian', struct(4, (v, at, axis) => v.setInt32(at, Math.round(axis * 1e6), true)), 'pair-i32le-e6-6 any'],
    ['integers E6, big-endian', struct(4, (v, at, axis) => v.setInt32(at, Math.floor(axis * 1e6))), 'pair-i32be-e6-6 any'],
    ['integers E7, little-endian', struct(4, (v, at, axis) => v.setInt32(at, Math.round(axis * 1e7), true)), 'pair-i32le-e7-7 any'],
    ['integers E7, big-endian', struct(4, (v, at, axis) => v.setInt32(at, Math.round(axis * 1e7))), 'pair-i32be-e7-7 any'],
    ['protobuf E6', protobuf(38731046, 81592832), 'pair-varint-e6-6 any'],
    ['protobuf E7', protobuf(387310459, 815928317), 'pair-varint-e7-7 any'],
    ['protobuf zigzag E6', protobuf(2 * 38731046, 2 * 81592832), 'pair-zigzag-e6-6 any'],
    ['protobuf zigzag E7', protobuf(2 * 387310459, 2 * 815928317), 'pair-zigzag-e7-7 any'],
    ['a neighbour at 10 m, as doubles', struct(8, (v, at, axis) => v.setFloat64(at, axis + 1e-4, true)), ''],
    ['a neighbour at 3 m, as protobuf', protobuf(38731076, 81592862), ''],
    ['text beside binary', Buffer.from('\x00\x0238.7310459\x0081.5928317'), 'pair-7 any'],
  ])('%s', (_title, bytes, expected) => expect(told(bytes)).toBe(expected));

  test('text is not read as numbers of a program', () => {
    const view = Buffer.alloc(16);
    view.writeDoubleLE(LAT, 0);
    view.writeDoubleLE(LON, 8);
    const text = Buffer.from(view.map((byte) => (byte < 0x20 ? 0x7e : byte)));
    expect(told(text)).toBe('');
  });
});

describe('geohashes', () => {
  // From another implementation than ours.
  const HASH = 'tyfh2dy0dy2b';
  test.each<readonly [number, string]>([
    [4, ''],
    [5, 'geohash-5 C1'],
    [6, 'geohash-6 C1'],
    [7, 'geohash-7 C2'],
    [9, 'geohash-9 C2'],
    [10, 'geohash-10 any'],
    [12, 'geohash-12 any'],
  ])('%i letters', (letters, expected) => {
    const word = HASH.slice(0, letters);
    for (const text of [word, `{"g":"${word}"}`, `a=1&geo=${word}&b=2`, `xyz/${word}/`, `\0\0${word}\x01`])
      expect(told(text), text).toBe(expected);
  });
  test.each(['tyfh2dx', 'atyfh2dy', 'tyfh2dya', 'TYFH2DY', `tyfh2dy0dy2b0`])('%s is another word', (word) => expect(told(word)).toBe(''));
});

describe('what is found is shown again by the verifier', () => {
  const bytes = [GCJ, BD, { lat: LAT, lon: LON }].flatMap(({ lat, lon }) => [
    Buffer.from(`${lat},${lon}`),
    Buffer.from(`${Math.fround(lat)},${Math.fround(lon)}`),
    Buffer.from(`${lon.toFixed(5)} ${lat.toFixed(5)}`),
    ...[3, 4, 5, 6].map((places) => Buffer.from(`${cut(lat, places)}:${cut(lon, places)}`)),
    ...[5, 6, 7].map((places) => Buffer.from(`${Math.round(lat * 10 ** places)}|${Math.floor(lon * 10 ** places)}`)),
    struct(8, (v, at, axis) => v.setFloat64(at, axis === LAT ? lat : lon, true)),
    struct(4, (v, at, axis) => v.setFloat32(at, axis === LAT ? lat : lon)),
    struct(4, (v, at, axis) => v.setInt32(at, (axis === LAT ? lat : lon) * 1e6, true)),
    protobuf(Math.round(lat * 1e7), Math.round(lon * 1e7)),
    protobuf(2 * Math.floor(lat * 1e6), 2 * Math.floor(lon * 1e6)),
  ]);
  test('every pair', () => {
    const forms = new Set<string>();
    for (const b of bytes) {
      const [seen] = see(b);
      expect(seen, Buffer.from(b).toString('latin1')).toBeDefined();
      if (seen === undefined) continue;
      forms.add(seen.match.form);
      const none = new Uint8Array(0);
      expect(shows(PLACE, seen.match.form, { bytes: seen.bytes, before: none, after: none }), seen.match.form).toBe(true);
    }
    expect(forms.size).toBeGreaterThan(25);
  });

  test.each<readonly [string, Uint8Array | string, string]>([
    ['GCJ-02 in a query', `lat=${GCJ.lat.toFixed(6)}&lng=${GCJ.lon.toFixed(6)}`, 'C4'],
    ['protobuf E7', protobuf(387310459, 815928317), 'C4'],
    ['doubles', struct(8, (v, at, axis) => v.setFloat64(at, axis, true)), 'C4'],
    [
      'floats in base64',
      JSON.stringify({
        p: Buffer.concat([struct(4, (v, at, axis) => v.setFloat32(at, axis, true)), Buffer.alloc(8, 1)]).toString('base64'),
      }),
      'C3',
    ],
    ['BD-09 at three decimals', `${BD.lat.toFixed(3)},${BD.lon.toFixed(3)}`, 'C2'],
    ['a geohash', 'g=tyfh2dy0', 'C2'],
    ['a short geohash', 'g=tyfh2d', 'C1'],
  ])('through the linker: %s', (_title, body, level) => {
    const story = new Story();
    story.flow({ body });
    const { links, gaps } = story.link([PLACE]);
    expect(links).toMatchObject([{ value: PLACE.id, level }]);
    expect(gaps).toEqual([]);
  });
});

/** The same numbers in every run. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

describe('noise', () => {
  const places = Array.from({ length: 40 }, (_, i) =>
    value('location', `${(38.3 + i / 40).toFixed(3)}${1234 + i},81.${300 + 7 * i}${4321 + i}`),
  );

  test('points of interest around, map tiles and prices are nobody', () => {
    const next = noise(1);
    const around = Array.from({ length: 3000 }, () => ({
      lat: Number((LAT + (next() - 0.5) * 0.002).toFixed(6)),
      lng: Number((LON + (next() - 0.5) * 0.002).toFixed(6)),
    })).filter(({ lat, lng }) => Math.hypot(lat - LAT, lng - LON) > 3e-5);
    expect(see(JSON.stringify(around)).filter(({ match }) => match.cap === null)).toEqual([]);
    expect(told('bbox=38.730,81.592,38.740,81.602')).toBe('');
    expect(told(JSON.stringify(Array.from({ length: 3000 }, () => Math.round(next() * 20000) / 100)))).toBe('');
  });

  test('a megabyte of floats, in text and in binary, holds none of forty points', () => {
    const next = noise(2);
    const text = Array.from({ length: 60_000 }, () => (next() * 360 - 180).toFixed(3 + Math.floor(next() * 12))).join(',');
    expect(see(text, places).map(({ match }) => match.form)).toEqual([]);
    const binary = Float64Array.from({ length: 60_000 }, () => next() * 180);
    expect(see(new Uint8Array(binary.buffer), places).map(({ match }) => match.form)).toEqual([]);
    expect(
      see(
        Uint8Array.from({ length: 1_000_000 }, () => next() * 256),
        places,
      ).filter(({ match }) => match.form.startsWith('pair')),
    ).toEqual([]);
  });
});
