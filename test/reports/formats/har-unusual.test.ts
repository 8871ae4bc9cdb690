import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Draft, Flow, FlowTimes } from '../../../harness/model/event.js';
import type { RunRecorder } from '../../../harness/store/create.js';
import { readRun, type RecordedRun } from '../../../harness/store/read.js';
import { harCounts } from '../../../reports/formats/har.js';
import { flow as sampleFlow, openRun } from '../../harness/store/sample.js';
import { CHROMIUM, inDevTools } from './devtools.js';
import { faultsOf, harOf } from './har-capture.js';

type FlowDraft = Extract<Draft, { kind: 'flow' }>;
type Entry = ReturnType<typeof JSON.parse>;
const ours = ({ _jiejing }: Entry): Entry => _jiejing;
const messagesOf = ({ _webSocketMessages }: Entry): readonly Entry[] => _webSocketMessages;

const root = mkdtempSync(join(tmpdir(), 'jiejing-har-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

let runs = 0;
/** A run that a real store wrote, read back. */
async function recorded(write: (recorder: RunRecorder) => Promise<void>): Promise<RecordedRun> {
  runs += 1;
  const dir = join(root, `run-${runs}`);
  const recorder = openRun(dir);
  await write(recorder);
  recorder.close('complete', null);
  recorder.clock.close();
  return readRun(dir);
}

function entriesOf(run: RecordedRun): readonly Entry[] {
  const text = harOf(run);
  expect(faultsOf(text)).toEqual([]);
  return JSON.parse(text).log.entries;
}

const NO_TIMES: FlowTimes = {
  connect: { wallMs: 1_790_000_000_000, monoMs: 1000, ms: 0 },
  clientHello: null,
  handshake: null,
  requestFirst: null,
  requestLast: null,
  responseFirst: null,
  responseLast: null,
};
const moment = (ms: number): FlowTimes['connect'] => ({ wallMs: 1_790_000_001_000 + ms, monoMs: 2000 + ms, ms });

function flow(recorder: RunRecorder, parts: Partial<Flow>): void {
  const draft = sampleFlow(recorder, []) as FlowDraft; // what the sample makes is a flow
  recorder.write({ ...draft, ...parts, kind: 'flow' });
}

interface Said {
  readonly n: number;
  readonly of: 'request' | 'response';
  readonly opcode: 'text' | 'binary';
  readonly data: Uint8Array;
}

async function message(recorder: RunRecorder, channel: number, { n, of, opcode, data }: Said): Promise<void> {
  const writer = recorder.body(of);
  writer.write(data);
  const body = await writer.end('whole');
  flow(recorder, {
    n,
    request: null,
    bodies: body === null ? [] : [body],
    websocket: { kind: 'message', channel, number: n - channel, opcode, compressed: true },
    times: { ...NO_TIMES, [of === 'request' ? 'requestFirst' : 'responseFirst']: moment(n) },
  });
}

const SAID: readonly Said[] = [
  { n: 3, of: 'request', opcode: 'text', data: Buffer.from('你好 \u001b[1m') },
  { n: 4, of: 'response', opcode: 'binary', data: Buffer.from('plain but binary') },
  { n: 5, of: 'response', opcode: 'text', data: Buffer.alloc(0) },
  { n: 6, of: 'request', opcode: 'text', data: Buffer.from([0xff, 0xfe]) },
  { n: 7, of: 'request', opcode: 'binary', data: Buffer.alloc(300_001, 7) },
];
const CHANNEL: Partial<Flow> = {
  n: 2,
  request: {
    method: 'GET',
    target: '/ws?x=1',
    url: 'https://risk.example.com/ws?x=1',
    version: 'HTTP/1.1',
    headers: [['Upgrade', 'websocket']],
    trailers: [],
    raw: null,
  },
  response: { status: 101, reason: 'Switching Protocols', version: 'HTTP/1.1', headers: [], trailers: [], interim: [], raw: null },
  websocket: { kind: 'channel', messages: { request: 3, response: 2 }, closes: [{ by: 'client', code: 1000, reason: 'bye' }] },
  times: { ...NO_TIMES, requestFirst: moment(0), requestLast: moment(1), responseFirst: moment(2), responseLast: moment(90) },
};

async function frames(recorder: RunRecorder): Promise<Flow['bodies']> {
  const writer = recorder.body('request');
  writer.write(Buffer.from([0x81, 0x80, 1, 2, 3, 4]));
  const body = await writer.end('whole');
  return body === null ? [] : [body];
}

describe('a WebSocket', () => {
  it('has its messages in the entry of its channel, as Chrome exports them', async () => {
    const run = await recorded(async (recorder) => {
      for (const said of SAID) await message(recorder, 2, said);
      flow(recorder, { ...CHANNEL, bodies: await frames(recorder) });
    });
    const [entry, ...others] = entriesOf(run);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      _resourceType: 'websocket',
      time: 90,
      request: { method: 'GET', url: 'wss://risk.example.com/ws?x=1', queryString: [{ name: 'x', value: '1' }], bodySize: 6 },
      response: { status: 101 },
      comment: expect.stringMatching(/export --bodies/),
      _jiejing: { n: 2, websocket: { closes: [{ by: 'client', code: 1000, reason: 'bye' }] } },
    });
    expect(entry.request).not.toHaveProperty('postData');
    expect(messagesOf(entry).map(({ type, opcode, time, data }: Entry) => [type, opcode, time, data.slice(0, 8)])).toEqual([
      ['send', 1, 1_790_000_001.003, '你好 \u001b[1m'],
      ['receive', 2, 1_790_000_001.004, 'cGxhaW4g'],
      ['receive', 1, 1_790_000_001.005, ''],
      ['send', 1, 1_790_000_001.006, '//4='],
      ['send', 2, 1_790_000_001.007, 'BwcHBwcH'],
    ]);
    for (const [i, { data, _jiejing }] of messagesOf(entry).entries()) {
      const bytes = Buffer.from(data, _jiejing.encoding);
      expect(bytes.equals(SAID[i]?.data ?? Buffer.alloc(1))).toBe(true);
      expect(_jiejing).toMatchObject({ n: SAID[i]?.n, sha256: bytes.length === 0 ? null : sha256(bytes), compressed: true });
    }
    expect(harCounts(run.events)).toEqual({ flows: 6, entries: 1, webSocketMessages: 5, dns: 0, gaps: 0 });
  });

  it.skipIf(CHROMIUM === undefined)("shows them in Chromium's DevTools", async () => {
    const run = await recorded(async (recorder) => {
      for (const said of SAID.slice(0, 3)) await message(recorder, 2, said);
      flow(recorder, CHANNEL);
    });
    expect(await inDevTools(harOf(run))).toMatchObject([
      {
        type: 'websocket',
        url: 'wss://risk.example.com/ws?x=1',
        frames: [
          { type: 'send', opCode: 1, text: '你好 \u001b[1m' },
          { type: 'receive', opCode: 2, text: Buffer.from('plain but binary').toString('base64') },
          { type: 'receive', opCode: 1, text: '' },
        ],
      },
    ]);
  });

  it('of which the end was not recorded still shows its messages', async () => {
    const run = await recorded(async (recorder) => {
      flow(recorder, { n: 1, times: { ...NO_TIMES, requestFirst: moment(0) } });
      for (const said of SAID.slice(0, 2)) await message(recorder, 2, said);
    });
    const [, entry] = entriesOf(run);
    expect(entry).toMatchObject({
      request: { method: '', url: 'wss://risk.example.com:443/' },
      response: { status: 0, _error: 'truncated: the end of this WebSocket was not recorded' },
      _jiejing: { id: null, n: 2, websocket: null },
    });
    expect(messagesOf(entry)).toHaveLength(2);
    expect(harCounts(run.events)).toMatchObject({ flows: 3, entries: 2, webSocketMessages: 2 });
  });

  it('whose frames could not be read shows their bytes', async () => {
    const run = await recorded(async (recorder) => {
      flow(recorder, { ...CHANNEL, state: 'opaque', reason: 'websocket-extension: x', bodies: await frames(recorder) });
    });
    const [entry] = entriesOf(run);
    expect(ours(entry).requestBodyBase64).toBe('gYABAgME');
    expect(entry).toMatchObject({ response: { status: 101, _error: 'opaque: websocket-extension: x' }, _webSocketMessages: [] });
  });
});

