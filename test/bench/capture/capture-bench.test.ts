import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SMALL, bigBlocks, number, putDown, putUp } from './bodies.mjs';
import { check, checkUnused } from './check.mjs';
import type { Told } from './check.mjs';
import { DOWN, UP, openLog, readLog } from './contenders/capture-log.mjs';
import { readRun } from './contenders/run.mjs';
import { rows } from './goals.mjs';
import { MessageReader } from './http1.mjs';

const root = mkdtempSync(join(tmpdir(), 'jiejing-capture-bench-test-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function all<T>(each: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const one of each) list.push(one);
  return list;
}
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const upOf = (id: number): Buffer => {
  const body = Buffer.alloc(SMALL);
  putUp(body, 0, id);
  return body;
};
const downOf = (id: number): Buffer => {
  const body = Buffer.alloc(SMALL);
  putDown(body, 0, number(id));
  return body;
};
const told = (id: number, down = downOf(id)): Told => ({
  path: `/r/${number(id)}`,
  up: { bytes: SMALL, sha256: sha256(upOf(id)) },
  down: { bytes: down.length, sha256: sha256(down) },
});

describe('a record held against what was sent', () => {
  const spans = [{ kind: 'r', from: 1, to: 4 }];

  it.each([
    ['all of it', [told(1), told(2), told(3)], { captured: 3, lost: 0, twice: 0, altered: 0, strange: 0 }],
    ['one missing', [told(1), told(3)], { captured: 2, lost: 1, twice: 0, altered: 0, strange: 0 }],
    ['one twice', [told(1), told(2), told(3), told(2)], { captured: 3, lost: 0, twice: 1, altered: 0, strange: 0 }],
    ["another's answer", [told(1), told(2, downOf(3)), told(3)], { captured: 2, lost: 0, twice: 0, altered: 1, strange: 0 }],
    ['a cut answer', [told(1), told(2, downOf(2).subarray(0, 1000)), told(3)], { captured: 2, lost: 0, twice: 0, altered: 1, strange: 0 }],
    ['one never sent', [told(1), told(2), told(3), told(4)], { captured: 3, lost: 0, twice: 0, altered: 0, strange: 1 }],
    [
      'one marked as broken',
      [told(1), told(2), { path: told(3).path, error: 'x' }],
      { captured: 2, lost: 0, twice: 0, altered: 1, strange: 0 },
    ],
  ])('%s', async (_, records, counts) => {
    expect(await check(records, spans)).toMatchObject({ made: 3, ...counts });
  });

  it('counts connections without a request', async () => {
    const nothing = { path: null, error: 'refused' };
    expect(await checkUnused([nothing, nothing], 3)).toMatchObject({ captured: 2, lost: 1, strange: 0 });
    expect(await checkUnused([nothing, told(1)], 1)).toMatchObject({ captured: 1, lost: 0, strange: 1 });
    const gap = (what: string): Told => ({ ...nothing, gap: what });
    expect(await checkUnused([nothing, gap('tls-refused'), gap('other')], 2)).toMatchObject({ captured: 1, lost: 1, strange: 1 });
  });

  it('knows a large body by its hash', async () => {
    const bytes = 200_000;
    const whole = Buffer.concat([...bigBlocks(bytes)]);
    const big = (down: Uint8Array): Told => ({
      path: `/big/${number(1)}/${bytes}`,
      up: { bytes: 0, sha256: null },
      down: { bytes: down.length, sha256: sha256(down) },
    });
    const span = [{ kind: 'big', from: 1, to: 2, tail: `/${bytes}` }];
    expect(await check([big(whole)], span)).toMatchObject({ captured: 1 });
    whole[150_000] = 0;
    expect(await check([big(whole)], span)).toMatchObject({ captured: 0, altered: 1 });
  });
});

describe('a run of ours read back', () => {
  async function stored(
    change: (line: Record<string, unknown>) => Record<string, unknown>,
    bytes: Buffer = downOf(1),
  ): Promise<readonly Told[]> {
    const dir = mkdtempSync(join(root, 'run-'));
    mkdirSync(join(dir, 'bodies'));
    writeFileSync(join(dir, 'bodies/s1'), Buffer.concat([upOf(1), bytes]));
    const body = (of: string, offset: number, kept: Buffer): object => ({
      of,
      sha256: sha256(kept),
      bytes: SMALL,
      file: 'bodies/s1',
      offset,
      length: SMALL,
      state: 'whole',
    });
    const bodies = [body('request', 0, upOf(1)), body('response', SMALL, downOf(1))];
    const flow = { kind: 'flow', id: 'e2', state: 'whole', reason: null, request: { target: `/r/${number(1)}` }, bodies };
    writeFileSync(join(dir, 'events.jsonl'), `{"kind":"lifecycle"}\n${JSON.stringify(change(flow))}\n`);
    return await all(readRun(dir));
  }
  const span = [{ kind: 'r', from: 1, to: 2 }];

  it('gives what is stored', async () => {
    expect(await check(await stored((flow) => flow), span)).toMatchObject({ captured: 1, lost: 0 });
  });

  it('does not believe a hash: the stored bytes are hashed again', async () => {
    const other = downOf(1);
    other[500] = 0;
    expect(await check(await stored((flow) => flow, other), span)).toMatchObject({ captured: 0, altered: 1 });
  });

  it('does not take a truncated flow, a gap or a missing file for a capture', async () => {
    expect(await check(await stored((flow) => ({ ...flow, state: 'truncated' })), span)).toMatchObject({ captured: 0, altered: 1 });
    expect(await check(await stored(() => ({ kind: 'gap', what: 'x', why: 'y' })), span)).toMatchObject({ lost: 1, strange: 1 });
    expect(await check(await stored((flow) => flow, Buffer.alloc(0)), span)).toMatchObject({ captured: 0, altered: 1 });
  });
});

it('the log of the Node contenders comes back as it was put, across the reader’s blocks', async () => {
  const file = join(root, 'capture.log');
  const log = openLog(file);
  const put = Array.from({ length: 3000 }, (_, i) => ({
    id: i,
    kind: i % 2 === 0 ? UP : DOWN,
    bytes: Buffer.alloc(1 + ((i * 37) % 1500), i),
  }));
  for (const { id, kind, bytes } of put) log.put(id, kind, bytes);
  await log.end();
  const got = await all(readLog(file));
  expect(got.map(({ id, kind, bytes }) => [id, kind, sha256(bytes)])).toEqual(put.map(({ id, kind, bytes }) => [id, kind, sha256(bytes)]));
});

it('messages are read the same whole and byte by byte', () => {
  const wire = Buffer.from(
    'POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0a\r\n0123456789\r\n0\r\nX-End: 1\r\n\r\nGET /b HTTP/1.1\r\n\r\n',
  );
  const read = (pieces: readonly Buffer[]): readonly string[] => {
    const seen: string[] = [];
    let body = '';
    const reader = new MessageReader({
      head: (text) => seen.push(text.split('\r\n')[0] ?? ''),
      body: (bytes) => (body += bytes.toString()),
      end: () => {
        seen.push(body);
        body = '';
      },
    });
    for (const piece of pieces) reader.feed(piece);
    return seen;
  };
  const whole = ['POST /a HTTP/1.1', 'hello', 'HTTP/1.1 200 OK', 'abc0123456789', 'GET /b HTTP/1.1', ''];
  expect(read([wire])).toEqual(whole);
  expect(read(Array.from(wire, (byte) => Buffer.from([byte])))).toEqual(whole);
});

describe('goals', () => {
  const round = (figures: Readonly<Record<string, number>>, lost = 0) => ({
    figures,
    check: { made: 10, captured: 10 - lost, lost, twice: 0, altered: 0, strange: 0 },
  });

  it('takes the median of the ratios of each round, not the ratio of medians', () => {
    const relay = [1, 10, 1].map((cpuMs) => round({ cpuMs, perSecond: 100 }));
    const stock = [4, 20, 6].map((cpuMs) => round({ cpuMs, perSecond: 40 }));
    const [cpu, speed] = rows({ steady: { relay, stock } });
    expect(cpu).toMatchObject({ what: 'CPU a request, relay, less than stock', goal: 3.5, reached: 4, least: true });
    expect(speed).toMatchObject({ what: 'requests a second, relay, more than stock', goal: 3, reached: 2.5, least: true });
  });

  it('a round in which one of the two failed counts for neither, and no round at all meets no goal', () => {
    const relay = [round({ p50Ms: 1 }), null];
    expect(rows({ leaf: { relay, stock: [round({ p50Ms: 200 }), round({ p50Ms: 9 })] } })[0]).toMatchObject({ reached: 200 });
    expect(rows({ leaf: { relay, stock: [null, round({ p50Ms: 9 })] } })[0]?.reached).toBeNaN();
  });

  it('says what a contender did not capture', () => {
    const list = rows({ steady: { mockttp: [round({}), round({}, 3)] } });
    expect(list).toMatchObject([{ what: 'requests that mockttp did not capture as sent', goal: 0, reached: 3 }]);
  });
});
