import { beforeEach, describe, expect, it } from 'vitest';
import type { JavaMethod, JavaWrapper } from '../../../hooks/agent/java.js';
import { dispatcher, field, invoke } from '../../../hooks/agent/java.js';
import { nodeCrypto } from '../../../harness/virtual/java/node-crypto.js';
import { javaLong } from '../../../harness/virtual/java/objects.js';
import { CONTENTS, type Fixture, PACKAGE, QUERY, STRING, URI, fixture } from '../../hooks/fixture.js';

const TELEPHONY = 'android.telephony.TelephonyManager';
const RESOLVER = 'android.content.ContentResolver';

let made: Fixture;
beforeEach(() => {
  made = fixture(nodeCrypto, { granted: ['READ_PHONE_STATE', 'READ_CONTACTS'], rows: [] });
});

function overload(className: string, name: string, ...types: readonly string[]): JavaMethod {
  const found = dispatcher(made.bridge.use(className), name);
  if (found === null) throw new Error(`no ${name}`);
  return found.overload(...types);
}
function thrownBy(body: () => unknown): Error & { className?: string } {
  try {
    body();
  } catch (error) {
    return error as Error & { className?: string };
  }
  throw new Error('nothing was thrown');
}

describe('an implementation that fails', () => {
  it.each([
    ['null', TELEPHONY, 'getImei', [], null],
    ['0', 'android.database.Cursor', 'getCount', [], 0],
    ['false', 'android.view.View', 'performClick', [], false],
  ] as const)('gives the app %s, the default of the type, and the error is reported', (...[, className, name, types, wanted]) => {
    const concrete = className === 'android.database.Cursor' ? 'android.content.ContentResolver$CursorWrapperInner' : className;
    overload(concrete, name, ...types).implementation = () => {
      throw new Error('ours');
    };
    const self = made.world.make(concrete, { rows: [[1]], columns: [], position: -1 });
    expect(made.world.call(concrete, name, types, self, [])).toBe(wanted);
    expect(made.bridgeErrors).toHaveLength(1);
  });
  it.each([
    ['undefined', undefined],
    ['a number', 7],
    ['a wrapper of another class', 'wrapper'],
  ])('%s where a String is due: the same', (_, result) => {
    overload(TELEPHONY, 'getImei').implementation = () => (result === 'wrapper' ? made.bridge.use('android.net.Uri') : result);
    expect(made.call(TELEPHONY, 'getImei', [])).toBeNull();
    expect(String(made.bridgeErrors[0])).toContain('Implementation for getImei expected return value compatible with java.lang.String');
  });
  it('of a Java exception passes it on to the app as it is', () => {
    made.granted.clear();
    const method = overload(TELEPHONY, 'getImei');
    const seen: string[] = [];
    method.implementation = function (...args) {
      try {
        return method.apply(this, args);
      } catch (error) {
        seen.push((error as Error).message);
        throw error;
      }
    };
    const thrown = thrownBy(() => made.call(TELEPHONY, 'getImei', []));
    expect(thrown.className).toBe('java.lang.SecurityException');
    expect(seen).toEqual([`java.lang.SecurityException: ${thrown.message}`]);
    expect(made.bridgeErrors).toEqual([]);
  });
});

