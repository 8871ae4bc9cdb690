import { bytes } from '../../harness/virtual/java/text.js';
import type { VirtualBridge } from '../../harness/virtual/java/bridge.js';
import type { JavaBridge, JavaDispatcher, JavaMethod, JavaWrapper } from '../../hooks/agent/java.js';
import { base64 } from '../../hooks/agent/bytes.js';
import type { HookRow, WireRecord } from '../../hooks/wire.js';
import { type EngineCase, same } from './case.js';
import { CONTENTS, type Fixture, QUERY, STRING, URI, fixture, ready, row } from './fixture.js';

const SECURE = 'android.provider.Settings$Secure';
const RESOLVER = 'android.content.ContentResolver';
const MANAGER = 'android.location.LocationManager';
const LIMIT = 256 * 1024;

/** The bridge, with the first `times` assignments of one method refused. */
function refusing(bridge: VirtualBridge, className: string, name: string, times: number): JavaBridge {
  let left = times;
  const made = new Map<JavaMethod, JavaMethod>();
  const stubborn = (method: JavaMethod): JavaMethod => {
    const found = made.get(method);
    if (found !== undefined) return found;
    const call = function (this: unknown, ...args: unknown[]): unknown {
      return method.apply(this, args);
    };
    Object.defineProperty(call, 'implementation', {
      get: () => method.implementation,
      set(value: JavaMethod['implementation']) {
        if (value !== null && left-- > 0) throw new Error('unable to intercept');
        method.implementation = value;
      },
    });
    const stub = call as unknown as JavaMethod;
    made.set(method, stub);
    return stub;
  };
  const use = (wanted: string): JavaWrapper => {
    const found = bridge.use(wanted);
    if (wanted !== className) return found;
    const methods = found[name] as JavaDispatcher;
    const value = Object.assign(() => undefined, { overload: (...types: string[]) => stubborn(methods.overload(...types)) });
    return Object.create(found, { [name]: { value } }) as JavaWrapper;
  };
  return Object.create(bridge, { use: { value: use } }) as JavaBridge;
}

const twins: readonly HookRow[] = [
  row('settings.secure'),
  { ...row('settings.secure'), id: 'settings.input', only: { index: 1, among: ['default_input_method'] } },
];
const cuts = (made: Fixture): readonly (readonly unknown[])[] => made.of('cut').map((one) => [one.hook, one.datum, one.what]);
const api = (made: Fixture): readonly Extract<WireRecord, { type: 'api' }>[] => made.of('api').filter((one) => one.parent === null);

const installing: readonly EngineCase[] = [
  {
    name: 'when a method takes no hook, every row that shares it has failed; tried again, each is in',
    async run(crypto) {
      const made = fixture(crypto, { rows: twins, java: (bridge) => refusing(bridge, SECURE, 'getString', 2) });
      await made.install();
      const [early] = made.of('coverage');
      same([early?.installed, early?.failed.map((one) => one.hook)], [[], ['settings.secure', 'settings.input']], 'early');
      await made.engine.init('late', []);
      same(made.of('coverage')[1]?.installed, ['settings.secure', 'settings.input'], 'late');
      const resolver = made.world.systemService(RESOLVER);
      made.call(SECURE, 'getString', [RESOLVER, STRING], resolver, 'android_id');
      made.call(SECURE, 'getString', [RESOLVER, STRING], resolver, 'default_input_method');
      same(
        api(made).map((one) => one.hook),
        ['settings.secure', 'settings.input'],
        'reads',
      );
    },
  },
];

