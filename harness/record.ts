import { rm } from 'node:fs/promises';
import { createAuthority } from './capture/ca.js';
import { startProxy } from './capture/proxy.js';
import { createRunClock } from './clock.js';
import { startAppium, type AppiumServer } from './drive/appium-server.js';
import { performScenario } from './drive/runner.js';
import type { LoadedScenario } from './drive/scenario-file.js';
import { openSession, warmUp } from './drive/session.js';
import { describeVirtual, openVirtualHandset, startFarServers } from './handset/virtual.js';
import type { SimulatedApp } from './model/app.js';
import { LabError } from './model/errors.js';
import type { Draft, End, EventId } from './model/event.js';
import type { HandsetPort } from './model/handset.js';
import type { Recorder } from './model/recorder.js';
import { RUN_SCHEMA, type RunHead } from './model/run.js';
import type { Manifest } from './model/values.js';
import { createRun, type RunRecorder } from './store/create.js';
import { tempFolder } from './temp-folder.js';
import { andThen, Undo } from './undo.js';
import { contentsOf, personaOf } from './values/contents.js';
import { drawManifest } from './values/draw.js';
import { manifestSha256, seedCommitment } from './values/manifest.js';

/** What is known of a run before it begins; the rest of run.json is drawn and asked here. */
export interface RecordPlan {
  readonly app: Omit<SimulatedApp, 'truth'>;
  readonly head: Pick<RunHead, 'id' | 'app' | 'tool' | 'catalogue' | 'caseNumber' | 'operator' | 'lab'>;
  readonly scenario: LoadedScenario;
  readonly title: string;
  readonly dir: string;
  /** 128 bits, 32 hex digits. */
  readonly seed: string;
  /** Aborting it ends the run as interrupted. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: Draft) => void;
  readonly onPhase: (phase: 'prepare' | 'drive') => void;
}

/** How a recording ended. The run folder is closed and readable in every case. */
export interface Recorded {
  readonly dir: string;
  readonly outcome: End['outcome'];
  /** Why the outcome is not `complete`, where the operator can mend it. */
  readonly error: LabError | null;
}

/**
 * Records one run of one scenario on one app, from open to close: the only place where all recorders meet.
 * What was recorded before a failure stays. @throws LabError when there is no run folder to close (RUN_EXISTS, NO_PERMISSION …) or the lab could not start
 */
export async function record(plan: RecordPlan): Promise<Recorded> {
  plan.onPhase('prepare');
  const undo = new Undo();
  let ending: () => Recorded;
  try {
    ending = await recordWith(plan, undo);
  } catch (error) {
    await undo.all();
    throw error;
  }
  const fault = await undo.all();
  const recorded = ending();
  if (fault === null || recorded.error !== null) return recorded;
  if (fault instanceof LabError) return { dir: plan.dir, outcome: 'failed', error: fault };
  throw fault;
}

/** Records, and returns how it ended; what that is, is sure only when all has been closed: the last line may not fit on the disk. */
async function recordWith(plan: RecordPlan, undo: Undo): Promise<() => Recorded> {
  const clock = createRunClock({});
  undo.later(async () => clock.close());
  const manifest = drawManifest(plan.seed, clock.wallMs());
  const start = new AbortController();
  const appium = openAppium(tempFolder(), AbortSignal.any([plan.signal, start.signal]));
  // It starts while the run folder is made; whatever becomes of that, its child must not outlive us.
  undo.later(async () => {
    start.abort(new Error('the recording ended'));
    await appium.then(
      (server) => server.close(),
      () => {},
    );
  });
  const run = createRun({ dir: plan.dir, head: headOf(plan, manifest, clock.wallMs()), manifest, clock });
  const recorder = watched(run, plan.onEvent);
  clock.onJump(({ fromMs, toMs, why }) => recorder.write({ kind: 'clock', at: clock.now(), what: 'jump', fromMs, toMs, why }));
  let ended: Ended = { outcome: 'complete', why: null, error: null };
  // Closed after all that records is closed, so that their last words are in the run.
  undo.later(async (fault) => {
    const late = run.failure() ?? fault;
    if (late === null || ended.outcome !== 'complete') run.close(ended.outcome, ended.why);
    else run.close('failed', late instanceof LabError ? late.code : late instanceof Error ? late.name : 'unknown');
  });
  try {
    await perform({ plan, run, recorder, manifest, appium: await appium }, undo);
  } catch (error) {
    ended = endedBy(error, plan);
    if (ended.error === null && run.failure() === null) throw error;
  }
  return () => {
    const full = run.failure();
    const { outcome, error } = ended;
    return full === null || outcome === 'interrupted'
      ? { dir: plan.dir, outcome, error }
      : { dir: plan.dir, outcome: 'failed', error: full };
  };
}

interface Ended {
  readonly outcome: End['outcome'];
  readonly why: string | null;
  readonly error: LabError | null;
}

function endedBy(error: unknown, { signal, dir }: RecordPlan): Ended {
  if (signal.aborted) return { outcome: 'interrupted', why: 'stopped by the operator', error: new LabError('INTERRUPTED', { run: dir }) };
  if (error instanceof LabError) return { outcome: 'failed', why: `${error.code}: ${error.message}`, error };
  return { outcome: 'failed', why: error instanceof Error ? error.name : 'unknown', error: null };
}

interface Parts {
  readonly plan: RecordPlan;
  readonly run: RunRecorder;
  readonly recorder: Recorder;
  readonly manifest: Manifest;
  readonly appium: AppiumServer;
}

async function perform(parts: Parts, undo: Undo): Promise<void> {
  const { plan, run, recorder, manifest, appium } = parts;
  const { handset, idle } = await openHandset(parts, undo);
  await handset.install();
  await handset.plant(contentsOf(manifest));
  const session = await openSession({ port: appium.port, capabilities: handset.capabilities() });
  undo.later(() => session.close());
  const stop = new AbortController();
  run.onFailure((error) => stop.abort(error));
  if (run.failure() !== null) stop.abort(run.failure());
  appium.onLost((why) => stop.abort(new LabError('DRIVER_LOST', { why })));
  plan.onPhase('drive');
  const drive = (): Promise<void> =>
    performScenario({
      scenario: plan.scenario.scenario,
      lines: plan.scenario.lines,
      screen: session,
      handset,
      recorder,
      persona: personaOf(manifest),
      // Not a listener of our own: a night performs hundreds of scenarios under one signal.
      signal: AbortSignal.any([plan.signal, stop.signal]),
      onStep: () => {},
    }).catch((error: unknown) => {
      throw stop.signal.reason instanceof LabError ? stop.signal.reason : error;
    });
  const lost = (fault: unknown): void =>
    void recorder.gap('run', 'not-settled', `after-error: ${fault instanceof Error ? fault.message : String(fault)}`);
  await andThen(drive, () => settle(handset, recorder, idle), lost);
}

/** The app's servers, the proxy in front of them, and a handset behind it. `idle` waits for what is under way in the proxy. */
async function openHandset(
  { plan, recorder, manifest }: Parts,
  undo: Undo,
): Promise<{ readonly handset: HandsetPort; idle(): Promise<void> }> {
  const { clock } = recorder;
  const servers = await startFarServers(plan.app, clock);
  undo.later(() => servers.close());
  const authority = createAuthority('Jiejing Lab Root CA', clock.wallMs(), 'rsa');
  let opened: Awaited<ReturnType<typeof openVirtualHandset>> | null = null;
  const proxy = await startProxy({
    recorder,
    authority,
    resolve: servers.resolve,
    upstreamInsecure: false,
    socks: false,
    engine: 'relay',
    rules: [],
    dnsPort: null,
    upstreamCaPem: servers.caPem,
    // The proxy listens before the handset that knows its sockets can be opened.
    owner: { owner: (port, sinceMs) => opened?.owner.owner(port, sinceMs) ?? null },
    listen: { host: '127.0.0.1', port: 0 },
  });
  undo.later(() => proxy.close());
  const handset = await openVirtualHandset({
    recorder,
    proxyPort: proxy.port,
    labCaPem: authority.certPem,
    known: manifest.values.map((value) => value.text),
    app: plan.app,
    servers,
  });
  opened = handset;
  undo.later(() => handset.close());
  return { handset, idle: () => proxy.idle() };
}

/** Ends the app, lets what is under way arrive, and keeps the app's files. */
async function settle(handset: HandsetPort, recorder: Recorder, idle: () => Promise<void>): Promise<void> {
  await handset.flush();
  await handset.stop();
  await idle();
  for (const { bytes } of await handset.collect()) recorder.file('values', bytes, 'file');
}

/** A server whose APPIUM_HOME goes with it. */
async function openAppium(homeDir: string, signal: AbortSignal): Promise<AppiumServer> {
  const sweep = (): Promise<void> => rm(homeDir, { recursive: true, force: true });
  const [started, warm] = await Promise.allSettled([startAppium({ homeDir, log: () => {}, signal }), warmUp()]);
  if (started.status === 'rejected') {
    await sweep();
    throw started.reason;
  }
  const server: AppiumServer = { ...started.value, close: () => started.value.close().finally(sweep) };
  if (warm.status === 'fulfilled') return server;
  await server.close();
  throw warm.reason;
}

function headOf(plan: RecordPlan, manifest: Manifest, wallMs: number): RunHead {
  const { scenario, sha256 } = plan.scenario;
  return {
    schema: RUN_SCHEMA,
    ...plan.head,
    began: new Date(wallMs).toISOString(),
    handset: describeVirtual(),
    scenario: { id: scenario.id, title: plan.title, sha256, aims: scenario.aims, steps: scenario.steps },
    seedCommitment: seedCommitment(plan.seed),
    manifest: { sha256: manifestSha256(manifest), values: manifest.values.length, placebos: manifest.placebos.length },
    clock: { name: 'run', ntpOffsetMs: null },
  };
}

/**
 * The recorder, with each event also told to whoever shows progress. When the disk takes no more the run is stopped by `onFailure`;
 * until then what comes in from timers and sockets, where nobody could catch it, is let go.
 */
function watched(run: RunRecorder, onEvent: (event: Draft) => void): Recorder {
  const kept = <T>(write: () => T, lost: () => T): T => {
    try {
      return write();
    } catch (error) {
      if (run.failure() === null) throw error;
      return lost();
    }
  };
  const told = (event: Draft, write: () => EventId): EventId =>
    kept(
      () => {
        const id = write();
        onEvent(event);
        return id;
      },
      () => 'e0',
    );
  return {
    clock: run.clock,
    write: (event) => told(event, () => run.write(event)),
    gap: (source, what, why, scope) =>
      told(
        {
          kind: 'gap',
          at: run.clock.now(),
          source,
          what,
          why,
          scope: { datum: scope?.datum ?? null, host: scope?.host ?? null, phase: null },
        },
        () => run.gap(source, what, why, scope),
      ),
    file: (folder, bytes, extension) =>
      kept(
        () => run.file(folder, bytes, extension),
        () => ({ file: '', sha256: '', bytes: 0 }),
      ),
    valueRef: (bytes) =>
      kept(
        () => run.valueRef(bytes),
        () => ({ keyedHash: '', bytes: 0 }),
      ),
    body: (of) => run.body(of),
    raw: (bytes) => run.raw(bytes),
    key: (line) => run.key(line),
  };
}
