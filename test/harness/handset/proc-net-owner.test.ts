import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createProcNetOwner } from '../../../harness/handset/proc-net-owner.js';
import type { ProcNetOwner, ProcNetParts } from '../../../harness/handset/proc-net-owner.js';
import { readPackages, readSocketHolders, readSocketTable } from '../../../harness/handset/proc-net.js';

const TCP = '/proc/net/tcp';
const TCP6 = '/proc/net/tcp6';
const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n';
const HEAD6 =
  '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
/** As an Android kernel prints them. */
const SAMPLE = `${HEAD}${[
  '   0: 0100007F:13AD 00000000:0000 0A 00000000:00000000 00:00000000 00000000  2000        0 23456 1 0000000000000000 100 0 0 10 0                     ',
  '   1: 0F02000A:9C40 0202000A:1F90 01 00000000:00000000 02:000005A1 00000000 10123        0 34567 2 0000000000000000 21 4 30 10 -1                    ',
  '   2: 0F02000A:9C42 0202000A:1F90 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0000000000000000                                      ',
].join('\n')}\n`;
const SAMPLE6 = `${HEAD6}${[
  '   0: 0000000000000000FFFF00000F02000A:9C44 0000000000000000FFFF00000202000A:1F90 01 00000000:00000000 00:00000000 00000000 10124        0 45678 1 0000000000000000 22 4 24 10 -1',
  '   1: B80D0120000000000000000001000000:9C46 B80D0120000000000000000002000000:01BB 02 00000001:00000000 01:00000040 00000001 10125        0 45679 2 0000000000000000 100 4 0 10 -1',
].join('\n')}\n`;

describe('a table of the kernel', () => {
  test('gives addresses in the order of their bytes, uid and inode', () => {
    expect(readSocketTable(SAMPLE)).toEqual([
      { local: { ip: '127.0.0.1', port: 5037 }, remote: { ip: '0.0.0.0', port: 0 }, state: 10, uid: 2000, inode: 23_456 },
      { local: { ip: '10.0.2.15', port: 40_000 }, remote: { ip: '10.0.2.2', port: 8080 }, state: 1, uid: 10_123, inode: 34_567 },
      { local: { ip: '10.0.2.15', port: 40_002 }, remote: { ip: '10.0.2.2', port: 8080 }, state: 6, uid: 0, inode: 0 },
    ]);
  });

  test('gives IPv4 inside IPv6 as IPv4, and IPv6 in its shortest form', () => {
    expect(readSocketTable(SAMPLE6)).toEqual([
      { local: { ip: '10.0.2.15', port: 40_004 }, remote: { ip: '10.0.2.2', port: 8080 }, state: 1, uid: 10_124, inode: 45_678 },
      { local: { ip: '2001:db8::1', port: 40_006 }, remote: { ip: '2001:db8::2', port: 443 }, state: 2, uid: 10_125, inode: 45_679 },
    ]);
  });

  test('may be empty, and may come with the line ends of a terminal', () => {
    expect(readSocketTable(HEAD)).toEqual([]);
    expect(readSocketTable(SAMPLE.replaceAll('\n', '\r\n'))).toEqual(readSocketTable(SAMPLE));
  });

  test.each([
    ['nothing', ''],
    ['an error of adb', 'error: device offline\n'],
    ['a refusal', 'cat: /proc/net/tcp: Permission denied\n'],
    ['half a line', SAMPLE.slice(0, 250)],
    ['a table without its last line end', SAMPLE.slice(0, -1)],
    ['a line that is none', `${HEAD}   0: 0100007F:13AD zz\n`],
  ])('is not %s', (_, text) => {
    expect(readSocketTable(text)).toBeNull();
  });

  test('whatever comes, nothing is thrown', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.nat(SAMPLE6.length), (text, at) => {
        readSocketTable(text);
        readSocketTable(SAMPLE6.slice(0, at) + text + SAMPLE6.slice(at));
        readSocketHolders(text);
        readPackages(text)(10_123);
      }),
      { numRuns: 10_000 },
    );
  });
});