const places: readonly EngineCase[] = [
  ...(
    [
      ['the coarse permission alone reads the coarse position', ['ACCESS_COARSE_LOCATION'], 'network', 'location-coarse', false],
      ['the fine permission reads the exact one', ['ACCESS_FINE_LOCATION', 'ACCESS_COARSE_LOCATION'], 'gps', 'location', true],
    ] as const
  ).map(([name, granted, provider, datum, exact]): EngineCase => ({
    name,
    async run(crypto) {
      const made = await ready(crypto, ...granted);
      made.call(MANAGER, 'getLastKnownLocation', [STRING], provider);
      const [read] = api(made);
      const planted = `${CONTENTS.location.lat},${CONTENTS.location.lon}`;
      const [value] = read?.values ?? [];
      const text = value !== undefined && 'text' in value ? value.text : '';
      same([read?.datum, text === planted], [datum, exact], 'read');
      const [lat = 0, lon = 0] = text.split(',').map(Number);
      // Half an edge of the grid, along a degree of longitude at this latitude.
      same(
        [Math.abs(lat - Number(CONTENTS.location.lat)) < 0.0091, Math.abs(lon - Number(CONTENTS.location.lon)) < 0.0107],
        [true, true],
        'near',
      );
      same(made.of('fault').length, 0, 'faults');
    },
  })),
  {
    name: 'a delivered position is as coarse as the permission; without any the call is an attempt at the position',
    async run(crypto) {
      const made = await ready(crypto, 'ACCESS_COARSE_LOCATION');
      const listener = made.world.make('android.location.LocationListener', {});
      made.call(
        MANAGER,
        'requestLocationUpdates',
        [STRING, 'long', 'float', 'android.location.LocationListener'],
        'network',
        0,
        0,
        listener,
      );
      made.clock.runTimers();
      same(
        api(made).map((one) => [one.hook, one.datum]),
        [
          ['location.updates', 'location-coarse'],
          ['location.delivered-23', 'location-coarse'],
        ],
        'reads',
      );
      made.granted.clear();
      try {
        made.call(MANAGER, 'getLastKnownLocation', [STRING], 'network');
      } catch {
        /* the app goes on */
      }
      same([api(made)[2]?.datum, api(made)[2]?.threw], ['location', 'java.lang.SecurityException'], 'attempt');
    },
  },
  {
    name: 'before the Application is made the system context answers, and where nobody does the read counts as coarse',
    async run(crypto) {
      const made = await ready(crypto, 'ACCESS_FINE_LOCATION');
      made.world.systemService('android.app.ActivityThread').fields.application = null;
      made.call(MANAGER, 'getLastKnownLocation', [STRING], 'gps');
      same(api(made)[0]?.datum, 'location', 'early');
      const mute = fixture(crypto, {
        granted: ['ACCESS_FINE_LOCATION'],
        java: (bridge) =>
          Object.create(bridge, {
            use: {
              value(name: string) {
                if (name === 'android.app.ActivityThread') throw new Error('no such class');
                return bridge.use(name);
              },
            },
          }) as JavaBridge,
      });
      await mute.install();
      mute.call(MANAGER, 'getLastKnownLocation', [STRING], 'gps');
      same(
        [api(mute)[0]?.datum, mute.of('fault').map((one) => [one.hook, one.where])],
        ['location-coarse', [['location.last-known', 'permission']]],
        'mute',
      );
    },
  },
];

const known = async (crypto: Parameters<EngineCase['run']>[0]): Promise<Fixture> => {
  const made = fixture(crypto, { granted: ['READ_CONTACTS'] });
  await made.engine.init('early', [CONTENTS.imei]);
  return made;
};
const pad = (length: number): string => '.'.repeat(length);

