import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Flow } from '../../../../harness/model/event.js';
import type { Bodies } from '../../../../harness/model/finding.js';
import { link } from '../../../../reports/link/link.js';
import { replayRun } from '../../../../reports/link/replay-run.js';
import { answerOf, echoHash, http2App, http2Origin } from '../../../harness/capture/http2-rig.js';
import { openRig, type Caught, type Rig } from '../../../harness/capture/rig.js';
import { frame } from '../../../harness/capture/websocket-frames.js';
import { MASK, raw } from '../../../harness/capture/websocket-rig.js';
import { ANDROID_ID, HEAD, IMEI, OAID, PHONE, SMS, Story, value, type ManifestValue } from '../story.js';
import { base64, hex, json, multipart, noise } from './encoders.js';
import { CARD, expectLinked, expectNone, found, linked, one, testCases, VALUES, type Request } from './expect.js';

const P = PHONE.text;

describe('split over two fields, or URL and body', () => {
  testCases([
    one('73 number over two JSON fields', { body: json({ area: P.slice(0, 3), rest: P.slice(3) }) }, PHONE, 'joined', 'C2'),
    one('73 number over two JSON fields, as numbers', { body: `{"a":${P.slice(0, 3)},"b":${P.slice(3)}}` }, PHONE, 'joined', 'C2'),
    one('73 number over two form fields', { body: `x=1&p1=${P.slice(0, 3)}&p2=${P.slice(3)}` }, PHONE, 'joined', 'C2'),
    one('73 bank card over two JSON fields', { body: json({ c1: CARD.text.slice(0, 8), c2: CARD.text.slice(8) }) }, CARD, 'joined', 'C2'),
    one(
      '78 number half in the URL, half in the body',
      { target: `/u?p=${P.slice(0, 3)}&x=2`, body: json({ rest: P.slice(3) }) },
      PHONE,
      'joined',
      'C2',
    ),
    one(
      '78 number half in the body, half in the URL',
      { target: `/u?rest=${P.slice(3)}`, body: `x=1&head=${P.slice(0, 3)}` },
      PHONE,
      'joined',
      'C2',
    ),
  ]);
  test.each<readonly [string, Request]>([
    ['73 in two objects of a list', { body: json({ l: [{ a: P.slice(0, 3) }, { b: P.slice(3) }] }) }],
    ['73 halves that go on', { body: json({ a: `9${P.slice(0, 3)}`, b: P.slice(3) }) }],
    ['78 in a path and a body', { target: `/u/${P.slice(0, 3)}`, body: json({ rest: P.slice(3) }) }],
  ])('%s: no number', (_title, request) => expectNone(request, null));
});

/** Cuts bytes into pieces of one length. */
function cutInto(bytes: Buffer, count: number): readonly Buffer[] {
  const size = Math.ceil(bytes.length / count);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}
const offsetOf = (all: readonly Buffer[], i: number): number => all.slice(0, i).reduce((n, { length }) => n + length, 0);
const rangeOf = (all: readonly Buffer[], i: number): readonly [string, string] => [
  'Content-Range',
  `bytes ${offsetOf(all, i)}-${offsetOf(all, i + 1) - 1}/${offsetOf(all, all.length)}`,
];
type Wrap = (piece: Buffer, i: number, all: readonly Buffer[]) => Request;

const UPLOADS: readonly (readonly [string, Wrap])[] = [
  ['JSON in base64, seq', (piece, i) => ({ body: JSON.stringify({ uploadId: 'q', seq: i, data: base64(piece) }) })],
  ['JSON in hex, offset', (piece, i, all) => ({ body: JSON.stringify({ fileId: 7, offset: offsetOf(all, i), chunk: hex(piece) }) })],
  ['Content-Range', (piece, i, all) => ({ body: piece, headers: [rangeOf(all, i)] })],
  ['?part=', (piece, i) => ({ body: piece, target: `/up?uploadId=a7&part=${i + 1}` })],
  [
    'multipart',
    (piece, i, all) => ({
      body: multipart(
        'B0',
        ['Content-Disposition: form-data; name="chunk"', `${i}`],
        ['Content-Disposition: form-data; name="chunks"', `${all.length}`],
        ['Content-Disposition: form-data; name="file"; filename="blob"', piece],
      ),
    }),
  ],
];