describe('overloads', () => {
  it('match by the exact class names of the arguments', () => {
    expect(overload(RESOLVER, 'query', ...QUERY).argumentTypes.map((type) => type.className)).toEqual(QUERY);
    expect(() => overload(RESOLVER, 'query', 'android.net.Uri', 'String[]', STRING, 'String[]', STRING)).toThrow(
      /specified argument types do not match any of:\n\t\.overload\('android.net.Uri'/,
    );
  });
  it('are named in the error when .implementation is set on more than one', () => {
    const ambiguous = dispatcher(made.bridge.use(TELEPHONY), 'getImei') as unknown as JavaMethod;
    expect(() => {
      ambiguous.implementation = () => '';
    }).toThrow(
      /getImei\(\): has more than one overload, use \.overload\(<signature>\) to choose from:\n\t\.overload\(\)\n\t\.overload\('int'\)/,
    );
  });
  it('that call each other pass every hook again: one query is three intercepts', () => {
    const seen: number[] = [];
    for (const method of dispatcher(made.bridge.use(RESOLVER), 'query')?.overloads ?? []) {
      method.implementation = function (...args) {
        seen.push(args.length);
        return method.apply(this, args);
      };
    }
    const uri = made.call(URI, 'parse', [STRING], 'content://com.android.contacts/data/phones');
    made.call(RESOLVER, 'query', QUERY, uri, null, null, null, null);
    expect(seen).toEqual([5, 6, 4]);
  });
  it('of the constructor take a hook on $init, not on $new', () => {
    const GZIP = 'java.util.zip.GZIPOutputStream';
    let built = 0;
    const init = overload(GZIP, '$init', 'java.io.OutputStream');
    init.implementation = function (...args) {
      built++;
      return init.apply(this, args);
    };
    made.world.construct(GZIP, ['java.io.OutputStream'], [made.world.construct('java.io.ByteArrayOutputStream', [], [])]);
    expect(built).toBe(1);
    expect(() => {
      (dispatcher(made.bridge.use(GZIP), '$new') as unknown as JavaMethod).implementation = () => undefined;
    }).toThrow(/replace implementation of \$init instead/);
  });
});

describe('dispatch', () => {
  it('from the implementation goes to the original, and from another thread meanwhile through the hook', () => {
    const method = overload(TELEPHONY, 'getImei', 'int');
    const threads: string[] = [];
    method.implementation = function (...args) {
      threads.push(made.world.threads.current.name);
      if (threads.length === 1)
        made.world.threads.as('worker', ['com.example.Worker.run'], () => made.call(TELEPHONY, 'getImei', ['int'], 1));
      return method.apply(this, args);
    };
    expect(made.call(TELEPHONY, 'getImei', ['int'], 0)).toBe(CONTENTS.imei);
    expect(threads).toEqual(['main', 'worker']);
  });
  it('never reaches a hook on an interface method: implementations have their own', () => {
    overload('android.database.Cursor', 'getCount').implementation = () => 99;
    const uri = made.call(URI, 'parse', [STRING], 'content://com.android.contacts/data/phones');
    const cursor = made.call(RESOLVER, 'query', QUERY, uri, null, null, null, null);
    expect(made.on(cursor, 'getCount', [])).toBe(2);
  });
  it('puts the hooked method and the callers on the stack, innermost first, main thread at the bottom', () => {
    let frames: readonly string[] = [];
    const method = overload(TELEPHONY, 'getImei', 'int');
    method.implementation = function (...args) {
      frames = made.bridge.backtrace({ limit: 99 }).frames.map((frame) => `${frame.className}.${frame.methodName}`);
      return method.apply(this, args);
    };
    made.world.threads.within('com.example.loan.Main.load', () => made.call(TELEPHONY, 'getImei', []));
    expect(frames.slice(0, 3)).toEqual([`${TELEPHONY}.getImei`, `${TELEPHONY}.getImei`, 'com.example.loan.Main.load']);
    expect(frames.at(-1)).toBe('com.android.internal.os.ZygoteInit.main');
  });
  it('takes a hook out when .implementation is null', () => {
    const method = overload(TELEPHONY, 'getImei', 'int');
    method.implementation = () => 'x';
    method.implementation = null;
    expect(made.call(TELEPHONY, 'getImei', ['int'], 0)).toBe(CONTENTS.imei);
  });
  it('on a HotSpot VM takes a hook a tick late', async () => {
    made = fixture(nodeCrypto, { granted: ['READ_PHONE_STATE'], rows: [], hotspot: true });
    overload(TELEPHONY, 'getImei', 'int').implementation = () => 'hooked';
    expect(made.call(TELEPHONY, 'getImei', ['int'], 0)).toBe(CONTENTS.imei);
    await Promise.resolve();
    expect(made.call(TELEPHONY, 'getImei', ['int'], 0)).toBe('hooked');
  });
});

describe('wrappers', () => {
  it('lent to an implementation are dead when it has returned; a retained one lives', () => {
    let lent: JavaWrapper | null = null;
    let kept: JavaWrapper | null = null;
    const method = overload(RESOLVER, 'query', ...QUERY);
    method.implementation = function (...args) {
      lent = args[0] as JavaWrapper;
      kept = made.bridge.retain(lent);
      return method.apply(this, args);
    };
    const uri = made.call(URI, 'parse', [STRING], 'content://sms/x');
    made.granted.add('READ_SMS');
    made.call(RESOLVER, 'query', QUERY, uri, null, null, null, null);
    expect(() => invoke(lent as unknown as JavaWrapper, 'toString')).toThrow(/Wrapper is disposed; perhaps it was borrowed from a hook/);
    expect(invoke(kept as unknown as JavaWrapper, 'toString')).toBe('content://sms/x');
  });
  it('are typed as declared: an element of a List is an Object until it is cast', () => {
    const list = made.bridge.cast(invoke(made.bridge.use('java.util.ArrayList'), '$new') as JavaWrapper, made.bridge.use('java.util.List'));
    const uri = invoke(made.bridge.use(URI), 'parse', 'content://x');
    invoke(made.bridge.cast(list, made.bridge.use('java.util.ArrayList')), 'add', uri);
    const element = invoke(list, 'get', 0) as JavaWrapper;
    expect([element.$className, dispatcher(element, 'getAuthority')]).toEqual([URI, null]);
    expect(invoke(made.bridge.cast(element, made.bridge.use(URI)), 'getAuthority')).toBe('x');
    expect(() => made.bridge.cast(element, made.bridge.use('android.view.View'))).toThrow(
      `Cast from '${URI}' to 'android.view.View' isn't possible`,
    );
  });
  it('give byte[] as signed numbers, long as an object with toNumber, String[] as an array, fields by value', () => {
    const seen: unknown[] = [];
    const updates = overload(
      'android.location.LocationManager',
      'requestLocationUpdates',
      STRING,
      'long',
      'float',
      'android.location.LocationListener',
    );
    updates.implementation = (...args) => void seen.push(args[1]);
    made.call(
      'android.location.LocationManager',
      'requestLocationUpdates',
      [STRING, 'long', 'float', 'android.location.LocationListener'],
      'gps',
      5,
      0,
      null,
    );
    expect((seen[0] as { toNumber(): number }).toNumber()).toBe(5);
    expect(String(javaLong(2n ** 63n - 1n))).toBe('9223372036854775807');
    const wlan = invoke(made.bridge.use('java.net.NetworkInterface'), 'getByName', 'wlan0') as JavaWrapper;
    expect(Array.from(invoke(wlan, 'getHardwareAddress') as Int8Array)).toEqual([2, 74, 126, 25, -59, 59]);
    const packages = made.world.make('android.app.ApplicationPackageManager', {});
    const info = made.on(packages, 'getPackageInfo', [STRING, 'int'], PACKAGE, 0);
    const wrapped: JavaWrapper[] = [];
    overload('android.content.ContentProviderClient', 'query', ...QUERY).implementation = (...args) => (
      wrapped.push(...(args as JavaWrapper[])),
      null
    );
    made.on(made.world.make('android.content.ContentProviderClient', {}), 'query', QUERY, null, ['a', 'b'], null, null, null);
    expect(Array.isArray(wrapped[1])).toBe(true);
    expect(info).toHaveProperty('fields.packageName', PACKAGE);
    const list = invoke(made.bridge.use('java.util.ArrayList'), '$new') as JavaWrapper;
    expect(field(list, 'size')).toBeUndefined();
  });
  it('of a class that is not there: ClassNotFoundException', () => {
    expect(() => made.bridge.use('com.nowhere.Nothing')).toThrow(
      /^java\.lang\.ClassNotFoundException: Didn't find class "com\.nowhere\.Nothing"/,
    );
  });
});

const from = (uri: string) => (): unknown =>
  made.call(RESOLVER, 'query', QUERY, made.call(URI, 'parse', [STRING], uri), null, null, null, null);

describe('permissions', () => {
  it.each([
    [
      'READ_CONTACTS',
      28,
      'contacts',
      from('content://com.android.contacts/data/phones'),
      /opening provider com\.android\.providers\.contacts\.ContactsProvider2 from ProcessRecord\{.* \(pid=4242, uid=10123\) requires android\.permission\.READ_CONTACTS or/,
    ],
    [
      'READ_SMS',
      28,
      'SMS',
      from('content://sms/inbox'),
      /reading com\.android\.providers\.telephony\.SmsProvider uri content:\/\/sms\/inbox from pid=4242, uid=10123 requires android\.permission\.READ_SMS/,
    ],
    [
      'READ_CALL_LOG',
      28,
      'call log',
      from('content://call_log/calls'),
      /CallLogProvider .* requires android\.permission\.READ_CALL_LOG or/,
    ],
    [
      'ACCESS_FINE_LOCATION',
      28,
      'location',
      () => made.call('android.location.LocationManager', 'getLastKnownLocation', [STRING], 'gps'),
      /^"gps" location provider requires ACCESS_FINE_LOCATION permission\.$/,
    ],
    [
      'READ_PHONE_STATE',
      28,
      'serial',
      () => made.call('android.os.Build', 'getSerial', []),
      /^getSerial: Neither user 10123 nor current process has android\.permission\.READ_PHONE_STATE\.$/,
    ],
    ['ACCESS_WIFI_STATE', 28, 'Wi-Fi', () => made.call('android.net.wifi.WifiManager', 'getConnectionInfo', []), /ACCESS_WIFI_STATE/],
  ] as const)('%s (API %i) guards %s', (...[permission, , , read, text]) => {
    made.granted.clear();
    const refused = thrownBy(read);
    expect([refused.className, refused.message]).toEqual(['java.lang.SecurityException', expect.stringMatching(text)]);
    made.granted.add(permission);
    expect(read).not.toThrow();
  });
});
