import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BodyRef, Flow } from '../../../harness/model/event.js';
import { readRun, type RecordedRun } from '../../../harness/store/read.js';
import { harCounts } from '../../../reports/formats/har.js';
import { CHROMIUM, inDevTools } from './devtools.js';
import { answer, capture, faultsOf, harOf, harPieces, TOOL, tunnel, type Ask } from './har-capture.js';

/** Entries as parsed; what a test says of them is checked by it. */
type Entry = ReturnType<typeof JSON.parse>;
const ours = ({ _jiejing }: Entry): Entry => _jiejing;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const root = mkdtempSync(join(tmpdir(), 'jiejing-har-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const JSON_TEXT = '{"名":"借镜","n":1}';
const LONG_TEXT = '隐私政策 — 第一条。'.repeat(60_000);
/** Bytes that no coding makes shorter, the same each time. */
const NOISE = Buffer.concat(Array.from({ length: 32_000 }, (_, i) => createHash('sha256').update(String(i)).digest()));
const OPAQUE = Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]);
const GBK = Buffer.from([0xc4, 0xe3, 0xba, 0xc3]);
const TRICKY = 'a\u202eb\u009b31mc\u2028d\ufeff"\\\u007f';

/** A frame of one raw block (RFC 8878): Node 20 has no zstd. */
function zstd(text: string): Buffer {
  const bytes = Buffer.from(text);
  const header = Buffer.alloc(3);
  header.writeUIntLE((bytes.length << 3) | 1, 0, 3);
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes.length]), header, bytes]);
}

const packed = (coding: string, body: Buffer): Ask['answer'] =>
  answer({ 'Content-Type': 'application/json', 'Content-Encoding': coding }, body);
