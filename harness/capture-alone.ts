import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority } from './capture/ca.js';
import type { Authority } from './capture/ca.js';
import { openCaFolder } from './capture/ca-folder.js';
import { Unreachable } from './capture/dial.js';
import { withoutMapping } from './capture/ip-text.js';
import type { Resolve } from './capture/lab.js';
import { startProxy } from './capture/proxy.js';
import { createResolver, type ResolveRule } from './capture/resolver.js';
import { createRunClock } from './clock.js';
import { LabError } from './model/errors.js';
import type { Draft, End } from './model/event.js';
import type { Recorder } from './model/recorder.js';
import type { RunHead } from './model/run.js';
import { RUN_SCHEMA } from './model/run.js';
import type { Manifest } from './model/values.js';
import { createRun, type RunRecorder } from './store/create.js';
import { codeOf, makeFolders, onDisk, removeIfEmpty } from './store/disk.js';
import { Undo } from './undo.js';
import { manifestSha256, seedCommitment } from './values/manifest.js';

/** What a capture without an audit is to do; everything in it has been checked. */
export interface CapturePlan {
  readonly head: Pick<RunHead, 'id' | 'tool' | 'caseNumber' | 'operator' | 'lab'>;
  readonly title: string;
  readonly dir: string;
  /** 128 bits, 32 hex digits. */
  readonly seed: string;
  readonly listen: { readonly host: '127.0.0.1'; readonly port: number };
  /** Port of the DNS stub; null: none. */
  readonly dnsPort: number | null;
  readonly socks: boolean;
  readonly engine: 'relay' | 'pipeline';
  /** Folder of the CA; null: one is made for this run alone. */
  readonly caDir: string | null;
  /** PEM of the CA that servers' certificates must come from; null: the public ones. */
  readonly upstreamCaPem: string | null;
  readonly upstreamInsecure: boolean;
  readonly resolve: readonly ResolveRule[];
  /** Aborting it ends the capture; that is its usual end. */
  readonly signal: AbortSignal;
  readonly onListening: (at: Listening) => void;
  readonly onEvent: (event: Draft) => void;
  /** The disk takes no more: from here on nothing is recorded, and the traffic goes on. Called once at most. */
  readonly onFailure: (error: LabError) => void;
}

/** Where a capture listens; `caFile` holds what the device must trust. */
export interface Listening {
  readonly port: number;
  readonly dnsPort: number | null;
  readonly caFile: string;
}

/** How a capture ended; its folder is closed and readable. `error`: the disk took no more. */
export interface Captured {
  readonly dir: string;
  readonly outcome: End['outcome'];
  readonly error: LabError | null;
}

const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const CA_FILE = 'ca.pem';

/**
 * Runs the proxy without an audit until `signal` aborts; what it writes is a run with no handset. A capture that cannot begin leaves no run.
 * When the disk is full recording stops with a gap, and the traffic goes on until the end.
 * @throws LabError PORT_TAKEN, PORT_DENIED, RUN_EXISTS, RUN_IN_USE, NO_ROOM, NO_PERMISSION, BAD_PATH, CA_…
 */
export async function captureAlone(plan: CapturePlan): Promise<Captured> {
  const undo = new Undo();
  const state: State = { listens: false, failure: null };
  try {
    await begin(plan, undo, state);
  } catch (fault) {
    await undo.all();
    throw unbegun(fault, plan);
  }
  await stopped(plan.signal);
  const fault = await undo.all();
  if (fault !== null && state.failure === null) throw fault;
  return { dir: plan.dir, outcome: state.failure === null ? 'complete' : 'failed', error: state.failure };
}

interface State {
  listens: boolean;
  failure: LabError | null;
}

async function begin(plan: CapturePlan, undo: Undo, state: State): Promise<void> {
  const clock = createRunClock({});
  undo.later(async () => clock.close());
  const authority =
    plan.caDir === null
      ? createAuthority(`Jiejing Capture CA ${plan.head.id}`, clock.wallMs(), 'rsa')
      : openCaFolder(plan.caDir, clock.wallMs()).authority;
  const made = makeFolders(plan.dir);
  undo.later(async () => {
    if (!state.listens) for (const folder of made) removeIfEmpty(folder);
  });
  const manifest: Manifest = { seed: plan.seed, values: [], placebos: [] };
  const run = createRun({ dir: plan.dir, head: headOf(plan, manifest, clock.wallMs()), manifest, clock });
  undo.later(async (fault) => {
    const failed = run.failure() ?? fault;
    run.close(failed === null ? 'complete' : 'failed', run.failure()?.code ?? null);
    // The folder was empty when the run was made in it.
    if (!state.listens) for (const name of readdirSync(plan.dir)) rmSync(join(plan.dir, name), { recursive: true, force: true });
  });
  run.onFailure((failure) => {
    state.failure = failure;
    if (state.listens) plan.onFailure(failure);
  });
  const at = await listen(plan, run, authority, undo);
  if (state.failure !== null) throw state.failure;
  state.listens = true;
  plan.onListening(at);
}