/** What does not fit: too much work for the slow realms. */
export const cutCases: readonly EngineCase[] = [
  {
    name: 'what lies behind the first 256 KiB of a cipher’s, coding’s or packing’s input is told as left out, once a hook',
    async run(crypto) {
      const made = await known(crypto);
      for (let i = 0; i < 3; i++) made.call('android.util.Base64', 'encode', ['[B', 'int'], bytes(pad(LIMIT) + CONTENTS.imei), 2);
      const target = made.world.construct('java.io.ByteArrayOutputStream', [], []);
      const stream = made.world.construct('java.util.zip.GZIPOutputStream', ['java.io.OutputStream'], [target]);
      for (let i = 0; i < 5; i++) made.on(stream, 'write', ['[B', 'int', 'int'], bytes(pad(LIMIT / 4)), 0, LIMIT / 4);
      made.on(stream, 'finish', []);
      made.call('android.util.Base64', 'encode', ['[B', 'int'], bytes(pad(LIMIT)), 2);
      same(
        cuts(made),
        [
          ['base64.android', null, 'input'],
          ['gzip.finish', null, 'input'],
        ],
        'cuts',
      );
    },
  },
  {
    name: 'half of a digest’s input is no derivation; one that held a value is told as left out',
    async run(crypto) {
      const made = await known(crypto);
      const sha = (): unknown => made.call('java.security.MessageDigest', 'getInstance', [STRING], 'SHA-256');
      made.on(sha(), 'digest', ['[B'], bytes(pad(LIMIT + 1)));
      same(cuts(made), [], 'no value in it');
      made.on(sha(), 'digest', ['[B'], bytes(CONTENTS.imei + pad(LIMIT)));
      same([cuts(made), made.of('derive').length], [[['crypto.digest', null, 'input']], 0], 'a value in it');
      made.on(sha(), 'digest', ['[B'], bytes(CONTENTS.imei + pad(LIMIT - CONTENTS.imei.length)));
      same(
        made.of('derive').map((one) => one.input.length === base64(pad(LIMIT)).length),
        [true],
        'just whole',
      );
    },
  },
  {
    name: 'of more than 512 crypto objects at once the lost ones are told, the finished ones are not',
    async run(crypto) {
      const made = await known(crypto);
      const sha = (): unknown => made.call('java.security.MessageDigest', 'getInstance', [STRING], 'SHA-256');
      for (let i = 0; i < 600; i++) made.on(sha(), 'digest', ['[B'], bytes('done'));
      same(cuts(made), [], 'finished');
      for (let i = 0; i < 513; i++) made.on(sha(), 'update', ['[B'], bytes('open'));
      same(cuts(made), [['crypto.digest-update', null, 'objects']], 'open');
    },
  },
  {
    name: 'known values that were forgotten are told; a planted one is not forgotten',
    async run(crypto) {
      const made = await known(crypto);
      for (let i = 0; i < 2800; i++) made.call('android.util.Base64', 'encode', ['[B', 'int'], bytes(`${CONTENTS.imei}-${i}`), 2);
      same(cuts(made), [['', null, 'known']], 'cuts');
      const before = made.of('derive').length;
      made.call('android.util.Base64', 'encode', ['[B', 'int'], bytes(CONTENTS.imei), 2);
      same(made.of('derive').length - before, 1, 'the planted value');
    },
  },
  {
    name: 'a read of more values than one record carries is told as left out, with its datum; so is a long value',
    async run(crypto) {
      const made = fixture(crypto, {
        granted: ['READ_CONTACTS'],
        contacts: Array.from({ length: 1334 }, (_, i) => ({ name: `名${i}`, phone: `1400000${1000 + i}` })),
      });
      await made.install();
      const uri = made.call(URI, 'parse', [STRING], 'content://com.android.contacts/data/phones');
      made.call(RESOLVER, 'query', QUERY, uri, ['display_name', 'data1', 'display_name'], null, null, null);
      const [read] = api(made);
      same([read?.values.length, read?.rows], [4000, 1334], 'read');
      same(cuts(made), [[read?.hook, 'contacts', 'values']], 'cuts');
      const long = fixture(crypto, { granted: ['READ_CONTACTS'], contacts: [{ name: 'n'.repeat(8193), phone: '14000001000' }] });
      await long.install();
      const same2 = long.call(URI, 'parse', [STRING], 'content://com.android.contacts/data/phones');
      long.call(RESOLVER, 'query', QUERY, same2, ['display_name'], null, null, null);
      same(
        cuts(long).some(([, datum, what]) => datum === 'contacts' && what === 'value'),
        true,
        'long',
      );
    },
  },
];

/** What the engine cannot take in, and what it must not take for more than it is. */
export const boundsCases: readonly EngineCase[] = [...installing, ...places];