const ASKS: readonly Ask[] = [
  { path: '/json', answer: answer({ 'Content-Type': 'application/json' }, JSON_TEXT) },
  { path: '/gzip', answer: packed('gzip', gzipSync(JSON_TEXT)) },
  { path: '/zlib', answer: packed('deflate', deflateSync(JSON_TEXT)) },
  { path: '/deflate', answer: packed('deflate', deflateRawSync(JSON_TEXT)) },
  { path: '/br', answer: packed('br', brotliCompressSync(JSON_TEXT)) },
  { path: '/zstd', answer: packed('zstd', zstd(JSON_TEXT)) },
  { path: '/twice', answer: packed('gzip, br', brotliCompressSync(gzipSync(JSON_TEXT))) },
  { path: '/nothing-packed', answer: packed('gzip', gzipSync('')) },
  { path: '/bomb', answer: packed('gzip', gzipSync(Buffer.alloc(40 * 1024 * 1024))) },
  { path: '/damaged', answer: packed('gzip', Buffer.from('not gzip at all')) },
  { path: '/cut-gzip', answer: packed('gzip', gzipSync(NOISE).subarray(0, 500_000)) },
  { path: '/unknown-coding', answer: packed('rot13', Buffer.from('uryyb')) },
  { path: '/long-text', answer: answer({ 'Content-Type': 'text/plain; charset=utf-8' }, LONG_TEXT) },
  { path: '/noise', answer: answer({ 'Content-Type': 'application/octet-stream' }, NOISE) },
  { path: '/gbk', answer: answer({ 'Content-Type': 'text/html; charset=gbk' }, GBK) },
  { path: '/tricky', answer: answer({ 'Content-Type': 'text/plain' }, TRICKY) },
  { path: '/bom', answer: answer({ 'Content-Type': 'text/plain' }, '\ufeffa') },
  { path: '/empty', answer: answer({}, '', '204 No Content') },
  {
    path: '/moved',
    answer: {
      head: 'HTTP/1.1 302 Found\r\nLocation: /x\r\nSet-Cookie: sid=a=b; Path=/p; HttpOnly; Secure; Max-Age=60; SameSite=Lax\r\nSet-Cookie: old=; Expires=Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Length: 0\r\n\r\n',
      body: Buffer.alloc(0),
    },
  },
  {
    path: '/form?q=%E4%BD%A0+b&%C4%E3=1&c&d[]=%zz&e="<>|',
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Cookie: 'a=1; b="2=3"' },
    body: Buffer.from('imei=001234567890123&x=%20'),
    answer: answer({}, 'ok'),
  },
  {
    path: '/binary',
    method: 'POST',
    headers: { 'Content-Type': 'application/x-protobuf' },
    body: NOISE.subarray(0, 300),
    answer: answer({}, 'ok'),
  },
  { path: '/up', method: 'POST', headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(JSON_TEXT), answer: answer({}, 'ok') },
  { path: '/short', answer: { head: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n', body: Buffer.from('half'), hangUp: true } },
];
const plainOf = (path: string): Buffer | undefined => {
  if (['/json', '/gzip', '/zlib', '/deflate', '/br', '/zstd', '/twice'].includes(path)) return Buffer.from(JSON_TEXT);
  return path === '/nothing-packed' ? Buffer.alloc(0) : ASKS.find((ask) => ask.path === path)?.answer.body;
};

let run: RecordedRun;
let text: string;
let entries: readonly Entry[];
const entryOf = (path: string): Entry => entries.find(({ _jiejing }) => _jiejing.request?.target === path);
const contentOf = ({ response: { content } }: Entry): Buffer => Buffer.from(content.text, content.encoding ?? 'utf8');

beforeAll(async () => {
  run = await capture(join(root, 'run'), ASKS, async (port) => {
    // An app that does not trust us, and one that speaks no HTTP.
    const pinned = connectTls({ socket: await tunnel(port, 'api.example.com:443'), servername: 'api.example.com', ca: [] });
    await once(pinned, 'error');
    const raw = await tunnel(port, 'api.example.com:443');
    raw.resume().write(OPAQUE);
    await once(raw, 'close');
  });
  text = harOf(run);
  entries = JSON.parse(text).log.entries;
}, 60_000);

describe('a HAR of a capture', () => {
  it('keeps to the schema of HAR 1.2, which refuses what does not', () => {
    expect(faultsOf(text)).toEqual([]);
    const spoilt = JSON.parse(text);
    spoilt.log.entries[0].request.url = 'https://a b/';
    delete spoilt.log.entries[1].timings;
    expect(faultsOf(JSON.stringify(spoilt))).toHaveLength(2);
  });

  it('has one entry for each flow, in the order in which they began', () => {
    const flows = run.events.filter((event) => event.kind === 'flow');
    expect(entries.map(({ _jiejing }) => _jiejing.n)).toEqual(flows.map((_, i) => i + 1));
    expect(harCounts(run.events)).toMatchObject({ flows: flows.length, entries: flows.length, dns: 0, webSocketMessages: 0 });
    expect(flows.length).toBe(ASKS.length + 2);
  });

  it('gives back every body byte for byte: as sent, or unpacked with the hash of both', () => {
    let bodies = 0;
    for (const entry of entries)
      for (const body of ours(entry).bodies as readonly (BodyRef & { unpacked: { sha256: string; bytes: number } | null })[]) {
        const { postData } = entry.request;
        const base64 = ours(entry).requestBodyBase64;
        const shown =
          body.of === 'response' ? contentOf(entry) : base64 === undefined ? Buffer.from(postData.text) : Buffer.from(base64, 'base64');
        expect(sha256(shown), entry.request.url).toBe(body.unpacked?.sha256 ?? body.sha256);
        expect(shown.length).toBe(body.unpacked?.bytes ?? body.length);
        bodies += 1;
      }
    expect(bodies).toBe(run.events.flatMap((event) => (event.kind === 'flow' ? event.bodies : [])).length);
    expect(bodies).toBeGreaterThan(ASKS.length);
  });

  const plain = ASKS.filter(({ path, answer: { body } }) => body.length > 0 && path !== '/cut-gzip').map(({ path }) => path);
  it.each(plain)('shows what the server meant by %s', (path) => {
    const entry = entryOf(path);
    const sent = ASKS.find((ask) => ask.path === path)?.answer.body ?? Buffer.alloc(0);
    expect(contentOf(entry).equals(plainOf(path) ?? sent)).toBe(true);
    expect(entry.response.bodySize).toBe(sent.length);
    expect(ours(entry).bodies.find((body: BodyRef) => body.of === 'response').sha256).toBe(sha256(sent));
  });

  it('tells text from bytes, and what was unpacked from what was not', () => {
    const said = (path: string): readonly unknown[] => {
      const { content } = entryOf(path).response;
      return [content.encoding, content.size, content.compression, content.comment?.split(' / ')[1]];
    };
    const size = Buffer.byteLength(JSON_TEXT);
    expect(said('/gzip')).toEqual([undefined, size, size - gzipSync(JSON_TEXT).length, undefined]);
    expect(said('/nothing-packed')).toEqual([undefined, 0, -gzipSync('').length, undefined]);
    expect(said('/bomb')).toEqual([
      'base64',
      gzipSync(Buffer.alloc(40 * 1024 * 1024)).length,
      undefined,
      'it would unpack to too many bytes: these are the packed ones',
    ]);
    expect(said('/damaged')).toEqual([undefined, 15, undefined, 'not what Content-Encoding says: these are the bytes as sent']);
    const [, cutSize, , cutNote] = said('/cut-gzip');
    expect(cutNote).toBe('the packed stream is not whole: only its beginning could be unpacked');
    expect(Number(cutSize)).toBeGreaterThan(100_000);
    expect(contentOf(entryOf('/cut-gzip')).equals(NOISE.subarray(0, Number(cutSize)))).toBe(true);
    expect(said('/unknown-coding')).toEqual([undefined, 5, undefined, 'an unknown Content-Encoding: these are the bytes as sent']);
    expect(said('/gbk')).toEqual(['base64', 4, undefined, undefined]);
    expect(said('/noise')).toEqual(['base64', NOISE.length, undefined, undefined]);
    expect(said('/short')).toEqual([undefined, 4, undefined, 'the peer stopped early']);
    expect(ours(entryOf('/gzip')).bodies[0].unpacked).toEqual({
      codings: ['gzip'],
      sha256: sha256(Buffer.from(JSON_TEXT)),
      bytes: size,
    });
    expect(ours(entryOf('/twice')).bodies[0].unpacked.codings).toEqual(['br', 'gzip']);
  });

  it('holds no character that could steer a terminal', () => {
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
    expect(entryOf('/tricky').response.content.text).toBe(TRICKY);
  });

  it('reads cookies, the query and where a redirect leads', () => {
    const { request, response, startedDateTime } = entryOf('/moved');
    expect(response).toMatchObject({ status: 302, statusText: 'Found', redirectURL: '/x', httpVersion: 'HTTP/1.1' });
    expect(response.cookies).toMatchObject([
      { name: 'sid', value: 'a=b', path: '/p', httpOnly: true, secure: true, sameSite: 'Lax' },
      { name: 'old', value: '', expires: '2015-10-21T07:28:00.000Z', httpOnly: false, secure: false },
    ]);
    const lifeMs = Date.parse(response.cookies[0].expires) - Date.parse(startedDateTime);
    expect(lifeMs).toBeGreaterThanOrEqual(60_000);
    expect(lifeMs).toBeLessThan(120_000);
    expect(request.cookies).toEqual([]);
    const form = entries.find(({ request: { url } }) => url.includes('/form'));
    expect(form.request.cookies).toEqual([
      { name: 'a', value: '1' },
      { name: 'b', value: '"2=3"' },
    ]);
    expect(form.request.url).toBe('https://api.example.com/form?q=%E4%BD%A0+b&%C4%E3=1&c&d%5B%5D=%25zz&e=%22%3C%3E%7C');
    expect(ours(form).request.target).toBe('/form?q=%E4%BD%A0+b&%C4%E3=1&c&d[]=%zz&e="<>|');
    expect(form.request.queryString).toEqual([
      { name: 'q', value: '你 b' },
      { name: '%C4%E3', value: '1' },
      { name: 'c', value: '' },
      { name: 'd[]', value: '%zz' },
      { name: 'e', value: '"<>|' },
    ]);
  });

  it('shows what the app sent', () => {
    const form = entries.find(({ request: { url } }) => url.includes('/form'));
    expect(form.request).toMatchObject({
      method: 'POST',
      bodySize: 26,
      postData: { mimeType: 'application/x-www-form-urlencoded', text: 'imei=001234567890123&x=%20' },
    });
    expect(entryOf('/up').request.postData.text).toBe(JSON_TEXT);
    const binary = entryOf('/binary');
    expect(binary.request.postData).toMatchObject({
      mimeType: 'application/x-protobuf',
      text: '',
      comment: expect.stringMatching(/requestBodyBase64/),
    });
    expect(Buffer.from(ours(binary).requestBodyBase64, 'base64')).toEqual(NOISE.subarray(0, 300));
    expect(entryOf('/json').request.postData).toBeUndefined();
  });

  it('counts the bytes of heads as they came', () => {
    const { response, request } = entryOf('/json');
    expect(response.headersSize).toBe(ASKS[0]?.answer.head.length);
    expect(request.headersSize).toBe(
      `GET /json HTTP/1.1\r\n${request.headers.map(({ name, value }: Entry) => `${name}: ${value}\r\n`).join('')}\r\n`.length,
    );
  });

  it('begins with the first byte of the request and sums up to the last of the response', () => {
    for (const { startedDateTime, time, timings, _jiejing } of entries) {
      const { requestFirst, responseLast, connect } = _jiejing.times;
      const start = requestFirst ?? connect;
      expect(Date.parse(startedDateTime)).toBe(Math.floor(start.wallMs));
      expect(timings).toMatchObject({ blocked: -1, dns: -1, connect: -1, ssl: -1 });
      expect(Math.min(timings.send, timings.wait, timings.receive)).toBeGreaterThanOrEqual(0);
      expect(timings.send + timings.wait + timings.receive).toBeCloseTo(time, 2);
      if (responseLast !== null) expect(time).toBeCloseTo(responseLast.monoMs - requestFirst.monoMs, 2);
    }
  });

  it('hides neither what was refused nor what could not be read', () => {
    const [refused, opaque] = entries.slice(-2);
    expect(refused).toMatchObject({
      request: { method: '', url: 'https://api.example.com:443/', headersSize: -1, bodySize: -1 },
      response: { status: 0, bodySize: -1, _error: expect.stringMatching(/^refused: tls-/), content: { size: 0, mimeType: 'x-unknown' } },
      _jiejing: { state: 'refused', sni: 'api.example.com', tls: { client: { ja4: expect.stringMatching(/^t1/) } } },
    });
    expect(opaque).toMatchObject({
      request: { method: '', bodySize: 8, postData: { text: '' } },
      response: { status: 0, _error: expect.stringMatching(/^opaque: /) },
      comment: expect.stringMatching(/these bytes could not be read/),
      _jiejing: { state: 'opaque', requestBodyBase64: OPAQUE.toString('base64') },
    });
    expect(entryOf('/short')).toMatchObject({ response: { status: 200, _error: expect.stringMatching(/^truncated/) } });
    expect(entryOf('/json').response).not.toHaveProperty('_error');
  });

  it('says of each flow what the run knows', () => {
    const flow = run.events.find((event): event is Flow => event.kind === 'flow' && event.request?.target === '/json');
    const { kind: _, request: __, response: ___, bodies: ____, ...facts } = flow ?? ({} as Flow);
    expect(ours(entryOf('/json'))).toMatchObject(JSON.parse(JSON.stringify(facts)));
    expect(entryOf('/json')).toMatchObject({ serverIPAddress: '127.0.0.1', connection: String(flow?.peer?.port) });
  });

  it('names the run, the case and what wrote it, and warns of a simulated one', () => {
    const { log } = JSON.parse(text);
    expect(log).toMatchObject({
      version: '1.2',
      creator: TOOL,
      pages: [],
      _jiejing: { run: 'har-test', caseNumber: 'C-9', state: 'complete', runSha256: run.headSha256, logHeadSha256: run.lastSha256 },
    });
    expect(log).not.toHaveProperty('browser');
    expect(log).not.toHaveProperty('comment');
    const handset = { ...run.head.handset, kind: 'virtual', simulated: true } as const;
    const simulated = JSON.parse(harOf(run, () => {}, { head: { ...run.head, handset }, state: 'interrupted' })).log;
    for (const comment of [simulated.comment, simulated.creator.comment, simulated.browser.comment])
      expect(comment).toMatch(/不可作为证据.*not fit as evidence/);
    expect(simulated.comment).toMatch(/the run did not end/);
  });

  it('never has more than a part of a long body at hand', () => {
    let longest = 0;
    const watch = (length: number): void => void (longest = Math.max(longest, length));
    const pieces = [...harPieces(run, watch)];
    expect(longest).toBeLessThan(256 * 1024);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(512 * 1024);
    expect(pieces.join('')).toBe(text);
  });

  it('is made of a run of every older schema', () => {
    for (const version of ['v1', 'v2']) {
      const har = harOf(readRun(join('test/old-runs', version)));
      expect(faultsOf(har)).toEqual([]);
      expect(JSON.parse(har).log.entries.length).toBeGreaterThan(0);
    }
  });
});

describe.skipIf(CHROMIUM === undefined)("the importer of Chromium's DevTools", () => {
  it('opens it, and shows the same requests and the same bodies', async () => {
    const shown = await inDevTools(text);
    expect(shown).toHaveLength(entries.length);
    for (const [i, { request, response, time, serverIPAddress, connection }] of entries.entries()) {
      expect(shown[i]).toMatchObject({
        url: request.url,
        method: request.method,
        status: response.status,
        posted: request.postData?.text ?? null,
        remote: `${serverIPAddress}:${connection}`,
        cookies: response.cookies.map(({ name }: Entry) => name),
      });
      expect(shown[i]?.durationMs).toBeCloseTo(time, 1);
      const { body = '', isBase64 = false } = shown[i] ?? {};
      expect(Buffer.from(body, isBase64 ? 'base64' : 'utf8').equals(response.content.text ? contentOf(entries[i]) : Buffer.alloc(0))).toBe(
        true,
      );
    }
  });
});
