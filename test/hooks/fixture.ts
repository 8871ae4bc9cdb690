import type { RunClock } from '../../harness/model/clock.js';
import type { PhoneContents } from '../../harness/model/values.js';
import { type VirtualBridge, createBridge } from '../../harness/virtual/java/bridge.js';
import type { JavaCrypto } from '../../harness/virtual/java/crypto.js';
import type { JavaObject } from '../../harness/virtual/java/objects.js';
import { type World, createWorld } from '../../harness/virtual/java/world.js';
import type { Phone } from '../../harness/virtual/phone.js';
import type { JavaBridge } from '../../hooks/agent/java.js';
import { type Engine, createEngine } from '../../hooks/agent/engine.js';
import { catalogue } from '../../hooks/catalogue/index.js';
import type { HookRow, WireBatch, WireRecord } from '../../hooks/wire.js';

export const PACKAGE = 'com.example.loan';
export const URI = 'android.net.Uri';
export const STRING = 'java.lang.String';
export const QUERY = [URI, '[Ljava.lang.String;', STRING, '[Ljava.lang.String;', STRING];

export const CONTENTS: PhoneContents = {
  imei: '001900123456785',
  imei2: '001900123456793',
  imsi: '460991234567890',
  iccid: '89860912345678901234',
  serial: 'JJ7K2M9Q4XV1',
  androidId: '9f3a5c71e0b24d86',
  oaid: '5a1de0c47b9f4e3a9d62f1c08b7e5a43',
  mac: '02:4a:7e:19:c5:3b',
  ssid: 'jiejing-lab-7Q2',
  bssid: '06:91:d3:5e:40:aa',
  line1Number: '14070512345',
  location: { lat: '31.2304160', lon: '121.4737010' },
  clipboard: 'clip-5XG8T2QW',
  contacts: [
    { name: '鸢尾九', phone: '14170622345' },
    { name: '祁连月', phone: '14270633456' },
  ],
  sms: [{ sender: '1069000777', body: '验证码 583921，五分钟内有效', minutesAgo: 5 }],
  calls: [{ number: '14370644567', seconds: 61, minutesAgo: 30 }],
  packages: ['com.example.planted.k7'],
};

/** A clock that only tests move. */
export interface TestClock extends RunClock {
  runTimers(): void;
}
function testClock(): TestClock {
  let seq = 0;
  let ms = 0;
  let timers: (() => void)[] = [];
  return {
    name: 'run',
    now: () => ({ ms: ms++, slackMs: 0, clock: 'run', seq: ++seq }),
    wallMs: () => 1_790_000_000_000,
    monoMs: () => 0,
    handsetWallMs: () => 1_790_000_000_000,
    setTimer: (run) => timers.push(run),
    clearTimer: () => undefined,
    wait: async () => undefined,
    hold: () => () => undefined,
    onJump: () => undefined,
    close: () => undefined,
    runTimers() {
      const due = timers;
      timers = [];
      for (const run of due) run();
    },
  };
}

/** A process with its Java world, a bridge over it and, after `install`, the engine. */
export interface Fixture {
  readonly world: World;
  readonly bridge: VirtualBridge;
  readonly engine: Engine;
  readonly clock: TestClock;
  readonly granted: Set<string>;
  readonly asked: (readonly string[])[];
  /** Errors that reached the bridge: what the app got was changed. */
  readonly bridgeErrors: unknown[];
  install(): Promise<void>;
  /** All records so far. */
  records(): readonly WireRecord[];
  of<T extends WireRecord['type']>(type: T): readonly Extract<WireRecord, { type: T }>[];
  call(className: string, method: string, types: readonly string[], ...args: readonly unknown[]): unknown;
  on(self: unknown, method: string, types: readonly string[], ...args: readonly unknown[]): unknown;
  batches: WireBatch[];
}

export interface FixtureOptions {
  readonly sdk?: number;
  readonly granted?: readonly string[];
  readonly rows?: readonly HookRow[];
  readonly queueLimit?: number;
  readonly hotspot?: boolean;
  readonly contacts?: PhoneContents['contacts'];
  /** The bridge as the engine gets it. */
  readonly java?: (bridge: VirtualBridge) => JavaBridge;
}

/** Makes a fixture. It uses neither Node nor the test runner, so that it runs in any realm. */
export function fixture(crypto: JavaCrypto, options: FixtureOptions = {}): Fixture {
  const clock = testClock();
  const granted = new Set(options.granted ?? []);
  const asked: (readonly string[])[] = [];
  const phone: Phone = {
    sdk: options.sdk ?? 28,
    model: 'JJ-1',
    manufacturer: 'Jiejing',
    contents: () => CONTENTS,
    granted: (_, name) => granted.has(name.slice(name.lastIndexOf('.') + 1)),
    setGranted: () => undefined,
    installedPackages: () => ['com.android.settings', PACKAGE, ...CONTENTS.packages],
    contacts: () => options.contacts ?? CONTENTS.contacts,
    sms: () => CONTENTS.sms,
    calls: () => CONTENTS.calls,
  };
  const world = createWorld(
    {
      phone,
      clock,
      process: { pid: 4242, uid: 10123, package: PACKAGE, name: PACKAGE },
      requestPermissions: (names) => void asked.push(names),
      foreground: () => true,
    },
    crypto,
  );
  const bridge = createBridge(world, { hotspot: options.hotspot ?? false });
  const bridgeErrors: unknown[] = [];
  bridge.onError((error) => void bridgeErrors.push(error));
  const batches: WireBatch[] = [];
  const engine = createEngine(
    {
      java: options.java?.(bridge) ?? bridge,
      pid: 4242,
      process: PACKAGE,
      package: PACKAGE,
      stamp: () => clock.now(),
      threadId: () => world.threads.current.tid,
      threadName: () => world.threads.current.name,
      foreground: () => null,
      later: () => undefined,
      tick: () => Promise.resolve().then(() => undefined),
      send: (batch) => void batches.push(batch),
      queueLimit: options.queueLimit ?? 100_000,
    },
    options.rows ?? catalogue,
  );
  const records = (): readonly WireRecord[] => {
    engine.flush();
    return batches.flatMap((batch) => batch.records);
  };
  return {
    world,
    bridge,
    engine,
    clock,
    granted,
    asked,
    bridgeErrors,
    batches,
    records,
    install: () => engine.init('early', []),
    of: (type) => records().filter((record): record is Extract<WireRecord, { type: typeof type }> => record.type === type),
    call: (className, method, types, ...args) => world.call(className, method, types, null, args),
    on: (self, method, types, ...args) => world.call((self as JavaObject).className, method, types, self as JavaObject, args),
  };
}

/** A catalogue row by its id. */
export const row = (id: string): HookRow => {
  const found = catalogue.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no row ${id}`);
  return found;
};

/** A fixture with all hooks in. */
export async function ready(crypto: JavaCrypto, ...granted: readonly string[]): Promise<Fixture> {
  const made = fixture(crypto, { granted });
  await made.install();
  return made;
}