async function listen(plan: CapturePlan, run: RunRecorder, authority: Authority, undo: Undo): Promise<Listening> {
  const caFile = join(plan.caDir ?? plan.dir, CA_FILE);
  if (plan.caDir === null) onDisk(caFile, () => writeFileSync(caFile, authority.certPem, { flag: 'wx' }));
  let ownPort: number | null = null;
  const proxy = await startProxy({
    recorder: told(run, plan.onEvent),
    authority,
    resolve: elsewhere(createResolver(plan.resolve), () => ownPort),
    upstreamCaPem: plan.upstreamCaPem,
    upstreamInsecure: plan.upstreamInsecure,
    socks: plan.socks,
    engine: plan.engine,
    rules: [],
    dnsPort: plan.dnsPort,
    // Nobody but a SOCKS user name tells here whose a connection is.
    owner: { owner: () => null },
    listen: plan.listen,
  });
  undo.later(() => proxy.close());
  ownPort = proxy.port;
  return { port: proxy.port, dnsPort: proxy.dnsPort, caFile };
}

/** TLS that a name leads back to the proxy itself would ask for that name again, without end. */
function elsewhere(resolve: Resolve, ownPort: () => number | null): Resolve {
  return async (host, port) => {
    const address = await resolve(host, port);
    if (address !== null && address.port === ownPort() && OWN_ADDRESSES.has(withoutMapping(address.ip)))
      throw new Unreachable('ELOOP', null);
    return address;
  };
}

/** Addresses at which this machine reaches what listens on 127.0.0.1. */
const OWN_ADDRESSES: ReadonlySet<string> = new Set(['127.0.0.1', '0.0.0.0', '::', '::ffff:7f00:1']);

/** Why it could not begin, in words. */
function unbegun(fault: unknown, { dir }: CapturePlan): unknown {
  // Whoever reads STORE_FULL is told to judge what was recorded: here there is nothing.
  if (fault instanceof LabError && fault.code === 'STORE_FULL')
    return new LabError('NO_ROOM', { path: fault.facts['path'] ?? dir }, { cause: fault });
  const port = fault instanceof Error && 'port' in fault ? fault.port : null;
  return codeOf(fault) === 'EACCES' && typeof port === 'number' ? new LabError('PORT_DENIED', { port }, { cause: fault }) : fault;
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function told(run: Recorder, onEvent: (event: Draft) => void): Recorder {
  return {
    clock: run.clock,
    write(event) {
      const id = run.write(event);
      onEvent(event);
      return id;
    },
    gap(source, what, why, scope) {
      const id = run.gap(source, what, why, scope);
      const { datum = null, host = null } = scope ?? {};
      onEvent({ kind: 'gap', at: run.clock.now(), source, what, why, scope: { datum, host, phase: null } });
      return id;
    },
    file: (folder, bytes, extension) => run.file(folder, bytes, extension),
    valueRef: (bytes) => run.valueRef(bytes),
    body: (of) => run.body(of),
    raw: (bytes) => run.raw(bytes),
    key: (line) => run.key(line),
  };
}

/** A run with no app, no handset and no planted value: whatever a rule asks for was not tested. */
function headOf(plan: CapturePlan, manifest: Manifest, wallMs: number): RunHead {
  const began = new Date(wallMs).toISOString();
  return {
    schema: RUN_SCHEMA,
    ...plan.head,
    began,
    app: {
      id: 'none',
      package: '',
      label: plan.title,
      version: '',
      signer: null,
      sha256: SHA256_OF_NOTHING,
      source: { where: 'none', when: began },
      permissions: [],
      firstParty: { domains: [], classes: [] },
    },
    handset: { kind: 'none', simulated: false, profile: 'none', probe: null, facts: {} },
    scenario: { id: 'none', title: plan.title, sha256: SHA256_OF_NOTHING, aims: [], steps: [] },
    catalogue: { sha256: SHA256_OF_NOTHING, rows: 0, data: [] },
    seedCommitment: seedCommitment(plan.seed),
    manifest: { sha256: manifestSha256(manifest), values: 0, placebos: 0 },
    clock: { name: 'run', ntpOffsetMs: null },
  };
}
