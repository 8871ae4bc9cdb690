import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificates } from '../certificates.js';
import type { Launcher, LaunchParts, ProxyUnderTest } from '../record.js';
import { contendersBelow } from './find.mjs';
import mitmproxy from './mitmproxy.js';
import mockttp from './mockttp.js';
import stock from './stock.js';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const found = contendersBelow(join(folder, '../..'));
const sha256 = (body: string): string => createHash('sha256').update(body).digest('hex');

const contenders: readonly (readonly [string, Launcher, boolean])[] = [
  ['stock', stock, found.stock !== null],
  ['mockttp', mockttp, found.mockttp !== null],
  ['mitmproxy', mitmproxy, found.mitmproxy !== null],
];

let origin: Server;
let port: number;
beforeAll(async () => {
  origin = createServer(
    (req, res) => void req.resume().once('end', () => res.writeHead(200, 'Fine', { 'X-Seen': 'yes' }).end('the answer')),
  );
  await new Promise<void>((done) => origin.listen(0, '127.0.0.1', done));
  port = (origin.address() as AddressInfo).port;
});
afterAll(() => void origin.close());

/** One POST in absolute form to a proxy; the status, or 0 when it broke. */
function post(proxy: ProxyUnderTest, host: string): Promise<number> {
  return new Promise((done) => {
    const to = {
      host: '127.0.0.1',
      port: proxy.port,
      method: 'POST',
      path: `http://${host}:${port}/echo?q=1`,
      headers: { Host: `${host}:${port}` },
    };
    const sent = request(to, (answer) => void answer.resume().once('close', () => done(answer.statusCode ?? 0)));
    sent.once('error', () => done(0)).end('abc');
  });
}

async function recordOf(proxy: ProxyUnderTest): Promise<Awaited<ReturnType<ProxyUnderTest['record']>>> {
  await new Promise((done) => setTimeout(done, 500));
  return proxy.record();
}

describe.each(contenders)('%s', (name, launcher, installed) => {
  let dataDir: string;
  let proxy: ProxyUnderTest;
  beforeAll(async () => {
    if (!installed) return;
    dataDir = mkdtempSync(join(tmpdir(), 'contender-'));
    const upstreamCaFile = join(dataDir, 'upstream.pem');
    const upstreamCaPem = makeCertificates(Date.now()).caPem;
    writeFileSync(upstreamCaFile, upstreamCaPem);
    const parts: LaunchParts = { dataDir, upstreamCaPem, upstreamCaFile, resolve: [{ host: '*.bench.test', ip: '127.0.0.1' }], folder };
    proxy = await launcher(parts);
  });
  afterAll(async () => {
    if (!installed) return;
    await proxy.stop();
    expect(proxy.alive()).toBe(false);
    rmSync(dataDir, { recursive: true, force: true });
  });

  it.skipIf(!installed)('records an exchange as it was at both ends', async () => {
    expect(proxy).toMatchObject({ name, caPem: expect.stringContaining('BEGIN CERTIFICATE') });
    expect(await post(proxy, 'a.bench.test')).toBe(200);
    const record = await recordOf(proxy);
    expect(record).toHaveLength(1);
    expect(record[0]).toMatchObject({
      kind: 'exchange',
      host: 'a.bench.test',
      port,
      method: 'POST',
      status: 200,
      reason: 'Fine',
      synthetic: false,
    });
    expect(record[0]).toMatchObject({ hostHeader: `a.bench.test:${port}`, requestBody: { bytes: 3, sha256: sha256('abc') } });
    expect(record[0]).toMatchObject({ responseBody: { bytes: 10, sha256: sha256('the answer') } });
    expect(proxy.alive()).toBe(true);
    expect(proxy.descriptors()).toBeGreaterThan(3);
    expect(proxy.rssBytes()).toBeGreaterThan(1 << 20);
  });

  it.skipIf(!installed)('asks nobody outside for a name', async () => {
    const before = (await proxy.record()).length;
    expect(await post(proxy, 'b.a.bench.test')).not.toBe(200);
    const after = (await recordOf(proxy)).slice(before);
    expect(after).toContainEqual(expect.objectContaining({ kind: 'upstream-failed', host: 'b.a.bench.test', synthetic: true }));
  });
});
