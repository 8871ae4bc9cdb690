import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority } from './capture/ca.js';
import type { Authority } from './capture/ca.js';
import { openCaFolder } from './capture/ca-folder.js';
import { startProxy } from './capture/proxy.js';
import { createResolver, type ResolveRule } from './capture/resolver.js';
import { createRunClock } from './clock.js';
import type { LabError } from './model/errors.js';
import type { Draft, End } from './model/event.js';
import type { Recorder } from './model/recorder.js';
import type { RunHead } from './model/run.js';
import { RUN_SCHEMA } from './model/run.js';
import type { Manifest } from './model/values.js';
import { createRun } from './store/create.js';
import { onDisk } from './store/disk.js';
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
  readonly onListening: (at: { readonly port: number; readonly dnsPort: number | null; readonly caFile: string }) => void;
  readonly onEvent: (event: Draft) => void;
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
 * Runs the proxy without an audit until `signal` aborts; what it writes is a run with no handset.
 * When the disk is full capture stops with a gap, and the traffic goes on until then. @throws LabError PORT_TAKEN, RUN_EXISTS, NO_PERMISSION …
 */
export async function captureAlone(plan: CapturePlan): Promise<Captured> {
  const undo = new Undo();
  const clock = createRunClock({});
  undo.later(async () => clock.close());
  let error: LabError | null = null;
  try {
    const authority =
      plan.caDir === null
        ? createAuthority('Jiejing Lab Root CA', clock.wallMs(), 'rsa')
        : openCaFolder(plan.caDir, clock.wallMs()).authority;
    const manifest: Manifest = { seed: plan.seed, values: [], placebos: [] };
    const run = createRun({ dir: plan.dir, head: headOf(plan, manifest, clock.wallMs()), manifest, clock });
    undo.later(async (fault) => {
      const failed = run.failure() ?? fault;
      run.close(failed === null ? 'complete' : 'failed', run.failure()?.code ?? null);
    });
    run.onFailure((failure) => (error = failure));
    await listen(plan, told(run, plan.onEvent), authority, undo);
    await stopped(plan.signal);
  } catch (fault) {
    await undo.all();
    throw fault;
  }
  const fault = await undo.all();
  if (fault !== null && error === null) throw fault;
  return { dir: plan.dir, outcome: error === null ? 'complete' : 'failed', error };
}

async function listen(plan: CapturePlan, recorder: Recorder, authority: Authority, undo: Undo): Promise<void> {
  const caFile = join(plan.caDir ?? plan.dir, CA_FILE);
  if (plan.caDir === null) onDisk(caFile, () => writeFileSync(caFile, authority.certPem));
  const proxy = await startProxy({
    recorder,
    authority,
    resolve: createResolver(plan.resolve),
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
  plan.onListening({ port: proxy.port, dnsPort: proxy.dnsPort, caFile });
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
