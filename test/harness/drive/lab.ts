import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { createRunClock } from '../../../harness/clock.js';
import { startAppium } from '../../../harness/drive/appium-server.js';
import type { AppiumServer } from '../../../harness/drive/appium-server.js';
import { performScenario } from '../../../harness/drive/runner.js';
import type { StepNews } from '../../../harness/drive/runner.js';
import { checkScenario, parseScenario } from '../../../harness/drive/scenario-file.js';
import { openSession } from '../../../harness/drive/session.js';
import type { Session } from '../../../harness/drive/screen.js';
import type { Ui, View } from '../../../harness/model/app.js';
import { LabError } from '../../../harness/model/errors.js';
import type { RunClock } from '../../../harness/model/clock.js';
import type { Draft, FileRef } from '../../../harness/model/event.js';
import type { HandsetPort } from '../../../harness/model/handset.js';
import type { Recorder } from '../../../harness/model/recorder.js';
import type { ScenarioStep } from '../../../harness/model/scenario.js';
import type { Persona } from '../../../harness/model/values.js';
import { serveUia2 } from '../../../harness/virtual/uia2-server.js';
import { createWindows } from '../../../harness/virtual/ui/windows.js';
import type { Windows } from '../../../harness/virtual/ui/windows.js';

export const PACKAGE = 'com.example.trial';
export const PERSONA: Persona = {
  phone: '14012345678',
  otp: '246810',
  name: '试验人',
  idNumber: '990101187002300011',
  bankCard: '6200000000000000',
  password: 'Aa12345678',
  contactName: '联络人',
  contactPhone: '15412345678',
  amount: '5000',
  address: '试验路一号',
  job: '职员',
};

/** What a trial app may use. */
export interface TrialParts {
  readonly ui: Ui;
  readonly clock: RunClock;
  /** Puts the system's prompt up. */
  ask(group: string): Promise<string>;
  /** Takes the app's windows away, as System.exit does. */
  exit(): void;
}
export type TrialApp = (parts: TrialParts) => void;

export interface Lab {
  readonly appium: AppiumServer;
  readonly session: Session;
  readonly windows: Windows;
  readonly clock: RunClock;
  readonly events: Draft[];
  readonly files: Map<string, Uint8Array>;
  readonly news: StepNews[];
  readonly calls: string[];
  /** What happens on the handset between a look and the tap that follows it. */
  meanwhile: () => void;
  /** No agent sees clicks. */
  blind: boolean;
  perform(app: TrialApp, steps: string | readonly ScenarioStep[], signal?: AbortSignal): Promise<void>;
  consents(): readonly Extract<Draft, { kind: 'consent' }>[];
  steps(): readonly string[];
  close(): Promise<void>;
}

/** A real Appium child, a real session and the virtual handset's real windows; only the app's process is a few lines of a test. */
export async function openLab(): Promise<Lab> {
  const home = await mkdtemp(join(tmpdir(), 'jiejing-drive-'));
  const appium = await startAppium({ homeDir: home, log: () => undefined });
  const clock = createRunClock({});
  const windows = createWindows({ clock, width: 1080, height: 2280 });
  const uia2 = await serveUia2({ windows, clock, info: { model: 'trial' } });
  const session = await openSession({
    port: appium.port,
    capabilities: { 'appium:automationName': 'VirtualHandset', 'appium:handsetUrl': uia2.url },
  });
  const events: Draft[] = [];
  const files = new Map<string, Uint8Array>();
  const news: StepNews[] = [];
  const calls: string[] = [];
  const recorder = recorderOf(clock, events, files);
  const lab: Lab = {
    blind: false,
    meanwhile: () => undefined,
    appium,
    session,
    windows,
    clock,
    events,
    files,
    news,
    calls,
    consents: () => events.filter((event) => event.kind === 'consent'),
    steps: () => events.flatMap((event) => (event.kind === 'step' ? [`${event.path} ${event.act} ${event.state}`] : [])),
    perform: async (app, steps, signal = new AbortController().signal) => {
      events.length = 0;
      news.length = 0;
      calls.length = 0;
      const { scenario, lines } =
        typeof steps === 'string'
          ? parseScenario(steps, 'trial.yaml')
          : checkScenario({ id: 'trial', title: '试', aims: [], steps }, 'trial.ts');
      const screen: Session = {
        ...session,
        find: (target) => {
          lab.meanwhile();
          return session.find(target);
        },
      };
      const handset = handsetOf({ windows, clock, calls, app, sees: () => !lab.blind });
      await performScenario({
        scenario,
        lines,
        screen,
        handset,
        recorder,
        persona: PERSONA,
        signal,
        onStep: (step) => news.push(step),
      });
    },
    close: async () => {
      await session.close();
      await uia2.close();
      await appium.close();
      clock.close();
      await rm(home, { recursive: true, force: true });
    },
  };
  return lab;
}

