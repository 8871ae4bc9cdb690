import { pickedDetail } from '../model/timeline.js';
import { createAgentSink } from '../capture/agent.js';
import type { SimulatedApp } from '../model/app.js';
import type { Lifecycle, ProcessRef } from '../model/event.js';
import type { HandsetParts, HandsetPort, SocketOwner } from '../model/handset.js';
import type { Recorder } from '../model/recorder.js';
import type { RunHead } from '../model/run.js';
import { createDevice, PROFILE_P9 } from '../virtual/device.js';
import type { Device, Profile } from '../virtual/device.js';
import type { FarServers } from '../virtual/far-servers.js';
import { createDataFolder } from '../virtual/files.js';
import type { DataFolder } from '../virtual/files.js';
import { createNetwork } from '../virtual/network.js';
import { createPermissions } from '../virtual/permissions.js';
import type { Permissions } from '../virtual/permissions.js';
import { createProcesses } from '../virtual/processes.js';
import type { Processes, ProcessesParts } from '../virtual/processes.js';
import { catchStrayRejections } from '../virtual/sandbox.js';
import { createWindows } from '../virtual/ui/windows.js';
import type { Windows } from '../virtual/ui/windows.js';
import { serveUia2 } from '../virtual/uia2-server.js';

export { startFarServers } from '../virtual/far-servers.js';
export type { FarServers } from '../virtual/far-servers.js';

/** First uid that Android gives to an installed app. */
const APP_UID = 10_123;

/** What the virtual handset needs beside what every handset gets. */
export interface VirtualParts extends HandsetParts {
  readonly app: Omit<SimulatedApp, 'truth'>;
  /** The app's servers, already started: the proxy reaches them, and pins name their keys. */
  readonly servers: Pick<FarServers, 'spkiSha256Base64'>;
}

/** What run.json says of the embedded handset, before it is opened. */
export function describeVirtual(): RunHead['handset'] {
  return { kind: 'virtual', simulated: true, profile: PROFILE_P9.name, probe: null, facts: factsOf(PROFILE_P9) };
}

/**
 * Opens the embedded handset: everything of the phone is ours and says so, everything that is recorded goes the way it goes on a real one.
 * The app's processes run in this process; what they throw ends them, not us.
 */
export async function openVirtualHandset(parts: VirtualParts): Promise<HandsetPort & { readonly owner: SocketOwner }> {
  const { recorder, app } = parts;
  const { clock } = recorder;
  const profile = PROFILE_P9;
  const device = createDevice(profile);
  const windows = createWindows({ clock, width: profile.width, height: profile.height });
  // The public CA of the handset's system store is left out: behind the proxy no server shows a certificate of it.
  const network = createNetwork({ clock, proxyPort: parts.proxyPort, trusted: [parts.labCaPem], pinOf: parts.servers.spkiSha256Base64 });
  const sink = createAgentSink(recorder, app.package);
  const files = createDataFolder();
  const permissions = permissionsOf(app, device, windows);
  const processes = createProcesses({
    app,
    uid: APP_UID,
    phone: device,
    clock,
    windows,
    network,
    permissions,
    files,
    send: sink.take,
    known: parts.known,
    ...witness(recorder),
  });
  const release = catchStrayRejections();
  const facts = factsOf(profile);
  const server = await serveUia2({ windows, clock, info: facts });
  const close = async (): Promise<void> => {
    await processes.stop();
    network.close();
    await server.close();
    release();
  };
  const capabilities = capabilitiesOf(server.url, app.package, profile);
  return {
    ...acts({ app, write: lifecycle(recorder), device, permissions, processes, files, windows }),
    kind: 'virtual',
    simulated: true,
    profile: profile.name,
    driver: 'virtual',
    owner: network.owner,
    facts: async () => facts,
    capabilities: () => capabilities,
    flush: async () => processes.flush(),
    onClick: sink.onClick,
    close,
  };
}

