import type { JavaCrypto } from '../../harness/virtual/java/crypto.js';
import type { JavaObject } from '../../harness/virtual/java/objects.js';
import { bytes } from '../../harness/virtual/java/text.js';
import { base64, fromJavaBytes, hex } from '../../hooks/agent/bytes.js';
import { catalogue } from '../../hooks/catalogue/index.js';
import type { HookRow } from '../../hooks/wire.js';
import { CONTENTS, type Fixture, QUERY, STRING, URI, fixture } from './fixture.js';

/** A test that runs in any realm: it throws when it fails. */
export interface EngineCase { readonly name: string; run(crypto: JavaCrypto): Promise<void> | void }

const TELEPHONY = 'android.telephony.TelephonyManager';
const IMEI_28 = 'getImeiForSlot: Neither user 10123 nor current process has android.permission.READ_PHONE_STATE.';

function same(seen: unknown, wanted: unknown, what: string): void {
  if (JSON.stringify(seen) !== JSON.stringify(wanted)) throw new Error(`${what}: wanted ${JSON.stringify(wanted)}, saw ${JSON.stringify(seen)}`);
}
function thrownBy(body: () => unknown): { className?: string; message: string } {
  try {
    body();
  } catch (error) {
    return error as { className?: string; message: string };
  }
  throw new Error('nothing was thrown');
}
const row = (id: string): HookRow => {
  const found = catalogue.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no row ${id}`);
  return found;
};
async function ready(crypto: JavaCrypto, ...granted: readonly string[]): Promise<Fixture> {
  const made = fixture(crypto, { granted });
  await made.install();
  return made;
}
function queryContacts(made: Fixture): JavaObject {
  const uri = made.call(URI, 'parse', [STRING], 'content://com.android.contacts/data/phones');
  return made.call('android.content.ContentResolver', 'query', QUERY, uri, ['display_name', 'data1'], null, null, null) as JavaObject;
}
const unbase64 = (text: string, wanted: string): boolean => text === base64(wanted);

const outcomes: readonly EngineCase[] = [
  {
    name: 'the app gets what the original returned, and the read is recorded with value, caller and thread',
    async run(crypto) {
      const made = await ready(crypto, 'READ_PHONE_STATE');
      const got = made.world.threads.within('com.example.loan.Main.load', () => made.call(TELEPHONY, 'getImei', []));
      same(got, CONTENTS.imei, 'result');
      const [read] = made.of('api');
      same([read?.hook, read?.datum, read?.values, read?.threw, read?.n, read?.thread], ['telephony.imei', 'imei', [{ text: CONTENTS.imei }], null, 1, 'main'], 'record');
      const stack = made.of('stack').find((one) => one.id === read?.stack);
      same(stack?.frames[stack.caller ?? -1]?.m, 'load', 'caller');
      same(made.bridgeErrors.length, 0, 'errors in the bridge');
    },
  },
  {
    name: 'a refused read throws the same exception at the app as without hooks, and is recorded as refused',
    async run(crypto) {
      const made = await ready(crypto);
      const thrown = thrownBy(() => made.call(TELEPHONY, 'getImei', []));
      same([thrown.className, thrown.message], ['java.lang.SecurityException', IMEI_28], 'exception');
      same(made.of('api').map((one) => [one.hook, one.threw, one.values]), [['telephony.imei', 'java.lang.SecurityException', []], ['telephony.imei', 'java.lang.SecurityException', []]], 'records');
    },
  },
  {
    name: 'on Android 10 and later the text of the refusal is the one of that Android',
    async run(crypto) {
      const made = fixture(crypto, { sdk: 29, granted: ['READ_PHONE_STATE'] });
      await made.install();
      same(thrownBy(() => made.call(TELEPHONY, 'getImei', [])).message, 'getImeiForSlot: The user 10123 does not meet the requirements to access device identifiers.', 'text');
    },
  },
  {
    name: 'every hooked method gives the app the same with and without hooks',
    async run(crypto) {
      const outcomes = (made: Fixture): unknown[] => catalogue.filter((one) => one.overloads.some((types) => types.length === 0) && one.kind === 'read').map((one) => {
        try {
          const value = made.call(one.class, one.method, []);
          return typeof value === 'object' && value !== null ? (value as JavaObject).className : value;
        } catch (error) {
          return (error as Error).message;
        }
      });
      for (const granted of [[], ['READ_PHONE_STATE', 'ACCESS_FINE_LOCATION', 'ACCESS_WIFI_STATE']]) {
        const bare = fixture(crypto, { granted });
        const hooked = fixture(crypto, { granted });
        await hooked.install();
        same(outcomes(hooked), outcomes(bare), `outcomes with ${granted.join()}`);
        same(hooked.bridgeErrors.length, 0, 'errors in the bridge');
      }
    },
  },
  {
    name: 'a fault in an extractor never reaches the app and becomes a fault record',
    async run(crypto) {
      const broken: HookRow = { ...row('telephony.imei'), id: 'broken', value: { from: 'cursor' }, overloads: [['int']] };
      const cursorless: HookRow = { ...row('clipboard.clip'), id: 'cursorless', value: { from: 'cursor' } };
      const made = fixture(crypto, { granted: ['READ_PHONE_STATE'], rows: [broken, cursorless] });
      await made.install();
      same((made.call('android.content.ClipboardManager', 'getPrimaryClip', []) as JavaObject).className, 'android.content.ClipData', 'result');
      same(made.call(TELEPHONY, 'getImei', ['int'], 0), CONTENTS.imei, 'result');
      same(made.of('fault').map((one) => [one.hook, one.where]), [['cursorless', 'extract']], 'faults');
      same(made.of('api').length, 2, 'reads');
      same(made.bridgeErrors.length, 0, 'errors in the bridge');
    },
  },
  {
    name: 'a platform that throws at every turn does not change what the app gets',
    async run(crypto) {
      const made = await ready(crypto, 'READ_PHONE_STATE');
      const { now } = made.clock;
      Object.assign(made.clock, { now: () => { throw new Error('no clock'); } });
      same(made.call(TELEPHONY, 'getImei', []), CONTENTS.imei, 'result');
      Object.assign(made.clock, { now });
      same(made.of('fault').length > 0, true, 'the faults are told later');
      same(made.bridgeErrors.length, 0, 'errors in the bridge');
    },
  },
];

const nesting: readonly EngineCase[] = [
  {
    name: 'overloads that call each other come out as one read with its parts under it',
    async run(crypto) {
      const made = await ready(crypto, 'READ_CONTACTS');
      const cursor = queryContacts(made);
      same(made.on(cursor, 'getPosition', []), -1, 'the cursor stands where it stood');
      const reads = made.of('api');
      same(reads.map((one) => one.parent === null), [true, false, false], 'one whole, two parts');
      const [whole, ...parts] = reads;
      same([whole?.datum, whole?.rows, whole?.values], ['contacts', 2, [{ text: '鸢尾九' }, { text: '14170622345' }, { text: '祁连月' }, { text: '14270633456' }]], 'whole');
      same(parts.map((one) => one.parent), [whole?.seq, whole?.seq], 'parents');
      same((whole?.at.seq ?? 0) < (parts[0]?.at.seq ?? 0), true, 'the whole began before its parts');
    },
  },
  {
    name: 'a read that app code makes inside another read of the same datum is a read of its own',
    async run(crypto) {
      const made = await ready(crypto, 'ACCESS_FINE_LOCATION');
      const last = (): unknown => made.call('android.location.LocationManager', 'getLastKnownLocation', [STRING], 'gps');
      const listener = made.world.make('android.location.LocationListener', { callback: () => made.world.threads.within('com.example.loan.Where.changed', last) });
      made.call('android.location.LocationManager', 'requestLocationUpdates', [STRING, 'long', 'float', 'android.location.LocationListener'], 'gps', 0, 0, listener);
      made.clock.runTimers();
      same(made.of('api').map((one) => [one.hook, one.parent]), [['location.updates', null], ['location.last-known', null], ['location.delivered-23', null]], 'reads');
      same(made.of('api').at(-1)?.values, [{ text: `${CONTENTS.location.lat},${CONTENTS.location.lon}` }], 'delivered position');
    },
  },
  {
    name: 'what our own extractors call is not recorded',
    async run(crypto) {
      const size: HookRow = { ...row('clipboard.text'), id: 'cursor-count', class: 'android.content.ContentResolver$CursorWrapperInner', method: 'getCount', value: { from: 'none' } };
      const made = fixture(crypto, { granted: ['READ_CONTACTS'], rows: [...catalogue, size] });
      await made.install();
      queryContacts(made);
      same(made.of('api').filter((one) => one.hook === 'cursor-count').length, 0, 'own calls');
    },
  },
  {
    name: 'reads inside a click are not parts of the click, and come after it in time',
    async run(crypto) {
      const made = await ready(crypto, 'READ_PHONE_STATE');
      const view = made.world.make('android.widget.Button', { id: 'btn_agree', text: '同意', listener: () => made.call(TELEPHONY, 'getImei', ['int'], 0) });
      made.world.call('android.view.View', 'performClick', [], view, []);
      const [click] = made.of('click');
      const [read] = made.of('api');
      same([click?.view, click?.text], ['btn_agree', '同意'], 'click');
      same([read?.parent, (read?.at.seq ?? 0) > (click?.at.seq ?? 0)], [null, true], 'read');
    },
  },
  {
    name: 'what app code throws inside a hooked method leaves the Java world as it was thrown',
    async run(crypto) {
      const made = await ready(crypto);
      const failure = new Error('the app has a bug');
      const view = made.world.make('android.widget.Button', { listener: () => { throw failure; } });
      same(thrownBy(() => made.world.call('android.view.View', 'performClick', [], view, [])) === failure, true, 'the same error');
      same(made.bridgeErrors.length, 0, 'errors in the bridge');
      same(made.of('click').length, 1, 'the click is recorded');
    },
  },
];

const counting: readonly EngineCase[] = [
  {
    name: 'a hot row is counted by value and flushed at a click, so that no count spans it',
    async run(crypto) {
      const made = await ready(crypto);
      const look = (): unknown => made.call('android.app.ApplicationPackageManager', 'getPackageInfo', [STRING, 'int'], 'com.android.settings', 0);
      for (let i = 0; i < 5; i++) look();
      made.world.call('android.view.View', 'performClick', [], made.world.make('android.widget.Button', {}), []);
      for (let i = 0; i < 3; i++) look();
      const reads = made.of('api');
      same(reads.map((one) => one.n), [5, 3], 'counts');
      const click = made.of('click')[0]?.at.seq ?? 0;
      same([(reads[0]?.lastAt.seq ?? 0) < click, (reads[1]?.firstAt.seq ?? 0) > click], [true, true], 'sides');
    },
  },
  {
    name: 'a flood of the same read is counted after the first 64',
    async run(crypto) {
      const made = await ready(crypto, 'READ_PHONE_STATE');
      for (let i = 0; i < 1000; i++) made.call(TELEPHONY, 'getImei', ['int'], 0);
      const reads = made.of('api');
      same([reads.length, reads.reduce((sum, one) => sum + one.n, 0)], [65, 1000], 'records and calls');
    },
  },
  {
    name: 'what does not fit into the queue is dropped, counted, and leaves a hole in seq of that size',
    async run(crypto) {
      const made = fixture(crypto, { queueLimit: 20 });
      await made.install();
      for (let i = 0; i < 50; i++) {
        try {
          made.call('android.app.ApplicationPackageManager', 'getPackageInfo', [STRING, 'int'], `com.example.n${i}`, 0);
        } catch { /* no such package: the look-up is what counts */ }
      }
      const records = made.records();
      const dropped = made.batches.reduce((sum, batch) => sum + batch.dropped, 0);
      same(dropped > 0, true, 'dropped');
      same((records.at(-1)?.seq ?? 0) - records.length <= dropped, true, 'no hole but the counted ones');
      made.engine.stop();
      const all = made.batches.flatMap((batch) => batch.records);
      same((all.at(-1)?.seq ?? 0) - all.length, made.batches.reduce((sum, batch) => sum + batch.dropped, 0), 'holes');
    },
  },
  {
    name: 'a stack is sent once and then named by its id',
    async run(crypto) {
      const made = await ready(crypto, 'READ_PHONE_STATE');
      for (let i = 0; i < 3; i++) made.world.threads.within('com.example.loan.Main.load', () => made.call(TELEPHONY, 'getImei', ['int'], 0));
      same(new Set(made.of('api').map((one) => one.stack)).size, 1, 'ids');
      same(made.of('stack').length, 1, 'stacks');
    },
  },
  {
    name: 'only the keys that a row names count',
    async run(crypto) {
      const made = await ready(crypto);
      const GET = ['android.content.ContentResolver', STRING];
      made.call('android.provider.Settings$Secure', 'getString', GET, null, 'default_input_method');
      same(made.call('android.provider.Settings$Secure', 'getString', GET, null, 'android_id'), CONTENTS.androidId, 'result');
      made.call('android.os.SystemProperties', 'get', [STRING], 'ro.product.model');
      same(made.of('api').map((one) => [one.datum, one.parent === null]), [['android-id', true], ['android-id', false]], 'reads');
    },
  },
  {
    name: 'stop takes the hooks out and says what fired',
    async run(crypto) {
      const made = await ready(crypto, 'READ_PHONE_STATE');
      made.call(TELEPHONY, 'getImei', ['int'], 0);
      made.engine.stop();
      made.call(TELEPHONY, 'getImei', ['int'], 0);
      same(made.of('api').length, 1, 'reads');
      const [early, end] = made.of('coverage');
      same([early?.when, end?.when, end?.fired], ['early', 'end', { 'telephony.imei': 1 }], 'coverage');
      same(early?.failed, [], 'failed');
    },
  },
  {
    name: 'a class that this Android does not have is missing, a row that cannot be put in has failed',
    async run(crypto) {
      const rows: HookRow[] = [{ ...row('telephony.imei'), id: 'gone', class: 'android.telephony.Nowhere' }, { ...row('telephony.imei'), id: 'odd', overloads: [['float']] }, { ...row('gzip.new'), id: 'new', method: '$new' }];
      const made = fixture(crypto, { rows });
      await made.install();
      const [coverage] = made.of('coverage');
      same([coverage?.missing, coverage?.failed.map((one) => one.hook)], [['gone', 'odd'], ['new']], 'coverage');
    },
  },
  {
    name: 'the foreground is unknown before an activity, true while one is resumed, false after',
    async run(crypto) {
      const made = await ready(crypto);
      const activity = (method: string): unknown => made.call('android.app.Instrumentation', method, ['android.app.Activity'], made.world.make('android.app.Activity', {}));
      const read = (): unknown => made.call('android.content.ClipboardManager', 'getPrimaryClip', []);
      read();
      activity('callActivityOnResume');
      read();
      activity('callActivityOnPause');
      read();
      same(made.of('api').map((one) => one.foreground), [null, true, false], 'foreground');
      same(made.of('activity').map((one) => [one.name, one.state]), [['android.app.Activity', 'resumed'], ['android.app.Activity', 'paused']], 'activities');
    },
  },
];

const digest = (made: Fixture, algorithm: string): unknown => made.call('java.security.MessageDigest', 'getInstance', [STRING], algorithm);
const cut = (of: Int8Array): string => fromJavaBytes(of, 0, of.length, 1e6);

const lineage: readonly EngineCase[] = [
  {
    name: 'a salted digest of a value that was read is a derivation with its whole input',
    async run(crypto) {
      const made = await ready(crypto, 'READ_PHONE_STATE');
      made.call(TELEPHONY, 'getImei', ['int'], 0);
      const md = digest(made, 'MD5');
      made.on(md, 'update', ['[B'], bytes('salt:'));
      const out = made.on(md, 'digest', ['[B'], bytes(CONTENTS.imei)) as Int8Array;
      const derived = made.of('derive');
      same(derived.length, 1, 'derivations');
      same([derived[0]?.op, derived[0]?.algorithm], ['digest', 'MD5'], 'what');
      same([unbase64(derived[0]?.input ?? '', `salt:${CONTENTS.imei}`), unbase64(derived[0]?.output ?? '', cut(out))], [true, true], 'bytes');
    },
  },
  {
    name: 'two digests in turn do not mix, and what holds no known value is not recorded',
    async run(crypto) {
      const made = await ready(crypto, 'READ_PHONE_STATE');
      made.call(TELEPHONY, 'getImei', ['int'], 0);
      const [a, b] = [digest(made, 'SHA-256'), digest(made, 'SHA-256')];
      made.on(a, 'update', ['[B'], bytes(CONTENTS.imei));
      made.on(b, 'update', ['[B'], bytes('nothing of the phone'));
      made.on(b, 'digest', []);
      made.on(a, 'digest', []);
      same(made.of('derive').map((one) => unbase64(one.input, CONTENTS.imei)), [true], 'derivations');
    },
  },
  {
    name: 'a value pushed in at the start is known without having been read',
    async run(crypto) {
      const made = fixture(crypto);
      await made.engine.init('early', [CONTENTS.androidId]);
      made.on(digest(made, 'SM3'), 'digest', ['[B'], bytes(`id=${CONTENTS.androidId}`));
      same(made.of('derive').map((one) => one.algorithm), ['SM3'], 'derivations');
    },
  },
  {
    name: 'a chain of digest, hex and AES is followed, in ECB, CBC and GCM',
    async run(crypto) {
      for (const transformation of ['AES/ECB/PKCS5Padding', 'AES/CBC/PKCS5Padding', 'AES/GCM/NoPadding']) {
        const made = fixture(crypto);
        await made.engine.init('early', [CONTENTS.imei]);
        const hashed = made.on(digest(made, 'MD5'), 'digest', ['[B'], bytes(CONTENTS.imei)) as Int8Array;
        const body = `{"id":"${hex(cut(hashed), '')}"}`;
        const key = made.world.construct('javax.crypto.spec.SecretKeySpec', ['[B', STRING], [bytes('0123456789abcdef'), 'AES']);
        const cipher = made.call('javax.crypto.Cipher', 'getInstance', [STRING], transformation);
        made.on(cipher, 'init', ['int', 'java.security.Key'], 1, key);
        made.on(cipher, 'update', ['[B', 'int', 'int'], bytes(body), 0, 10);
        made.on(cipher, 'doFinal', ['[B', 'int', 'int'], bytes(body), 10, body.length - 10);
        const [, ciphered] = made.of('derive');
        same([ciphered?.op, ciphered?.algorithm, unbase64(ciphered?.input ?? '', body)], ['cipher', transformation, true], transformation);
      }
    },
  },
  {
    name: 'a cipher that writes into the very buffer it reads from shows its input as it was',
    async run(crypto) {
      const made = fixture(crypto);
      await made.engine.init('early', [CONTENTS.imei]);
      const key = made.world.construct('javax.crypto.spec.SecretKeySpec', ['[B', STRING], [bytes('0123456789abcdef'), 'AES']);
      const cipher = made.call('javax.crypto.Cipher', 'getInstance', [STRING], 'AES/ECB/PKCS5Padding');
      made.on(cipher, 'init', ['int', 'java.security.Key'], 1, key);
      const buffer = new Int8Array(32);
      buffer.set(bytes(CONTENTS.imei));
      const n = made.on(cipher, 'doFinal', ['[B', 'int', 'int', '[B', 'int'], buffer, 0, CONTENTS.imei.length, buffer, 0) as number;
      const [derived] = made.of('derive');
      same([unbase64(derived?.input ?? '', CONTENTS.imei), unbase64(derived?.output ?? '', fromJavaBytes(buffer, 0, n, 99))], [true, true], 'bytes');
    },
  },
  {
    name: 'Mac.doFinal(byte[], int) takes the buffer for its output, not for an input',
    async run(crypto) {
      const made = fixture(crypto);
      await made.engine.init('early', [CONTENTS.imei]);
      const mac = made.call('javax.crypto.Mac', 'getInstance', [STRING], 'HmacSHA256');
      made.on(mac, 'init', ['java.security.Key'], made.world.construct('javax.crypto.spec.SecretKeySpec', ['[B', STRING], [bytes('k'), 'HmacSHA256']));
      made.on(mac, 'update', ['[B'], bytes(CONTENTS.imei));
      const target = new Int8Array(40);
      made.on(mac, 'doFinal', ['[B', 'int'], target, 4);
      const [derived] = made.of('derive');
      same([derived?.op, unbase64(derived?.input ?? '', CONTENTS.imei), unbase64(derived?.output ?? '', fromJavaBytes(target, 4, 32, 99))], ['mac', true, true], 'derivation');
    },
  },
  {
    name: 'gzip and Base64 carry a value on; the calls inside encodeToString are not told twice',
    async run(crypto) {
      const made = fixture(crypto);
      await made.engine.init('early', [CONTENTS.imei]);
      const target = made.world.construct('java.io.ByteArrayOutputStream', [], []);
      const stream = made.world.construct('java.util.zip.GZIPOutputStream', ['java.io.OutputStream'], [target]);
      made.on(stream, 'write', ['[B'], bytes(`{"imei":"${CONTENTS.imei}"}`));
      made.on(stream, 'close', []);
      const packed = made.on(target, 'toByteArray', []);
      const text = made.call('android.util.Base64', 'encodeToString', ['[B', 'int'], packed, 2);
      same(made.of('derive').map((one) => [one.op, one.op === 'base64' ? unbase64(one.output, String(text)) : unbase64(one.output, cut(packed as Int8Array))]), [['gzip', true], ['base64', true]], 'derivations');
    },
  },
];

/** The engine's tests, the same in every realm. */
export const engineCases: readonly EngineCase[] = [...outcomes, ...nesting, ...counting, ...lineage];
