import { rmSync } from 'node:fs';
import { createAuthority } from '../../../harness/capture/ca.js';
import { startProxy } from '../../../harness/capture/proxy.js';
import type { RunningProxy } from '../../../harness/capture/proxy.js';
import { openVirtualHandset, startFarServers } from '../../../harness/handset/virtual.js';
import { createRunClock } from '../../../harness/clock.js';
import type { AppProcess, SimulatedApp, View } from '../../../harness/model/app.js';
import type { Draft } from '../../../harness/model/event.js';
import type { HandsetPort } from '../../../harness/model/handset.js';
import type { Recorder } from '../../../harness/model/recorder.js';
import type { Manifest } from '../../../harness/model/values.js';
import { createRun } from '../../../harness/store/create.js';
import { contentsOf } from '../../../harness/values/contents.js';
import { drawManifest } from '../../../harness/values/draw.js';
import { headOf, tempFolder } from '../store/sample.js';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
export const PACKAGE = 'com.example.loan';

/** A handset with real proxy, servers, store and screen server; only the app is a few lines of a test. */
export interface Rig {
  readonly handset: HandsetPort;
  readonly recorder: Recorder;
  readonly proxy: RunningProxy;
  readonly manifest: Manifest;
  readonly events: readonly Draft[];
  of<K extends Draft['kind']>(kind: K): readonly Extract<Draft, { kind: K }>[];
  /** What happened to the app's processes, without what agents saw: `process-started com.example.loan`. */
  life(): readonly string[];
  /** Reads, without the calls inside them. */
  reads(): readonly Extract<Draft, { kind: 'observation' }>[];
  source(): Promise<string>;
  tap(text: string): Promise<void>;
  tick(id: string): Promise<void>;
  /** Puts text into the field of that resource name. */
  type(id: string, text: string): Promise<void>;
  /** Lets everything that is under way come to rest. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** An app made of its processes alone. */
export function app(processes: SimulatedApp['processes'], more: Partial<SimulatedApp> = {}): Omit<SimulatedApp, 'truth'> {
  return {
    id: 'trial',
    package: PACKAGE,
    label: { zh: '试验贷', en: 'Trial' },
    about: { zh: '', en: '' },
    version: '1.0',
    servers: {},
    permissions: [
      'android.permission.INTERNET',
      'android.permission.READ_CONTACTS',
      'android.permission.READ_SMS',
      'android.permission.ACCESS_FINE_LOCATION',
      'android.permission.READ_PHONE_STATE',
    ],
    firstParty: { domains: ['loan.example'], classes: [`${PACKAGE}.`] },
    processes,
    ...more,
  };
}

/** A page of buttons, each with what it does. */
export function page(buttons: Readonly<Record<string, () => void>>): View {
  return {
    type: 'LinearLayout',
    children: Object.entries(buttons).map(([text, onClick]) => ({ type: 'Button', text, onClick, clickFrame: `${PACKAGE}.Page.onClick` })),
  };
}

/** An app of one process that shows a page at once. */
export function pages(buttons: (app: AppProcess) => Readonly<Record<string, () => void>>): Omit<SimulatedApp, 'truth'> {
  return app({ '': (process) => process.ui.activity('Page', page(buttons(process))) });
}

export async function openRig(simulated: Omit<SimulatedApp, 'truth'>): Promise<Rig> {
  const dir = tempFolder();
  const clock = createRunClock({});
  const manifest = drawManifest('000102030405060708090a0b0c0d0e0f', clock.wallMs());
  const run = createRun({ dir, head: headOf(manifest), manifest, clock });
  const events: Draft[] = [];
  const recorder: Recorder = {
    clock,
    file: run.file.bind(run),
    valueRef: run.valueRef.bind(run),
    body: run.body.bind(run),
    raw: run.raw.bind(run),
    key: run.key.bind(run),
    write: (event) => {
      events.push(event);
      return run.write(event);
    },
    gap: (source, what, why, scope) => {
      events.push({
        kind: 'gap',
        at: clock.now(),
        source,
        what,
        why,
        scope: { datum: scope?.datum ?? null, host: scope?.host ?? null, phase: null },
      });
      return run.gap(source, what, why, scope);
    },
  };
  const servers = await startFarServers(simulated, clock);
  const authority = createAuthority('Lab', clock.wallMs(), 'ec');
  let owner: Awaited<ReturnType<typeof openVirtualHandset>>['owner'] | null = null;
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
    owner: { owner: (port, sinceMs) => owner?.owner(port, sinceMs) ?? null },
    listen: { host: '127.0.0.1', port: 0 },
  });
  const handset = await openVirtualHandset({
    recorder,
    proxyPort: proxy.port,
    labCaPem: authority.certPem,
    known: [],
    app: simulated,
    servers,
  });
  owner = handset.owner;
  await handset.install();
  await handset.plant(contentsOf(manifest));
  const screen = await screenAt(String(handset.capabilities()['appium:handsetUrl']));
  const settle = async (): Promise<void> => {
    await clock.wait(1, 'settle');
    await proxy.idle();
    await handset.flush();
  };
  return {
    handset,
    recorder,
    proxy,
    manifest,
    events,
    settle,
    ...screen,
    reads: () => events.filter((event) => event.kind === 'observation').filter((event) => event.parent === null),
    of: (kind) => events.filter((event): event is Extract<Draft, { kind: typeof kind }> => event.kind === kind),
    life: () =>
      events.flatMap((event) =>
        event.kind === 'lifecycle' && event.what !== 'resumed' && event.what !== 'paused'
          ? [`${event.what} ${event.process?.name ?? '-'}`]
          : [],
      ),
    close: async () => {
      await handset.close();
      await proxy.close();
      await servers.close();
      run.close('complete', null);
      clock.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function screenAt(url: string): Promise<Pick<Rig, 'source' | 'tap' | 'tick' | 'type'>> {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(url + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const { value } = (await response.json()) as { value: unknown };
    if (response.status !== 200) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`);
    return value;
  };
  const { sessionId } = (await call('POST', '/session', { capabilities: {} })) as { sessionId: string };
  const on = async (selector: string, act: string, body: unknown): Promise<void> => {
    const found = (await call('POST', `/session/${sessionId}/element`, {
      strategy: 'xpath',
      selector,
      context: '',
      multiple: false,
    })) as Record<string, string>;
    await call('POST', `/session/${sessionId}/element/${found[ELEMENT] ?? ''}/${act}`, body);
  };
  return {
    source: async () => String(await call('GET', `/session/${sessionId}/source`)),
    tap: (text) => on(`//*[@text="${text}"]`, 'click', {}),
    tick: (id) => on(`//*[contains(@resource-id, "/${id}")]`, 'click', {}),
    type: (id, text) => on(`//*[contains(@resource-id, "/${id}")]`, 'value', { text }),
  };
}