function permissionsOf(app: Omit<SimulatedApp, 'truth'>, device: Device, windows: Windows): Permissions {
  return createPermissions({
    package: app.package,
    label: app.label.zh,
    declared: app.permissions,
    granted: (permission) => device.granted(app.package, permission),
    setGranted: (permission, granted) => device.setGranted(app.package, permission, granted),
    prompt: windows.permissionPrompt,
  });
}

interface Inside {
  readonly app: Omit<SimulatedApp, 'truth'>;
  readonly write: ReturnType<typeof lifecycle>;
  readonly device: Device;
  readonly permissions: Permissions;
  readonly processes: Processes;
  readonly files: DataFolder;
  readonly windows: Windows;
}

/** What the port does to the phone; each act is an event of the run. */
function acts({
  app,
  write,
  device,
  permissions,
  processes,
  files,
  windows,
}: Inside): Pick<HandsetPort, 'install' | 'plant' | 'launch' | 'stop' | 'clear' | 'home' | 'collect' | 'deliverSms'> {
  return {
    install: async () => {
      device.setInstalled(app.package);
      permissions.install();
      write('installed', null, `${app.package} ${app.version}`);
    },
    plant: async (contents) => {
      device.plant(contents);
      write('planted', null, `${contents.contacts.length} contacts, ${contents.sms.length} SMS, ${contents.calls.length} calls`);
    },
    launch: async () => {
      // Written first: what an app does when it comes up is after its launch.
      write('launched', null, app.package);
      if (!processes.inFront()) await processes.launch();
    },
    stop: async () => {
      await processes.stop();
      write('stopped', null, app.package);
    },
    clear: async () => {
      await processes.stop();
      files.clear();
      permissions.reset();
      write('cleared', null, app.package);
    },
    home: async () => windows.home(),
    collect: async () => {
      const all = files.all();
      write('collected', null, `${all.length} files`);
      return all;
    },
    deliverSms: async (sender, body) => device.deliver({ sender, body, minutesAgo: 0 }),
  };
}

/** What the handset itself sees of the app's processes. */
function witness(recorder: Recorder): Pick<ProcessesParts, 'started' | 'ended' | 'picked'> {
  const write = lifecycle(recorder);
  return {
    started: (process) => write('process-started', process, process.name),
    ended: (process, how, error) => {
      write(how === 'crashed' ? 'crashed' : 'process-ended', process, how === 'crashed' ? said(error) : how);
      // What the app would have done after it fell over was not seen.
      if (how === 'crashed') recorder.gap('handset', `process-crashed: ${process.name}`, `crashed: ${said(error)}`);
    },
    picked: (process, texts) => {
      const refs = texts.map((text) => recorder.valueRef(Buffer.from(text)));
      write('picked', process, pickedDetail(refs.flatMap((ref) => ('value' in ref ? [ref.value] : []))));
    },
  };
}

function lifecycle(recorder: Recorder) {
  return (what: Lifecycle['what'], process: ProcessRef | null, detail: string): void => {
    recorder.write({ kind: 'lifecycle', at: recorder.clock.now(), what, process, detail, head: null });
  };
}

function factsOf(profile: Profile): Readonly<Record<string, string>> {
  return {
    manufacturer: profile.manufacturer,
    model: profile.model,
    androidVersion: profile.android,
    apiLevel: String(profile.sdk),
    screen: `${profile.width}x${profile.height}`,
    'ro.jiejing.simulated': '1',
  };
}

function capabilitiesOf(handsetUrl: string, appPackage: string, profile: Profile): Readonly<Record<string, unknown>> {
  return {
    platformName: 'Android',
    'appium:automationName': 'VirtualHandset',
    'appium:udid': `virtual-${profile.name}`,
    'appium:handsetUrl': handsetUrl,
    'appium:appPackage': appPackage,
    'appium:noReset': true,
    'appium:autoLaunch': false,
    'appium:autoGrantPermissions': false,
    'appium:newCommandTimeout': 600,
  };
}

function said(error: unknown): string {
  const name = error instanceof Error ? error.name : 'java.lang.RuntimeException';
  const message = error instanceof Error ? error.message : String(error);
  return `${name}: ${message}`.slice(0, 300);
}