describe('split over requests', () => {
  const people = Array.from({ length: 300 }, (_, i): readonly [ManifestValue, ManifestValue] => {
    const group = `list:${i}`;
    return [
      value('contact_name', `彧${String.fromCodePoint(0x7fc0 + (i % 97), 0x6631 + (i % 89), 0x6635 + i)}`, { group }),
      value('contact_phone', `149${String((i * 48271 + 12345) % 100_000_000).padStart(8, '0')}`, { group }),
    ];
  });
  const list = Buffer.from(JSON.stringify(people.map(([name, phone]) => ({ name: name.text, phone: phone.text }))));

  test.each(UPLOADS)('74 contact list over 40 chunked uploads, values across the seams, by %s', (_title, wrap) => {
    const story = new Story();
    const pieces = cutInto(list, 40);
    const seams = pieces.map((_, i) => offsetOf(pieces, i + 1));
    const overSeam = people.flat().filter(({ text }) => {
      const at = list.indexOf(text);
      return seams.some((seam) => seam > at && seam < at + Buffer.byteLength(text));
    });
    expect(overSeam.length).toBeGreaterThan(15);
    pieces.forEach((piece, i) => story.flow(wrap(piece, i, pieces)));
    const { links, gaps } = linked(story, [...VALUES, ...people.flat()]);
    // Every value once, in one request, and nothing else.
    expect(links.map((l) => l.value).toSorted()).toEqual(
      people
        .flat()
        .map(({ id }) => id)
        .toSorted(),
    );
    for (const { id } of overSeam) expect(links.find((l) => l.value === id)?.chain[0]?.op).toBe('joined');
    const levels = new Map(links.map((l) => [l.value, l.level]));
    // A number over a seam is sure where Content-Range counts the bytes, likely where fields of the app do.
    for (const [, phone] of people) expect(['C3', 'C4']).toContain(levels.get(phone.id));
    expect(people.filter(([, phone]) => levels.get(phone.id) === 'C4').length).toBeGreaterThan(people.length / 2);
    // A name is sure in the request that has its number too; the number may lie in the next one.
    for (const [name] of people) expect(['C3', 'C4']).toContain(levels.get(name.id));
    expect(gaps).toEqual([]);
  });

  const rows = [IMEI, ANDROID_ID, OAID, SMS].map(({ text }, i) => ({ n: text, pad: hex(noise(3000, `${i}`)) }));
  const packed = gzipSync(JSON.stringify(rows));
  test.each<readonly [string, Wrap]>([
    [
      'in multipart',
      (piece, i, all) => ({
        body: multipart('b', ['Content-Disposition: form-data; name="file"; filename="c.gz"', piece]),
        headers: [rangeOf(all, i)],
      }),
    ],
    ['as the body', (piece, i, all) => ({ body: piece, headers: [rangeOf(all, i)] })],
  ])('75 chunks of one gzip stream by Content-Range, %s', (_title, wrap) => {
    const story = new Story();
    const pieces = cutInto(packed, 8);
    const flows = pieces.map((piece, i) => story.flow(wrap(piece, i, pieces)));
    const { links, gaps } = linked(story);
    const placeOf = (v: ManifestValue): number => flows.findIndex(({ id }) => links.find((l) => l.value === v.id)?.flow === id);
    expect(links.map((l) => [l.value, l.level]).toSorted()).toEqual([IMEI, ANDROID_ID, OAID, SMS].map((v) => [v.id, 'C4']).toSorted());
    const places = [IMEI, ANDROID_ID, OAID, SMS].map(placeOf);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(new Set(places).size).toBeGreaterThan(2);
    for (const l of links) expect(l.chain.map(({ op }) => op).filter((op) => op !== 'joined')).toEqual(['gzip']);
    expect(gaps).toEqual([]);
  });

  test('74 a value over the seam of two chunks, with the place in both', () => {
    const text = Buffer.from(`{"imei":"${IMEI.text}","more":"${'x '.repeat(40)}"}`);
    const pieces = [text.subarray(0, 16), text.subarray(16)];
    const story = new Story();
    const flows = pieces.map((piece, i) => story.flow({ body: piece, headers: [rangeOf(pieces, i)] }));
    expectLinked(story, [{ ...found(IMEI, 'C4', 'joined'), flow: flows[1] ?? null }]);
  });
});

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.dispose());

/** Links what the proxy recorded, and has the separate verifier show every link again. */
function linkedOf({ flows, gaps, text }: Caught): readonly (readonly [value: string, level: string, flow: Flow | undefined])[] {
  const bodies: Bodies = {
    read: (file, offset) => {
      for (const flow of flows)
        for (const ref of flow.bodies) if (ref.file === file && ref.offset === offset) return Buffer.from(text(flow, ref.of), 'latin1');
      throw new Error(`no bytes at ${offset} of ${file}`);
    },
  };
  const manifest = { seed: '0'.repeat(32), values: VALUES, placebos: [] };
  const events = [...flows, ...gaps];
  const made = link({ head: HEAD, events, manifest, bodies });
  expect(replayRun({ links: made.links, events, manifest, bodies })).toEqual({ replayed: made.links.length, broken: null });
  expect([made.gaps, gaps]).toEqual([[], []]);
  return made.links.map((l) => [l.value, l.level, flows.find(({ id }) => id === l.flow)] as const);
}

describe('split by the protocol, through the proxy', () => {
  test('76 WebSocket continuation frames, a ping between them', async () => {
    const text = Buffer.from(json({ imei: IMEI.text, more: 'x'.repeat(30) }));
    const cut = text.indexOf(IMEI.text) + 6;
    const { app, sent } = await raw(rig, Buffer.alloc(0), () => {});
    const frames = Buffer.concat([
      frame({ opcode: 1, fin: false, payload: text.subarray(0, cut), mask: MASK }),
      frame({ opcode: 9, payload: Buffer.from('ping'), mask: MASK }),
      frame({ opcode: 0, fin: false, payload: text.subarray(cut, cut + 4), mask: MASK }),
      frame({ opcode: 0, payload: text.subarray(cut + 4), mask: MASK }),
    ]);
    app.write(frames);
    while (sent().length < frames.length) await new Promise((resolve) => setTimeout(resolve, 5));
    const links = linkedOf(await rig.caught());
    expect(links).toMatchObject([[IMEI.id, 'C4', { websocket: { kind: 'message', number: 1 } }]]);
  });

  test('77 HTTP/2 DATA frames with the value over their seam', async () => {
    await http2Origin(rig, echoHash);
    const app = await http2App(rig);
    const text = json({ imei: IMEI.text, more: 'x'.repeat(30) });
    const cut = text.indexOf(IMEI.text) + 6;
    const stream = app.request({ ':path': '/up', ':method': 'POST' });
    const answer = answerOf(stream);
    stream.write(text.slice(0, cut));
    await new Promise((resolve) => setTimeout(resolve, 30));
    stream.end(text.slice(cut));
    await answer;
    const links = linkedOf(await rig.caught());
    expect(links).toMatchObject([[IMEI.id, 'C4', { request: { target: '/up' } }]]);
  });
});
