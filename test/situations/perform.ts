import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { authorityOf, ask, openUp, put } from './acts/visit.js';
import type { Situation } from './catalogue.js';
import type { Certificates } from './certificates.js';
import { wait } from './clock.js';
import type { Answer, Evidence, Vitals } from './evidence.js';
import { judge, mark } from './judge.js';
import type { Clause } from './judge/clause.js';
import { must } from './judge/clause.js';
import type { Origin } from './origin/process.js';
import { startOrigin } from './origin/process.js';
import type { Launcher, LaunchParts, ProxyUnderTest } from './record.js';
import { openScene } from './scene.js';

const SITUATION_MS = 40_000;
const CONTROL_MS = 6000;
/** Between the client's last socket and the reading of the record. */
const SETTLE_MS = 500;

/** What all situations of one suite share. */
export interface Bench {
  /** Bundle of origin/main.ts. */
  readonly originProgram: string;
  readonly certificates: Certificates;
  /** The CA of `certificates` as a file. */
  readonly caFile: string;
  /** test/situations. */
  readonly folder: string;
}

/** How one situation went. `evidence` is that of the first try that broke a clause, else of the last. */
export interface Outcome {
  readonly n: number;
  readonly title: string;
  readonly mark: 'P' | 'F' | 'F+' | 'skipped';
  readonly broken: readonly Clause[];
  /** Tries that passed, of how many. */
  readonly passed: number;
  readonly tries: number;
  readonly evidence: Evidence | null;
  /** Version and options of the contender, as it tells them. */
  readonly options: string;
}

interface Try {
  readonly broken: readonly Clause[];
  readonly evidence: Evidence | null;
  readonly options: string;
}

/** One situation against fresh contenders; a try that fails ends it. */
export async function perform(situation: Situation, launch: Launcher, bench: Bench): Promise<Outcome> {
  const { n, title, tries } = situation;
  const blank = { n, title, tries, broken: [], passed: 0, evidence: null, options: '' };
  if (situation.origin === 'mirror-ipv6' && !hasIpv6()) return { ...blank, mark: 'skipped' };
  let last: Try = { broken: [], evidence: null, options: '' };
  for (let passed = 0; passed < tries; passed += 1) {
    last = await oneTry(situation, launch, bench);
    if (last.broken.length > 0) return { ...blank, ...last, passed, mark: mark(last.broken) };
  }
  return { ...blank, ...last, passed: tries, mark: 'P' };
}

/** Whether this machine has ::1. */
export const hasIpv6 = (): boolean =>
  Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1') === true);

async function oneTry(situation: Situation, launch: Launcher, bench: Bench): Promise<Try> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sit-'));
  const ends = new Ends();
  const timeUp = Symbol('time up');
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<typeof timeUp>((resolve) => {
    timer = setTimeout(() => resolve(timeUp), SITUATION_MS);
  });
  try {
    const done = await Promise.race([attempt({ situation, launch, bench, dataDir, ends }), limit]);
    return done === timeUp ? failure('over in 40 s') : done;
  } catch (cause) {
    return failure(`no fault of client or contender: ${cause instanceof Error ? cause.message : String(cause)}`);
  } finally {
    clearTimeout(timer);
    await ends.end();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

const failure = (text: string): Try => ({ broken: [must('P', text, false)], evidence: null, options: '' });

interface Attempt {
  readonly situation: Situation;
  readonly launch: Launcher;
  readonly bench: Bench;
  readonly dataDir: string;
  readonly ends: Ends;
}

/** Processes that must be ended, whatever happens: also those that start when the situation is over already. */
class Ends {
  readonly #all: (() => unknown)[] = [];
  #over = false;

  async add(end: () => unknown): Promise<void> {
    if (this.#over) await end();
    else this.#all.push(end);
  }

  async end(): Promise<void> {
    this.#over = true;
    for (const end of this.#all.toReversed()) await end();
  }
}

async function attempt({ situation, launch, bench, dataDir, ends }: Attempt): Promise<Try> {
  const { certificates, caFile, folder } = bench;
  const parts: LaunchParts = {
    dataDir,
    upstreamCaPem: certificates.caPem,
    upstreamCaFile: caFile,
    resolve: [{ host: '*.bench.test', ip: '127.0.0.1' }],
    folder,
  };
  const starting = async (): Promise<Origin> => {
    const origin = await startOrigin(bench.originProgram, situation.origin, certificates);
    await ends.add(() => origin.stop());
    return origin;
  };
  const launching = async (): Promise<ProxyUnderTest> => {
    const proxy = await launch(parts);
    await ends.add(() => proxy.stop());
    return proxy;
  };
  const [started, launched] = await Promise.allSettled([starting(), launching()]);
  if (started.status === 'rejected') throw started.reason;
  if (launched.status === 'rejected') throw launched.reason;
  const evidence = await gather(situation, started.value, launched.value, certificates.caPem);
  return { broken: judge(situation.n, evidence), evidence, options: launched.value.options };
}

async function gather(situation: Situation, origin: Origin, proxy: ProxyUnderTest, originCaPem: string): Promise<Evidence> {
  const { dataDir, caPem } = proxy;
  const address = { proxyPort: proxy.port, caPem, originCaPem, dataDir };
  const host = situation.host({ dataDir });
  const before = vitals(proxy);
  const scene = openScene({ ...address, originPort: origin.port });
  const client = await situation.act(scene, host).finally(() => scene.close());
  await wait(SETTLE_MS);
  const [record, log, after] = [await proxy.record(), await origin.log(), vitals(proxy)];
  const files = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).map((name) => name.replace(/^.*\//, ''));
  const control = await askControl({ ...address, originPort: origin.control });
  const both = <K extends 'descriptors' | 'rssBytes'>(key: K): { readonly before: number | null; readonly after: number | null } => ({
    before: before[key],
    after: after[key],
  });
  const told: Vitals = { alive: proxy.alive(), descriptors: both('descriptors'), rssBytes: both('rssBytes') };
  return { host, port: origin.port, client, origin: log, record, vitals: told, files, control };
}

const vitals = (proxy: ProxyUnderTest): { readonly descriptors: number | null; readonly rssBytes: number | null } => ({
  descriptors: proxy.descriptors(),
  rssBytes: proxy.rssBytes(),
});

/** GET /control over TLS on a new connection. */
async function askControl(parts: Parameters<typeof openScene>[0]): Promise<Answer | null> {
  const scene = openScene(parts);
  const host = 'control.bench.test';
  const asking = async (): Promise<Answer | null> => {
    const { socket } = await openUp(scene, { host, sni: host, tls: 'yes', asks: [] }, null);
    if (socket === null) return null;
    return put(socket, { ...ask('GET', '/control', [['Host', authorityOf(host, parts.originPort)]]), limitMs: CONTROL_MS });
  };
  try {
    return await Promise.race([asking(), wait(CONTROL_MS).then(() => null)]);
  } finally {
    scene.close();
  }
}