test('holders of sockets are read from a listing, and one that two processes hold has none', () => {
  const holders = readSocketHolders(
    [
      '/proc/812/fd:',
      'total 0',
      'lrwx------ 1 u0_a123 u0_a123 64 2024-05-01 10:00 41 -> socket:[34567]',
      'lrwx------ 1 u0_a123 u0_a123 64 2024-05-01 10:00 42 -> socket:[34567]',
      'lrwx------ 1 u0_a123 u0_a123 64 2024-05-01 10:00 43 -> socket:[7]',
      'l-wx------ 1 u0_a123 u0_a123 64 2024-05-01 10:00 44 -> /dev/null',
      '',
      '/proc/913/fd:',
      'lrwx------ 1 u0_a124 u0_a124 64 2024-05-01 10:00 3 -> socket:[7]',
      'lrwx------ 1 u0_a124 u0_a124 64 2024-05-01 10:00 4 -> socket:[8]\r',
      'ls: /proc/914/fd: No such file or directory',
    ].join('\n'),
  );
  expect([...holders]).toEqual([
    [34_567, 812],
    [7, null],
    [8, 913],
  ]);
});

test('packages are read by uid, in each user, and a uid that several share names none', () => {
  const packageOf = readPackages(
    'package:com.example.loan uid:10123\r\npackage:com.example.twin uid:10124,99910124\npackage:com.android.phone uid:1001\npackage:com.android.mms uid:1001\n\nError: x\n',
  );
  expect([10_123, 99_910_123, 10_124, 1001, 10_125, 99_123].map(packageOf)).toEqual([
    'com.example.loan',
    'com.example.loan',
    'com.example.twin',
    null,
    null,
    null,
  ]);
});

/** A handset whose tables are what a test says, at the times that it says. */
class Handset {
  nowMs = 0;
  tables: Record<string, string | Error> = { [TCP]: HEAD, [TCP6]: HEAD6 };
  fds = '';
  readonly faults: string[] = [];
  #reads: (() => void)[] = [];
  readonly owner: ProcNetOwner;