function recorderOf(clock: RunClock, events: Draft[], files: Map<string, Uint8Array>): Recorder {
  return {
    clock,
    write: (event) => {
      events.push(event);
      return `e${events.length}`;
    },
    gap: (source, what, why) => {
      events.push({ kind: 'gap', at: clock.now(), source, what, why, scope: { datum: null, host: null, phase: null } });
      return `e${events.length}`;
    },
    file: (folder, bytes, extension): FileRef => {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const file = `${folder}/${sha256}.${extension}`;
      files.set(file, bytes);
      return { file, sha256, bytes: bytes.length };
    },
    valueRef: (bytes) => ({ keyedHash: '', bytes: bytes.length }),
    body: () => {
      throw new Error('no bodies here');
    },
    raw: () => {
      throw new Error('no bodies here');
    },
    key: () => {},
  };
}

type Click = Parameters<Parameters<HandsetPort['onClick']>[0]>[0];

interface TrialHandset {
  readonly windows: Windows;
  readonly clock: RunClock;
  readonly calls: string[];
  readonly app: TrialApp;
  readonly sees: () => boolean;
}

function handsetOf({ windows, clock, app, calls, sees }: TrialHandset): HandsetPort {
  const listeners = new Set<(click: Click) => void>();
  let held: Click[] = [];
  let pid = 100;
  let running = false;
  const process = { pid, name: PACKAGE, package: PACKAGE };
  const stop = (): void => {
    running = false;
    windows.close(PACKAGE, null);
  };
  const start = (): void => {
    running = true;
    pid += 1;
    const ui = windows.attach(
      { package: PACKAGE, label: '试验', pid },
      {
        // As an agent does: the stamp is taken in the app's process, the news travels later.
        click: (view, listener) => {
          held.push({ process, at: clock.now(), text: view.text });
          listener();
        },
        resumed: () => undefined,
        paused: () => undefined,
      },
    );
    app({
      ui,
      clock,
      ask: (group) => windows.permissionPrompt({ package: PACKAGE, label: '试验', group, permissions: [`android.permission.${group}`] }),
      exit: stop,
    });
  };
  return {
    kind: 'virtual',
    simulated: true,
    profile: 'trial',
    driver: 'virtual',
    facts: async () => ({}),
    capabilities: () => ({}),
    install: async () => undefined,
    plant: async () => undefined,
    launch: async () => {
      calls.push('launch');
      if (running) windows.front(PACKAGE);
      else start();
    },
    stop: async () => {
      calls.push('stop');
      stop();
    },
    clear: async () => {
      calls.push('clear');
      stop();
    },
    home: async () => {
      calls.push('home');
      windows.home();
    },
    flush: async () => {
      calls.push('flush');
      const now = held;
      held = [];
      if (sees()) for (const click of now) for (const listener of listeners) listener(click);
    },
    onClick: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    collect: async () => [],
    deliverSms: async (sender, body) => {
      calls.push(`sms ${sender} ${body}`);
    },
    close: async () => undefined,
  };
}

/** A dialog that asks for consent. */
export function noticeView(parts: {
  readonly agree: () => void;
  readonly decline?: () => void;
  readonly box?: boolean;
  readonly words?: string;
}): View {
  const text =
    parts.words ??
    '欢迎使用试验贷。请阅读并同意《用户协议》《隐私政策》，了解我们如何收集、使用个人信息、设备信息和位置信息，以及与第三方SDK共享的情况。';
  return {
    type: 'LinearLayout',
    children: [
      { type: 'TextView', text: '温馨提示' },
      { type: 'TextView', text },
      ...(parts.box === undefined
        ? []
        : [
            {
              type: 'LinearLayout',
              horizontal: true,
              children: [
                { type: 'CheckBox', id: 'cb', checked: parts.box },
                { type: 'TextView', text: '我已阅读并同意《隐私政策》' },
              ],
            } as const,
          ]),
      ...(parts.decline === undefined ? [] : [{ type: 'Button', id: 'no', text: '不同意', onClick: parts.decline } as const]),
      { type: 'Button', id: 'yes', text: '同意并继续', onClick: parts.agree },
    ],
  };
}

/** A page of texts and views. */
export function page(...children: readonly (View | string)[]): View {
  return {
    type: 'LinearLayout',
    children: children.map((child) => (typeof child === 'string' ? { type: 'TextView', text: child } : child)),
  };
}
export function button(text: string, onClick: () => void): View {
  return { type: 'Button', text, onClick };
}
export function field(id: string, hint: string): View {
  return { type: 'EditText', id, hint };
}
export const launch = { launch: { clean: true } } as const;

/** The LabError that a performance ends with. */
export async function failure(steps: Promise<void>): Promise<LabError> {
  const error: unknown = await steps.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof LabError) return error;
  throw error ?? new Error('it did not fail');
}
