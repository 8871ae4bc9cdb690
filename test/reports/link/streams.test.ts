import { createCipheriv, createHash } from 'node:crypto';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Flow } from '../../../harness/model/event.js';
import type { Link } from '../../../harness/model/finding.js';
import { ANDROID_ID, IMEI, NAME_1, PHONE, PHONE_1, SMS, Story, value, type ManifestValue } from './story.js';

/** Cuts bytes at the given places. */
function cutAt(bytes: Uint8Array, ...places: readonly number[]): readonly Buffer[] {
  return [0, ...places].map((from, i) => Buffer.from(bytes.subarray(from, places[i] ?? bytes.length)));
}
/** Cuts bytes into pieces of one length. */
function cutInto(bytes: Uint8Array, count: number): readonly Buffer[] {
  const size = Math.ceil(bytes.length / count);
  return cutAt(bytes, ...Array.from({ length: count - 1 }, (_, i) => (i + 1) * size));
}
/** Bytes that nothing packs and nobody reads. */
function noise(length: number, seed: string): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => createHash('sha256').update(`${seed}${i}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}
const hex = (length: number, seed: string): string => noise(length, seed).toString('hex').slice(0, length);
/** A list with one value in the midst, and where that stands. */
function listWith(wanted: ManifestValue): { readonly bytes: Buffer; readonly at: number } {
  const text = `{"head":"${'x y '.repeat(40)}","v":"${wanted.text}","tail":"${'z w '.repeat(40)}"}`;
  return { bytes: Buffer.from(text), at: text.indexOf(wanted.text) };
}

const multipart = (number: number, total: number, piece: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from(`--B0\r\nContent-Disposition: form-data; name="chunk"\r\n\r\n${number}\r\n`),
    Buffer.from(`--B0\r\nContent-Disposition: form-data; name="chunks"\r\n\r\n${total}\r\n`),
    Buffer.from('--B0\r\nContent-Disposition: form-data; name="file"; filename="blob"\r\nContent-Type: application/octet-stream\r\n\r\n'),
    piece,
    Buffer.from('\r\n--B0--\r\n'),
  ]);

type Request = Parameters<Story['flow']>[0];
type Wrap = (piece: Buffer, i: number, all: readonly Buffer[]) => Request;
const offsetOf = (all: readonly Buffer[], i: number): number => all.slice(0, i).reduce((n, { length }) => n + length, 0);
const total = (all: readonly Buffer[]): number => offsetOf(all, all.length);
const byRange: Wrap = (piece, i, all) => ({
  body: piece,
  headers: [['Content-Range', `bytes ${offsetOf(all, i)}-${offsetOf(all, i + 1) - 1}/${total(all)}`]],
});
const json = (fields: object): Request => ({ body: JSON.stringify(fields) });

const WRAPS: readonly (readonly [string, Wrap])[] = [
  ['Content-Range', byRange],
  ['an offset of tus', (piece, i, all) => ({ body: piece, headers: [['Upload-Offset', `${offsetOf(all, i)}`]] })],
  ['a header that counts', (piece, i) => ({ body: piece, headers: [['X-Chunk-Index', `${i}`]] })],
  ['?part=', (piece, i) => ({ body: piece, target: `/up?uploadId=a7&part=${i + 1}&t=${i * 31}` })],
  ['JSON, text, seq', (piece, i) => json({ uploadId: 'a7', seq: i, data: piece.toString() })],
  ['JSON, base64 of each piece, part', (piece, i) => json({ id: 'f', part: i + 1, data: piece.toString('base64') })],
  ['JSON, base64 without padding', (piece, i) => json({ id: 'f', part: i + 1, data: piece.toString('base64').replaceAll('=', '') })],
  [
    'JSON, base64 with escaped slashes',
    (piece, i) => ({ body: `{"partNumber":${i},"d":"${piece.toString('base64').replaceAll('/', '\\/')}"}` }),
  ],
  ['JSON, hex, index of total', (piece, i, all) => json({ index: i, total: all.length, content: piece.toString('hex') })],
  ['JSON, offset', (piece, i, all) => json({ fileId: 9, offset: offsetOf(all, i), chunk: piece.toString('base64') })],
  ['multipart', (piece, i, all) => ({ body: multipart(i, all.length, piece) })],
  ['form', (piece, i) => ({ body: `chunkNo=${i}&fileName=c.txt&data=${encodeURIComponent(piece.toString())}` })],
  [
    'form, numbered in the query',
    (piece, i) => ({
      body: `k=1&data=${encodeURIComponent(piece.toString())}`,
      target: `/up?blockId=${i}`,
      headers: [['Content-Type', 'application/x-www-form-urlencoded']],
    }),
  ],
  [
    'each piece packed by itself',
    (piece, i) => ({
      ...byRange(piece, i, []),
      body: gzipSync(piece),
      headers: [
        ['Content-Encoding', 'gzip'],
        ['X-Part', `${i}`],
      ],
    }),
  ],
];

const shown = (links: readonly Link[]): readonly (readonly string[])[] =>
  links.map((l) => [l.value, l.flow, l.level, l.chain[0]?.op ?? '']);

describe('74 a value over the seam of an upload in pieces', () => {
  // Over the seam of requests that only count themselves a value is likely; Content-Range and what has to be decoded first make it sure.
  test.each(WRAPS)('%s', (title, wrap) => {
    const { bytes, at } = listWith(IMEI);
    const story = new Story();
    const pieces = cutAt(bytes, at - 50, at + 6, at + 90);
    const flows = pieces.map((piece, i) => story.flow(wrap(piece, i, pieces)));
    const { links, gaps } = story.link();
    expect(shown(links)).toEqual([[IMEI.id, flows[2]?.id, /^Content-Range|hex/.test(title) ? 'C4' : 'C3', 'joined']]);
    expect(gaps).toEqual([]);
    // Two pieces show it; the others are left out.
    const first = links[0]?.certificate.layers[0]?.encoding;
    expect(first?.op === 'joined' ? first.pieces.map(({ flow }) => flow) : null).toEqual([flows[1]?.id, flows[2]?.id]);
  });

  test('base64 text cut at lengths that are no multiple of four', () => {
    const { bytes, at } = listWith(IMEI);
    const text = Buffer.from(bytes.toString('base64'));
    const place = Math.floor((at * 4) / 3) + 8;
    for (const shift of [0, 1, 2, 3]) {
      const story = new Story();
      const pieces = cutAt(text, 31, place + shift);
      const flows = pieces.map((piece, i) => story.flow(json({ uploadId: 'a', seq: i, data: piece.toString() })));
      expect(shown(story.link().links)).toEqual([[IMEI.id, flows[2]?.id, 'C4', 'joined']]);
    }
  });

  test('a value over three pieces, which come in another order and once more', () => {
    const story = new Story();
    const pieces = cutAt(Buffer.from(`{"sms":"${SMS.text}"}`), 30, 60, 90);
    const send = (i: number): Flow => story.flow(json({ taskId: 't', partNumber: i, data: (pieces[i] as Buffer).toString('base64') }));
    const flows = [send(2), send(0), send(0), send(3), send(1)];
    expect(shown(story.link().links)).toEqual([[SMS.id, flows[3]?.id, 'C4', 'joined']]);
  });

  test('the span names the bytes in the last of the requests', () => {
    const story = new Story();
    const pieces = cutAt(Buffer.from(`[["${IMEI.text}"]]`), 8);
    pieces.forEach((piece, i) => story.flow(byRange(piece, i, pieces)));
    expect(story.link().links[0]?.span).toEqual({ part: 'body', start: 0, end: 10 });
  });

  test('what stands behind the value does not bring in the next request', () => {
    const story = new Story();
    const text = `["\\u0030${IMEI.text.slice(1)}", "more"]`;
    const pieces = cutAt(Buffer.from(text), 10, text.indexOf('", "more') + 2);
    const flows = pieces.map((piece, i) => story.flow(byRange(piece, i, pieces)));
    expect(shown(story.link().links)).toEqual([[IMEI.id, flows[1]?.id, 'C4', 'joined']]);
  });

  test('40 pieces of 2,000 contacts: every value once, in a report of a few megabytes', () => {
    const story = new Story();
    const values = Array.from({ length: 2000 }, (_, i) => [
      value('contact_phone', `149${String((i * 48271 + 12345) % 100_000_000).padStart(8, '0')}`, { group: `contact:${i}` }),
      value('contact_name', `彧${String.fromCodePoint(0x7fc0 + (i % 97), 0x6631 + (i % 89), 0x6635 + i)}`, { group: `contact:${i}` }),
    ]).flat();
    const doc = Buffer.from(JSON.stringify(values.map(({ text, type }) => ({ [type]: text }))));
    cutInto(doc, 40).forEach((piece, i) => story.flow(json({ uploadId: 'q', seq: i, data: piece.toString('base64') })));
    const { links, placebo } = story.link(values);
    expect(new Set(links.map((l) => l.value)).size).toBe(values.length);
    expect(links.filter((l) => l.chain[0]?.op === 'joined').length).toBeGreaterThan(5);
    expect(JSON.stringify(links).length).toBeLessThan(5_000_000);
    expect(placebo.bytesSearched).toBeLessThan(8 * doc.length);
  });
});

describe('75 a packed stream over several requests', () => {
  const rows = [IMEI, PHONE, SMS, ANDROID_ID].map(({ text }, i) => ({ n: text, pad: hex(6000, `${i}`) }));
  const doc = Buffer.from(JSON.stringify(rows));
  const wraps: readonly (readonly [string, Wrap])[] = [
    ['Content-Range', byRange],
    ['multipart', (piece, i, all) => ({ body: multipart(i, all.length, piece) })],
    ['JSON in base64', (piece, i) => json({ uploadId: 'u', seq: i, data: piece.toString('base64') })],
    ['nothing that counts, but a checksum', (piece) => ({ body: piece })],
  ];
  test.each(wraps)('by %s: each value lies in the request that completes it', (_title, wrap) => {
    for (const packed of [gzipSync(doc), deflateSync(doc)]) {
      const story = new Story();
      const pieces = cutInto(packed, 8);
      const flows = pieces.map((piece, i) => story.flow(wrap(piece, i, pieces)));
      const { links, gaps } = story.link();
      const places = [IMEI, PHONE, SMS, ANDROID_ID].map((v) =>
        flows.findIndex(({ id }) => links.find((l) => l.value === v.id)?.flow === id),
      );
      expect(places[0]).toBe(0);
      expect(places.toSorted((a, b) => a - b)).toEqual(places);
      expect(new Set(places).size).toBe(4);
      expect(places[3]).toBeLessThan(7);
      // A phone number that stands alone is never sure.
      expect(new Map(links.map((l) => [l.value, l.level]))).toEqual(
        new Map([
          [IMEI.id, 'C4'],
          [PHONE.id, 'C3'],
          [SMS.id, 'C4'],
          [ANDROID_ID.id, 'C4'],
        ]),
      );
      expect(gaps).toEqual([]);
    }
  });

  test('with a piece missing, what comes behind it is told as unseen', () => {
    const story = new Story();
    const pieces = cutInto(gzipSync(doc), 8);
    pieces.forEach((piece, i) => void (i === 2 ? null : story.flow(byRange(piece, i, pieces))));
    const { links, gaps } = story.link();
    expect(links.every((l) => l.value === IMEI.id || l.value === PHONE.id)).toBe(true);
    expect(gaps.length).toBe(5);
    expect(new Set(gaps.map(({ why }) => why))).toEqual(new Set(['undecodable']));
  });

  test('base64 text of a packed stream cut anywhere', () => {
    const story = new Story();
    const pieces = cutAt(Buffer.from(gzipSync(doc).toString('base64')), 5001, 9002, 14003);
    pieces.forEach((piece, i) => story.flow(json({ uploadId: 'u', seq: i, data: piece.toString() })));
    expect(new Set(story.link().links.map((l) => l.value))).toEqual(new Set([IMEI.id, PHONE.id, SMS.id, ANDROID_ID.id]));
  });
});

describe('a ciphertext over several requests, by hook', () => {
  const seal = (algorithm: string, plain: Uint8Array): Buffer => {
    const cipher = createCipheriv(algorithm, Buffer.alloc(16, 3), algorithm.endsWith('ecb') ? null : Buffer.alloc(16, 5));
    return Buffer.concat([cipher.update(plain), cipher.final()]);
  };
  const plain = Buffer.from(JSON.stringify({ a: hex(900, 'a'), imei: IMEI.text, b: hex(900, 'b'), sms: SMS.text, c: hex(900, 'c') }));

  test.each([
    ['AES/CBC/PKCS5Padding', 'aes-128-cbc'],
    ['AES/CTR/NoPadding', 'aes-128-ctr'],
    ['SM4/CBC/PKCS5Padding', 'sm4-cbc'],
  ])('%s: each value lies in the request that completes its bytes', (algorithm, cipher) => {
    const sealed = seal(cipher, plain);
    const [imei, sms] = [plain.indexOf(IMEI.text), plain.indexOf(SMS.text)];
    for (const wrap of [byRange, (piece: Buffer, i: number) => json({ uploadId: 'u', seq: i, data: piece.toString('base64') })]) {
      const story = new Story();
      story.derive(['cipher', algorithm], plain, sealed);
      const pieces = cutAt(sealed, imei + 5, sms + 7, sms + 150);
      const flows = pieces.map((piece, i) => story.flow(wrap(piece, i, pieces)));
      const { links, gaps } = story.link();
      expect(links.map((l) => [l.value, l.flow, l.level])).toEqual([
        [IMEI.id, flows[1]?.id, 'C5'],
        [SMS.id, flows[2]?.id, 'C5'],
      ]);
      expect(gaps).toEqual([]);
    }
  });

  test('packed before it was sealed: with the last byte', () => {
    const story = new Story();
    const packed = gzipSync(plain);
    story.derive(['cipher', 'AES/CBC/PKCS5Padding'], packed, seal('aes-128-cbc', packed));
    const pieces = cutInto(seal('aes-128-cbc', packed), 3);
    const flows = pieces.map((piece, i) => story.flow(byRange(piece, i, pieces)));
    expect(shown(story.link().links)).toEqual([
      [IMEI.id, flows[2]?.id, 'C5', 'joined'],
      [SMS.id, flows[2]?.id, 'C5', 'joined'],
    ]);
  });
});

describe('76, 77 frames and connections', () => {
  const message = (story: Story, number: number, body: string, channel = 4): Flow => {
    const flow: Flow = { ...story.flow({ body }), websocket: { kind: 'message', channel, number, opcode: 'text', compressed: false } };
    story.events[story.events.length - 1] = flow;
    return flow;
  };
  test('a value over two messages of one channel', () => {
    const story = new Story();
    message(story, 1, `{"imei":"${IMEI.text.slice(0, 7)}`);
    const second = message(story, 2, `${IMEI.text.slice(7)}"}`);
    expect(shown(story.link().links)).toEqual([[IMEI.id, second.id, 'C3', 'joined']]);
  });
  test.each([
    ['of two channels', 5, 2],
    ['with one missing between them', 4, 3],
  ])('not over two messages %s', (_title, channel, number) => {
    const story = new Story();
    message(story, 1, `{"imei":"${IMEI.text.slice(0, 7)}`);
    message(story, number, `${IMEI.text.slice(7)}"}`, channel);
    expect(story.link().links).toEqual([]);
  });
  test('a packed stream over messages', () => {
    const story = new Story();
    const pieces = cutInto(gzipSync(JSON.stringify({ pad: hex(3000, 'p'), imei: IMEI.text, more: hex(3000, 'q') })), 4);
    const flows = pieces.map((piece, i) => {
      const flow: Flow = {
        ...story.flow({ body: piece }),
        websocket: { kind: 'message', channel: 1, number: i + 3, opcode: 'binary', compressed: false },
      };
      story.events[story.events.length - 1] = flow;
      return flow;
    });
    const { links, gaps } = story.link();
    expect(links.map((l) => l.value)).toEqual([IMEI.id]);
    expect([flows[1]?.id, flows[2]?.id]).toContain(links[0]?.flow);
    expect(gaps).toEqual([]);
  });
  test('a body that was kept in several pieces is one body, and bytes of no protocol are looked into', () => {
    for (const more of [{}, { scheme: 'tcp', state: 'opaque', request: null } as const]) {
      const story = new Story();
      const [a, b] = [story.flow({ body: `{"imei":"${IMEI.text.slice(0, 7)}` }), story.flow({ body: `${IMEI.text.slice(7)}"}` })];
      story.events.length = 0;
      story.events.push({ ...a, ...more, bodies: [...a.bodies, ...b.bodies] });
      expect(shown(story.link().links)).toEqual([[IMEI.id, a.id, 'C4', '']]);
    }
  });
});