  constructor(over: Partial<ProcNetParts> = {}) {
    this.owner = createProcNetOwner({
      read: (path) =>
        new Promise((resolve, reject) => {
          this.#reads.push(() => {
            const text = this.tables[path] ?? new Error('no such file');
            if (typeof text === 'string') resolve(text);
            else reject(text);
          });
        }),
      tables: [TCP, TCP6],
      listFds: null,
      packageOf: (uid) => (uid === 10_123 ? 'com.example.loan' : null),
      leads: null,
      everyMs: 1,
      nowMs: () => this.nowMs,
      onFault: (path, cause) => this.faults.push(`${path}: ${String(cause)}`),
      ...over,
    });
  }

  /** Lets the poll under way read its tables now, after the time has gone on; the next one begins then. */
  async poll(afterMs = 10): Promise<void> {
    for (let table = 0; table < 2; table += 1) {
      while (this.#reads.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      this.nowMs += afterMs;
      this.#reads.shift()?.();
    }
    while (this.#reads.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** A connection that our side takes now, from this port. */
  taken(port: number): () => ReturnType<ProcNetOwner['owner']> {
    this.nowMs += 1;
    const sinceMs = this.nowMs;
    return () => this.owner.owner(port, sinceMs);
  }
}

interface Row {
  readonly port: number;
  readonly uid: number;
  readonly inode: number;
  readonly state?: string;
  readonly to?: string;
}
const row = ({ port, uid, inode, state = '01', to = '0202000A:1F90' }: Row): string =>
  `   1: 0F02000A:${port.toString(16).toUpperCase().padStart(4, '0')} ${to} ${state} 00000000:00000000 02:000005A1 00000000 ${uid}        0 ${inode} 2 0000000000000000 21 4 30 10 -1\n`;
const LOAN = { uid: 10_123, package: 'com.example.loan', pid: null, how: 'proc-net' };

let handset: Handset;
afterEach(() => handset?.owner.stop());

describe('the owner of a connection', () => {
  test('is known from the first poll after it was taken, and stays known when it has gone', async () => {
    handset = new Handset();
    await handset.poll();
    const owner = handset.taken(40_000);
    handset.tables[TCP] = HEAD + row({ port: 40_000, uid: 10_123, inode: 1 });
    expect(owner()).toBeNull();
    // This poll had begun before.
    await handset.poll();
    expect(owner()).toBeNull();
    await handset.poll();
    expect(owner()).toEqual(LOAN);
    handset.tables[TCP] = HEAD;
    await handset.poll();
    await handset.poll();
    expect(owner()).toEqual(LOAN);
    await handset.poll(61_000);
    expect(owner()).toBeNull();
  });

  test('on an IPv6 socket that leads to IPv4 is known as well', async () => {
    handset = new Handset();
    handset.tables[TCP6] = SAMPLE6;
    const owner = handset.taken(40_004);
    await handset.poll();
    await handset.poll();
    expect(owner()).toEqual({ uid: 10_124, package: null, pid: null, how: 'proc-net' });
  });

  test('is not the one who had the port before', async () => {
    handset = new Handset();
    handset.tables[TCP] = HEAD + row({ port: 40_000, uid: 10_123, inode: 1 });
    await handset.poll();
    await handset.poll();
    handset.tables[TCP] = HEAD;
    const second = handset.taken(40_000);
    await handset.poll();
    await handset.poll();
    expect(second()).toBeNull();
  });

  test('nor the one who has it after, when it was never seen itself', async () => {
    handset = new Handset();
    const first = handset.taken(40_000);
    await handset.poll();
    await handset.poll();
    handset.tables[TCP] = HEAD + row({ port: 40_000, uid: 10_124, inode: 2 });
    const second = handset.taken(40_000);
    await handset.poll();
    await handset.poll();
    expect([first(), second()?.uid]).toEqual([null, 10_124]);
  });

  test('is kept apart when one port goes from app to app', async () => {
    handset = new Handset();
    handset.tables[TCP] = HEAD + row({ port: 40_000, uid: 10_123, inode: 1 });
    const first = handset.taken(40_000);
    await handset.poll();
    await handset.poll();
    handset.tables[TCP] = HEAD + row({ port: 40_000, uid: 10_124, inode: 2 });
    const second = handset.taken(40_000);
    await handset.poll();
    await handset.poll();
    expect([first()?.uid, second()?.uid]).toEqual([10_123, 10_124]);
  });

  test('is not told when two apps use the port at one time, unless where they lead tells them apart', async () => {
    const both =
      HEAD + row({ port: 40_000, uid: 10_123, inode: 1 }) + row({ port: 40_000, uid: 10_124, inode: 2, state: '01', to: '097100CB:01BB' });
    handset = new Handset();
    handset.tables[TCP] = both;
    const either = handset.taken(40_000);
    await handset.poll();
    await handset.poll();
    expect(either()).toBeNull();
    handset.owner.stop();
    handset = new Handset({ leads: (ip, port) => ip === '10.0.2.2' && port === 8080 });
    handset.tables[TCP] = both;
    const ours = handset.taken(40_000);
    await handset.poll();
    await handset.poll();
    expect(ours()).toEqual(LOAN);
  });

  test('is told when all sockets on the port are of one app', async () => {
    handset = new Handset();
    handset.tables[TCP] =
      HEAD + row({ port: 40_000, uid: 10_123, inode: 1 }) + row({ port: 40_000, uid: 10_123, inode: 2, state: '01', to: '097100CB:01BB' });
    const owner = handset.taken(40_000);
    await handset.poll();
    await handset.poll();
    expect(owner()).toEqual(LOAN);
  });

  test('is not a socket that was there long before', async () => {
    handset = new Handset();
    handset.tables[TCP] = HEAD + row({ port: 40_000, uid: 10_124, inode: 2, state: '01', to: '097100CB:01BB' });
    await handset.poll();
    await handset.poll(6000);
    const owner = handset.taken(40_000);
    await handset.poll();
    await handset.poll();
    expect(owner()).toBeNull();
  });

  test('is not the root user of a socket that nobody holds any more, nor a listener', async () => {
    handset = new Handset();
    handset.tables[TCP] =
      HEAD +
      row({ port: 40_000, uid: 0, inode: 0, state: '06' }) +
      row({ port: 40_000, uid: 0, inode: 0, state: '04' }) +
      row({ port: 40_000, uid: 2000, inode: 3, state: '0A' });
    const owner = handset.taken(40_000);
    await handset.poll();
    await handset.poll();
    expect(owner()).toBeNull();
  });

  test('outlives a poll that missed it and one that failed', async () => {
    handset = new Handset();
    handset.tables[TCP] = HEAD + row({ port: 40_000, uid: 10_123, inode: 1 });
    await handset.poll();
    const owner = handset.taken(40_000);
    await handset.poll();
    handset.tables[TCP] = HEAD;
    await handset.poll();
    handset.tables[TCP] = new Error('device offline');
    await handset.poll();
    expect(owner()).toBeNull();
    handset.tables[TCP] = HEAD + row({ port: 40_000, uid: 10_123, inode: 1 });
    await handset.poll();
    expect(owner()).toEqual(LOAN);
    expect(handset.faults).toEqual([`${TCP}: Error: device offline`]);
  });

  test('of a table that cannot be read is unknown, which is told once', async () => {
    handset = new Handset();
    handset.tables[TCP] = 'cat: /proc/net/tcp: Permission denied\n';
    const owner = handset.taken(40_000);
    for (let i = 0; i < 4; i += 1) await handset.poll();
    expect(owner()).toBeNull();
    expect(handset.faults).toEqual([`${TCP}: Error: ${TCP} is no whole table`]);
    handset.tables[TCP] = HEAD;
    await handset.poll();
    handset.tables[TCP] = '';
    await handset.poll();
    await handset.poll();
    expect(handset.faults).toHaveLength(2);
  });

  test('has its process where the listing tells it', async () => {
    handset = new Handset({ listFds: async () => handset.fds });
    handset.fds = '/proc/812/fd:\nlrwx------ 1 a a 64 2024-05-01 10:00 41 -> socket:[1]\n';
    handset.tables[TCP] = HEAD + row({ port: 40_000, uid: 10_123, inode: 1 }) + row({ port: 40_001, uid: 10_123, inode: 2 });
    const [known, unlisted] = [handset.taken(40_000), handset.taken(40_001)];
    await handset.poll();
    await handset.poll();
    expect([known(), unlisted()]).toEqual([{ ...LOAN, pid: 812 }, LOAN]);
  });
});

describe('the next poll', () => {
  let reads = 0;
  let owner: ProcNetOwner;
  const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
  beforeEach(() => {
    vi.useFakeTimers();
    reads = 0;
    owner = createProcNetOwner({
      read: async () => {
        reads += 1;
        return HEAD;
      },
      tables: [TCP],
      listFds: null,
      packageOf: () => null,
      leads: null,
      everyMs: 1000,
      nowMs: () => performance.now(),
      onFault: () => {},
    });
  });
  afterEach(() => {
    owner.stop();
    vi.useRealTimers();
  });

  test('comes in its time, and early when somebody waits', async () => {
    await pass(999);
    expect(reads).toBe(1);
    await pass(1);
    expect(reads).toBe(2);
    owner.owner(40_000, 0);
    owner.owner(40_001, 0);
    await pass(199);
    expect(reads).toBe(2);
    await pass(1);
    expect(reads).toBe(3);
    await pass(999);
    expect(reads).toBe(3);
  });

  test('does not come once it was stopped', async () => {
    await pass(10);
    owner.stop();
    owner.owner(40_000, 0);
    await pass(5000);
    expect(reads).toBe(1);
  });
});

describe.skipIf(!existsSync(TCP6))('a socket of this very process', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::', '::ffff:127.0.0.1'],
  ])('is found in the tables of this machine: from %s', async (listens, to) => {
    const server = createServer({ pauseOnConnect: true }).listen(0, listens);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const faults: string[] = [];
    const owner = createProcNetOwner({
      read: (path) => readFile(path, 'latin1'),
      tables: [TCP, TCP6],
      listFds: async () => (await promisify(execFile)('sh', ['-c', `ls -l /proc/${process.pid}/fd /proc/self/fd; true`])).stdout,
      packageOf: (uid) => (uid === process.getuid?.() ? 'this.process' : null),
      leads: (ip, number) => ip === '127.0.0.1' && number === port,
      everyMs: 10,
      nowMs: () => performance.now(),
      onFault: (path, cause) => faults.push(`${path}: ${String(cause)}`),
    });
    const client = connect(port, to);
    const [taken] = await once(server, 'connection');
    const sinceMs = performance.now();
    const of = (): ReturnType<ProcNetOwner['owner']> => owner.owner(taken.remotePort, sinceMs);
    for (const end = Date.now() + 8000; (of()?.pid ?? null) === null; await new Promise((resolve) => setTimeout(resolve, 5)))
      if (Date.now() > end) break;
    expect(of()).toEqual({ uid: process.getuid?.(), package: 'this.process', pid: process.pid, how: 'proc-net' });
    // The server's end has another local port, and a socket that waits for its end tells nothing.
    expect(owner.owner(port, sinceMs)).toBeNull();
    client.destroy();
    taken.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(of()?.pid).toBe(process.pid);
    expect(owner.owner(client.localPort ?? 0, performance.now())).toBeNull();
    expect(faults).toEqual([]);
    owner.stop();
    server.close();
  });
});