describe('what is no exchange', () => {
  it('leaves DNS out and says how much of it there was', async () => {
    const run = await recorded(async (recorder) => {
      for (const n of [1, 2]) flow(recorder, { n, door: 'dns', scheme: 'udp', port: 53, request: null });
      flow(recorder, { n: 3 });
    });
    const { log } = JSON.parse(harOf(run));
    expect(log.entries.map((entry: Entry) => entry.request.url)).toEqual(['https://risk.example.com/d']);
    expect(ours(log).counts).toMatchObject({ flows: 3, entries: 1, dns: 2 });
  });

  it('gives what has no URL one that can be read, and keeps the name as it came', async () => {
    const asked: readonly (readonly [Partial<Flow>, string])[] = [
      [{ scheme: 'tcp', host: 'a b\u0000/<x>', port: 0 }, 'tcp://unreadable.invalid/'],
      [{ scheme: 'udp', host: '2001:db8::1', port: 443 }, 'udp://[2001:db8::1]:443/'],
      [{ scheme: 'https', host: 'pinned.example.com', port: 8443 }, 'https://pinned.example.com:8443/'],
    ];
    const run = await recorded(async (recorder) => {
      for (const [i, [parts]] of asked.entries())
        flow(recorder, { n: i + 1, request: null, state: 'refused', reason: 'tls-alert: 48', synthetic: ['answer'], ...parts });
    });
    const entries = entriesOf(run);
    expect(entries.map(({ request }) => request.url)).toEqual(asked.map(([, url]) => url));
    expect(ours(entries[0]).host).toBe('a b\u0000/<x>');
    expect(entries[0]).toMatchObject({
      comment: expect.stringMatching(/the proxy told the app that there is no way/),
      response: { status: 0, _error: 'refused: tls-alert: 48' },
    });
  });

  it('puts entries in the order in which they began, not in that in which they were written', async () => {
    const run = await recorded(async (recorder) => {
      const [early, late] = [recorder.clock.now(), recorder.clock.now()];
      flow(recorder, { n: 2, at: late });
      flow(recorder, { n: 1, at: early });
    });
    expect(entriesOf(run).map(({ _jiejing }) => _jiejing.n)).toEqual([1, 2]);
  });

  it('writes protocol versions as Chrome does', async () => {
    const versions = ['HTTP/2', 'HTTP/2.0', 'HTTP/1.0', '1.1', 'HTTP/3'];
    const run = await recorded(async (recorder) => {
      for (const [i, version] of versions.entries())
        flow(recorder, { n: i + 1, request: { ...(sampleFlow(recorder, []) as FlowDraft).request, version } as Flow['request'] });
    });
    expect(entriesOf(run).map(({ request }) => request.httpVersion)).toEqual(['h2', 'h2', 'HTTP/1.0', 'HTTP/1.1', 'h3']);
  });

  it('says which bytes are missing of a body that was cut', async () => {
    const run = await recorded(async (recorder) => {
      const writer = recorder.body('response');
      writer.write(Buffer.from('the first'));
      const body = await writer.end('cut');
      if (body === null) throw new Error('no body');
      flow(recorder, { n: 1, state: 'cut', bodies: [{ ...body, bytes: 100 }] });
    });
    const [entry] = entriesOf(run);
    expect(entry.response).toMatchObject({
      bodySize: 100,
      content: { text: 'the first', size: 9, comment: expect.stringMatching(/only the first 9 of 100 bytes were kept/) },
    });
  });
});