describe('what is no upload is not put together', () => {
  const [head, tail] = [`{"t":${'9'.repeat(40)},"n":"x ${IMEI.text.slice(0, 9)}`, `${IMEI.text.slice(9)} y"}`];
  const cases: readonly (readonly [string, readonly Request[]])[] = [
    ['the same path', [{ body: head }, { body: tail }]],
    [
      'the same path, a number behind it',
      [
        { body: head, target: '/log?page=1' },
        { body: tail, target: '/log?page=2' },
      ],
    ],
    [
      'events that are counted',
      [json({ seq: 1, msg: `saw ${IMEI.text.slice(0, 9)}` }), json({ seq: 2, msg: `${IMEI.text.slice(9)} left` })],
    ],
    ['two uploads', [json({ uploadId: 'a', seq: 0, data: head }), json({ uploadId: 'b', seq: 1, data: tail })]],
    ['a hole', [json({ uploadId: 'a', seq: 0, data: head }), json({ uploadId: 'a', seq: 2, data: tail })]],
    [
      'two hosts',
      [
        { ...byRange(Buffer.from(head), 0, [Buffer.from(head)]), host: 'a.example' },
        { body: tail, host: 'b.example', headers: [['Content-Range', `bytes ${head.length}-99/100`]] },
      ],
    ],
    [
      'ranges that do not meet',
      [byRange(Buffer.from(head), 0, [Buffer.from(head)]), { body: tail, headers: [['Content-Range', `bytes ${head.length + 1}-99/100`]] }],
    ],
  ];
  test.each(cases)('%s', (_title, requests) => {
    const story = new Story();
    for (const request of requests) story.flow(request);
    expect(story.link().links).toEqual([]);
  });

  test('a number that goes on over the seam is not the value', () => {
    for (const [head0, tail0] of [
      [`{"t":"${IMEI.text.slice(0, 9)}`, `${IMEI.text.slice(9)}7"}`],
      [`{"t":"7${IMEI.text.slice(0, 9)}`, `${IMEI.text.slice(9)}"}`],
    ] as const) {
      const story = new Story();
      const pieces = [Buffer.from(head0), Buffer.from(tail0)];
      pieces.forEach((piece, i) => story.flow(byRange(piece, i, pieces)));
      expect(story.link().links).toEqual([]);
    }
  });

  test('a piece that was cut off ends what is put together', () => {
    const story = new Story();
    const pieces = cutAt(Buffer.from(`["${IMEI.text}"]`), 8);
    const flows = pieces.map((piece, i) => story.flow(byRange(piece, i, pieces)));
    const [first] = flows as [Flow, Flow];
    story.events[0] = { ...first, state: 'aborted', bodies: first.bodies.map((b) => ({ ...b, state: 'aborted' as const })) };
    expect(story.link().links).toEqual([]);
  });

  test('what one request shows alone is shown by that request alone', () => {
    const story = new Story();
    const pieces = cutAt(Buffer.from(`["${NAME_1.text}","${PHONE_1.text}"${' '.repeat(40)}"${IMEI.text}"]`), 40);
    const flows = pieces.map((piece, i) => story.flow(byRange(piece, i, pieces)));
    expect(shown(story.link().links)).toEqual([
      [NAME_1.id, flows[0]?.id, 'C4', ''],
      [PHONE_1.id, flows[0]?.id, 'C4', ''],
      [IMEI.id, flows[1]?.id, 'C4', ''],
    ]);
  });
});

