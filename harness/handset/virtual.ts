import { createAgentSink } from '../capture/agent.js';
import type { SimulatedApp } from '../model/app.js';
import type { Lifecycle, ProcessRef } from '../model/event.js';
import type { HandsetParts, HandsetPort, SocketOwner } from '../model/handset.js';
import type { Recorder } from '../model/recorder.js';
import { createDevice, PROFILE_P9 } from '../virtual/device.js';
import type { Profile } from '../virtual/device.js';
import type { FarServers } from '../virtual/far-servers.js';
import { createDataFolder } from '../virtual/files.js';
import { createNetwork } from '../virtual/network.js';
import { createPermissions } from '../virtual/permissions.js';
import { createProcesses } from '../virtual/processes.js';
import { catchStrayRejections } from '../virtual/sandbox.js';
import { createWindows } from '../virtual/ui/windows.js';
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

/**
 * Opens the embedded handset: everything of the phone is ours and says so, everything that is recorded goes the way it goes on a real one.
 * The app's processes run in this process; what they throw ends them, not us.
 */
export async function openVirtualHandset(parts: VirtualParts): Promise<HandsetPort & { readonly owner: SocketOwner }> {
  const { recorder, app } = parts;
  const { clock } = recorder;
  const profile = PROFILE_P9;
  const write = lifecycle(recorder);
  const device = createDevice(profile);
  const windows = createWindows({ clock, width: profile.width, height: profile.height });
  // The public CA of the handset's system store is left out: behind the proxy no server shows a certificate of it.
  const network = createNetwork({ clock, proxyPort: parts.proxyPort, trusted: [parts.labCaPem], pinOf: parts.servers.spkiSha256Base64 });
  const sink = createAgentSink(recorder, app.package);
  const folder = createDataFolder();
  const permissions = createPermissions({
    package: app.package, label: app.label.zh, declared: app.permissions,
    granted: (permission) => device.granted(app.package, permission),
    setGranted: (permission, granted) => device.setGranted(app.package, permission, granted),
    prompt: windows.permissionPrompt,
  });
  const processes = createProcesses({
    app, uid: APP_UID, phone: device, clock, windows, network, permissions, files: folder, send: sink.take,
    started: (process) => write('process-started', process, process.name),
    ended: (process, how, error) => {
      write(how === 'crashed' ? 'crashed' : 'process-ended', process, how === 'crashed' ? said(error) : how);
      // What the app would have done after it fell over was not seen.
      if (how === 'crashed') recorder.gap('handset', process.name, `crashed: ${said(error)}`);
    },
    picked: (process, values) => write('picked', process, values.flatMap((text) => {
      const ref = recorder.valueRef(Buffer.from(text));
      return 'value' in ref ? [ref.value] : [];
    }).join(' ')),
  });
  const release = catchStrayRejections();
  const facts = factsOf(profile);
  const server = await serveUia2({ windows, clock, info: facts });
  return {
    kind: 'virtual', simulated: true, profile: profile.name, driver: 'virtual', owner: network.owner,
    facts: async () => facts,
    capabilities: () => capabilities(server.url, app.package, profile),
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
      const back = processes.inFront();
      write('launched', null, back ? 'brought to front' : app.package);
      if (!back) await processes.launch();
    },
    stop: async () => {
      await processes.stop();
      write('stopped', null, app.package);
    },
    clear: async () => {
      await processes.stop();
      folder.clear();
      permissions.reset();
      write('cleared', null, app.package);
    },
    home: async () => windows.home(),
    flush: async () => processes.flush(),
    onClick: sink.onClick,
    collect: async () => {
      const files = folder.all();
      write('collected', null, `${files.length} files`);
      return files;
    },
    deliverSms: async (sender, body) => device.deliver({ sender, body, minutesAgo: 0 }),
    close: async () => {
      await processes.stop();
      network.close();
      await server.close();
      release();
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
    manufacturer: profile.manufacturer, model: profile.model, androidVersion: profile.android, apiLevel: String(profile.sdk),
    screen: `${profile.width}x${profile.height}`, 'ro.jiejing.simulated': '1',
  };
}

function capabilities(handsetUrl: string, appPackage: string, profile: Profile): Readonly<Record<string, unknown>> {
  return {
    platformName: 'Android', 'appium:automationName': 'VirtualHandset', 'appium:udid': `virtual-${profile.name}`, 'appium:handsetUrl': handsetUrl,
    'appium:appPackage': appPackage, 'appium:noReset': true, 'appium:autoLaunch': false, 'appium:autoGrantPermissions': false, 'appium:newCommandTimeout': 600,
  };
}

function said(error: unknown): string {
  const name = error instanceof Error ? error.name : 'java.lang.RuntimeException';
  const message = error instanceof Error ? error.message : String(error);
  return `${name}: ${message}`.slice(0, 300);
}
