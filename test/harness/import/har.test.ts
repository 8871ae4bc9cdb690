import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Flow } from '../../../harness/model/event.js';
import { scanHar } from '../../../harness/import/har-scan.js';
import { timeOf } from '../../../harness/import/har-time.js';
import { brokenAt } from '../../../harness/import/json-fault.js';
import { fileBodies } from '../../../harness/store/bodies.js';
import { FILES, entry, harOf, imported } from './evidence-folder.js';

const folder = mkdtempSync(join(tmpdir(), 'jiejing-har-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The one flow of a HAR with this entry, with the bytes of its request's body. */
async function flowOf(request: object, more: object = {}): Promise<Flow & { readonly sent: Buffer; readonly received: Buffer }> {
  const run = await imported({ ...FILES, 'flows.har': harOf(entry(2000, request, more)) });
  const flow = run.events.find((e): e is Flow => e.kind === 'flow');
  if (flow === undefined) throw new Error('no flow');
  const bodies = fileBodies(run.dir);
  const bytes = (of: string): Buffer =>
    Buffer.concat(flow.bodies.filter((body) => body.of === of).map(({ file, offset, length }) => bodies.read(file, offset, length)));
  const all = { ...flow, sent: bytes('request'), received: bytes('response') };
  bodies.close();
  return all;
}

describe('an entry', () => {
  it.each([
    ['https://api.example.com:8443/a?b=1#c', ['https', 'api.example.com', 8443, '/a?b=1', 'https://api.example.com:8443/a?b=1']],
    ['http://user:pw@Example.com', ['http', 'example.com', 80, '/', 'http://Example.com/']],
    ['https://[2001:db8::1]/x', ['https', '2001:db8::1', 443, '/x', 'https://[2001:db8::1]/x']],
    ['https://example.com?q=齐宇', ['https', 'example.com', 443, '/?q=齐宇', 'https://example.com/?q=齐宇']],
    ['wss://example.com/s', ['https', 'example.com', 443, '/s', 'https://example.com/s']],
  ])('%s is taken apart and not rewritten', async (url, parts) => {
    const { scheme, host, port, request } = await flowOf({ url });
    expect([scheme, host, port, request?.target, request?.url]).toEqual(parts);
  });

  it('has its query from the list where the URL has none, and its path from HTTP/2', async () => {
    const query = [
      { name: 'p', value: '140 1234&5' },
      { name: 'q', value: '%41' },
    ];
    expect((await flowOf({ url: 'https://a.example/x', queryString: query })).request?.target).toBe('/x?p=140%201234%265&q=%41');
    const headers = [
      { name: ':method', value: 'GET' },
      { name: ':path', value: '/as/sent?a=%2f' },
      { name: 'x', value: 'y' },
    ];
    const { request } = await flowOf({ url: 'https://a.example/as/sent?a=/', headers, httpVersion: 'h2' });
    expect(request).toMatchObject({ target: '/as/sent?a=%2f', headers: [['x', 'y']], version: 'h2' });
  });

  it('has cookies that stand in their list only', async () => {
    const cookies = [
      { name: 'a', value: '1' },
      { name: 'b', value: '2' },
    ];
    expect((await flowOf({ cookies })).request?.headers).toContainEqual(['cookie', 'a=1; b=2']);
    expect((await flowOf({ cookies, headers: [{ name: 'Cookie', value: 'a=1' }] })).request?.headers).toEqual([['Cookie', 'a=1']]);
  });

  it.each([
    ['text', { text: '齐é' }, Buffer.from('齐é')],
    ['base64', { text: '+/8=', encoding: 'base64' }, Buffer.from([0xfb, 0xff])],
    ['bytes that were no text', { text: 'a\udcff\udc80b' }, Buffer.from([0x61, 0xff, 0x80, 0x62])],
    [
      'a form',
      { mimeType: 'application/x-www-form-urlencoded', params: [{ name: 'a', value: '1 2' }, { name: 'b' }] },
      Buffer.from('a=1%202&b='),
    ],
    [
      'a form in parts',
      { mimeType: 'multipart/form-data; boundary=XX', params: [{ name: 'f', value: 'body', fileName: 'n.txt' }] },
      Buffer.from('--XX\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\n\r\nbody\r\n--XX--\r\n'),
    ],
  ])('has a body of %s byte for byte', async (_, postData, bytes) => {
    expect((await flowOf({ postData })).sent).toEqual(bytes);
  });

  it('of ours has the binary body that stands beside it, and a response in base64 is bytes again', async () => {
    const content = { size: 2, mimeType: 'image/png', encoding: 'base64', text: '+/8=' };
    const flow = await flowOf(
      { postData: { mimeType: 'x', text: '' } },
      { _jiejing: { requestBodyBase64: 'AAE=' }, response: { status: 200, content } },
    );
    expect([flow.sent, flow.received]).toEqual([Buffer.from([0, 1]), Buffer.from([0xfb, 0xff])]);
  });

  it.each([
    ['no answer', {}, { response: { status: 0, _error: 'net::ERR_TIMED_OUT' } }, ['truncated', 'net::ERR_TIMED_OUT', null]],
    ['no word of an answer', {}, { response: undefined }, ['whole', null, null]],
    ['a tunnel', { method: 'CONNECT', url: 'example.com:443' }, {}, ['opaque', 'upgrade: CONNECT', 200]],
  ])('with %s', async (_, request, more, facts) => {
    const { state, reason, response } = await flowOf(request, more);
    expect([state, reason, response?.status ?? null]).toEqual(facts);
  });

  it('is nobody’s where no app is named, and lasts until its request was out', async () => {
    const flow = await flowOf(
      {},
      { _app: undefined, timings: { blocked: 100, dns: -1, connect: 20, send: 5, wait: 50, receive: 7 }, serverIPAddress: '[::1]' },
    );
    expect(flow.owner).toEqual({ uid: null, package: null, pid: null, how: 'unknown' });
    expect([flow.times.requestFirst?.ms, flow.times.requestLast?.ms, flow.times.responseLast?.ms]).toEqual([1500, 1625, 1682]);
    expect(flow.peer).toEqual({ ip: '::1', port: 443, certificateSha256: null });
  });

  it.each([
    ['none of its body', { bodySize: 12 }, [[], ['body-cut not-in-evidence: f1 api.example.com']]],
    [
      'no byte where there was one',
      { headers: [{ name: 'Content-Length', value: '3' }] },
      [[], ['body-cut not-in-evidence: f1 api.example.com']],
    ],
    ['bytes that are lost', { postData: { text: 'a\ufffdb' } }, [['cut'], []]],
    ['a body of nothing', { bodySize: 0 }, [[], []]],
  ])('of which the HAR holds %s', async (_, request, [states, gaps]) => {
    const run = await imported({ ...FILES, 'flows.har': harOf(entry(2000, request)) });
    const flow = run.events.find((e): e is Flow => e.kind === 'flow');
    expect(flow?.bodies.filter(({ of }) => of === 'request').map(({ state }) => state)).toEqual(states);
    expect(run.events.flatMap((e) => (e.kind === 'gap' && e.source === 'proxy' ? [`${e.what} ${e.why} ${e.scope.host}`] : []))).toEqual(
      gaps,
    );
    expect(run.told.counts.gaps).toBe(1 + (gaps?.length ?? 0));
  });

  it('that never left the machine is left out, and said so', async () => {
    const run = await imported({ ...FILES, 'flows.har': harOf(entry(1, { url: 'data:text/plain,x' }), entry(2)) });
    expect(run.events.filter((e) => e.kind === 'flow').map(({ id }) => id)).toEqual(['f2']);
    expect(run.told.remarks.map(({ en }) => en)).toContainEqual('1 entries did not go over the network (data:, blob: …): left out');
    expect(run.events.some((e) => e.kind === 'gap' && e.source === 'proxy')).toBe(false);
    const other = await imported({ ...FILES, 'flows.har': harOf(entry(1, { url: 'mqtt://a.example:1883/x' }), entry(2)) });
    expect(other.events.flatMap((e) => (e.kind === 'gap' && e.source === 'proxy' ? [e.why] : []))).toEqual([
      'not-tls-nor-http: flows.har, item 1',
    ]);
  });
});

describe('a time', () => {
  it.each([
    ['2026-01-05T10:00:00.123456+08:00', null, Date.UTC(2026, 0, 5, 2) + 123.456],
    ['2026-01-05T02:00:00Z', 480, Date.UTC(2026, 0, 5, 2)],
    ['2026-01-05T10:00:00', 480, Date.UTC(2026, 0, 5, 2)],
    ['2026-01-04 21:30:00-0430', null, Date.UTC(2026, 0, 5, 2)],
  ])('%s', (text, zone, ms) => {
    const time = timeOf(text, zone);
    expect(time.kind === 'moment' ? time.ms : NaN).toBeCloseTo(ms, 3);
  });
  it.each(['2026-02-30T00:00:00Z', 'yesterday', '2026-01-05', '2026-01-05T10:61:00Z', '2026-01-05T10:00:00+99:00'])(
    '%s is none',
    (text) => {
      expect(timeOf(text, 0).kind).toBe('none');
    },
  );
});

const scan = (file: string): ReturnType<typeof scanHar> =>
  scanHar({ file, name: 'x.har', digest: createHash('sha256'), turn: () => Promise.resolve() });

describe('the scan of a HAR', () => {
  it('finds the entries of any JSON, however it is written', async () => {
    const file = join(folder, 'any.har');
    const text = fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', 'log', 'entries', ':', ',', '齐', '\n') });
    const object = fc.dictionary(text, fc.oneof(text, fc.array(text), fc.constant({ log: { entries: [{}] } }), fc.integer()));
    await fc.assert(
      fc.asyncProperty(fc.array(object), object, object, fc.constantFrom(0, 1), async (entries, log, top, indent) => {
        const { entries: _, ...others } = log;
        const { log: __, ...around } = top;
        writeFileSync(file, `\ufeff${JSON.stringify({ ...around, log: { ...others, entries } }, null, indent)}`);
        const bytes = Buffer.from(JSON.stringify({ ...around, log: { ...others, entries } }, null, indent));
        const found = (await scan(file)).entries;
        expect(found.map(({ start, end }) => JSON.parse(bytes.toString('utf8', start - 3, end - 3)))).toEqual(
          JSON.parse(JSON.stringify(entries)),
        );
      }),
    );
  });

  it('does so across the pieces in which a file is read', async () => {
    const file = join(folder, 'long.har');
    const long = '\\"{["'.repeat(300_000);
    const entries = [{ a: long }, { b: 1, c: long }, { d: `${long}\\` }];
    writeFileSync(file, JSON.stringify(harOf(...entries)));
    expect((await scan(file)).entries.map(({ number }) => number)).toEqual([1, 2, 3]);
  });
});

it('a fault in JSON is found where JSON.parse stops', () => {
  const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"\\u12', '1', '-', 'true', 'nul', ' ', '\n', '"');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      let good = true;
      try {
        JSON.parse(text);
      } catch {
        good = false;
      }
      const at = brokenAt(text);
      if (good) expect(at).toBe(text.length);
      // Whatever stands behind that place, it stays broken; what stands before it could still become JSON.
      else expect(at).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: 2000 },
  );
  expect([brokenAt('{"a":1,}'), brokenAt('[1,2'), brokenAt('{"a" 1}'), brokenAt('"a\nb"'), brokenAt('[1] 2')]).toEqual([7, 4, 5, 2, 4]);
});