test('what stands beside pieces that are read is told as unseen all the same', () => {
  const story = new Story();
  const pieces = [Buffer.from(`["${'text '.repeat(200)}`), noise(2000, 'n'), Buffer.from(`${'text '.repeat(200)}"]`)];
  const flows = pieces.map((piece, i) => story.flow(byRange(piece, i, pieces)));
  const packed = [gzipSync('text '.repeat(200)), noise(2000, 'm')];
  const others = packed.map((piece, i) => story.flow({ ...byRange(piece, i, packed), host: 'other.example' }));
  expect(story.link().gaps.map(({ why, at }) => [why, at.ms])).toEqual([
    ['undecodable', flows[1]?.at.ms],
    ['undecodable', others[1]?.at.ms],
  ]);
});

test('a long stream of neither text nor packing is looked at around its seams', () => {
  const story = new Story();
  const pieces = cutAt(Buffer.concat([noise(1_200_000, 'a'), Buffer.from(` ${IMEI.text} `), noise(1_200_000, 'b')]), 1_200_005);
  const flows = pieces.map((piece, i) => story.flow(byRange(piece, i, pieces)));
  const { links, placebo } = story.link();
  expect(shown(links)).toEqual([[IMEI.id, flows[1]?.id, 'C4', 'joined']]);
  expect(placebo.bytesSearched).toBeLessThan(2 * 2_400_000 + 100_000);
});
