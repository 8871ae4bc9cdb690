import type { JavaObject } from '../../harness/virtual/java/objects.js';
import { catalogue } from '../../hooks/catalogue/index.js';
import type { HookRow } from '../../hooks/wire.js';
import { boundsCases } from './bounds-cases.js';
import { type EngineCase, same } from './case.js';
import { countingCases } from './counting-cases.js';
import { CONTENTS, type Fixture, QUERY, STRING, URI, fixture, ready, row } from './fixture.js';
import { lineageCases } from './lineage-cases.js';

const TELEPHONY = 'android.telephony.TelephonyManager';
const IMEI_28 = 'getImeiForSlot: Neither user 10123 nor current process has android.permission.READ_PHONE_STATE.';

function thrownBy(body: () => unknown): { className?: string; message: string } {
  try {
    body();
  } catch (error) {
    return error as { className?: string; message: string };
  }
  throw new Error('nothing was thrown');
}
function queryContacts(made: Fixture): JavaObject {
  const uri = made.call(URI, 'parse', [STRING], 'content://com.android.contacts/data/phones');
  return made.call('android.content.ContentResolver', 'query', QUERY, uri, ['display_name', 'data1'], null, null, null) as JavaObject;
}

/** What the app gets from every method that reads and takes no argument. */
const outcomesOf = (made: Fixture): unknown[] =>
  catalogue
    .filter((one) => one.overloads.some((types) => types.length === 0) && one.kind === 'read')
    .map((one) => {
      try {
        const value = made.call(one.class, one.method, []);
        return typeof value === 'object' && value !== null ? (value as JavaObject).className : value;
      } catch (error) {
        return (error as Error).message;
      }
    });

const outcomes: readonly EngineCase[] = [
  {
    name: 'the app gets what the original returned, and the read is recorded with value, caller and thread',
    async run(crypto) {
      const made = await ready(crypto, 'READ_PHONE_STATE');
      const got = made.world.threads.within('com.example.loan.Main.load', () => made.call(TELEPHONY, 'getImei', []));
      same(got, CONTENTS.imei, 'result');
      const [read] = made.of('api');
      same(
        [read?.hook, read?.datum, read?.values, read?.threw, read?.n, read?.thread],
        ['telephony.imei', 'imei', [{ text: CONTENTS.imei }], null, 1, 'main'],
        'record',
      );
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
      same(
        made.of('api').map((one) => [one.hook, one.threw, one.values]),
        [
          ['telephony.imei', 'java.lang.SecurityException', []],
          ['telephony.imei', 'java.lang.SecurityException', []],
        ],
        'records',
      );
    },
  },
  {
    name: 'on Android 10 and later the text of the refusal is the one of that Android',
    async run(crypto) {
      const made = fixture(crypto, { sdk: 29, granted: ['READ_PHONE_STATE'] });
      await made.install();
      same(
        thrownBy(() => made.call(TELEPHONY, 'getImei', [])).message,
        'getImeiForSlot: The user 10123 does not meet the requirements to access device identifiers.',
        'text',
      );
    },
  },
  {
    name: 'every hooked method gives the app the same with and without hooks',
    async run(crypto) {
      for (const granted of [[], ['READ_PHONE_STATE', 'ACCESS_FINE_LOCATION', 'ACCESS_WIFI_STATE']]) {
        const bare = fixture(crypto, { granted });
        const hooked = fixture(crypto, { granted });
        await hooked.install();
        same(outcomesOf(hooked), outcomesOf(bare), `outcomes with ${granted.join()}`);
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
      same(
        (made.call('android.content.ClipboardManager', 'getPrimaryClip', []) as JavaObject).className,
        'android.content.ClipData',
        'result',
      );
      same(made.call(TELEPHONY, 'getImei', ['int'], 0), CONTENTS.imei, 'result');
      same(
        made.of('fault').map((one) => [one.hook, one.where]),
        [['cursorless', 'extract']],
        'faults',
      );
      same(made.of('api').length, 2, 'reads');
      same(made.bridgeErrors.length, 0, 'errors in the bridge');
    },
  },
  {
    name: 'a platform that throws at every turn does not change what the app gets',
    async run(crypto) {
      const made = await ready(crypto, 'READ_PHONE_STATE');
      const { now } = made.clock;
      Object.assign(made.clock, {
        now: () => {
          throw new Error('no clock');
        },
      });
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
      same(
        reads.map((one) => one.parent === null),
        [true, false, false],
        'one whole, two parts',
      );
      const [whole, ...parts] = reads;
      same(
        [whole?.datum, whole?.rows, whole?.values],
        ['contacts', 2, [{ text: '鸢尾九' }, { text: '14170622345' }, { text: '祁连月' }, { text: '14270633456' }]],
        'whole',
      );
      same(
        parts.map((one) => one.parent),
        [whole?.seq, whole?.seq],
        'parents',
      );
      same((whole?.at.seq ?? 0) < (parts[0]?.at.seq ?? 0), true, 'the whole began before its parts');
    },
  },
  {
    name: 'a read that app code makes inside another read of the same datum is a read of its own',
    async run(crypto) {
      const made = await ready(crypto, 'ACCESS_FINE_LOCATION');
      const last = (): unknown => made.call('android.location.LocationManager', 'getLastKnownLocation', [STRING], 'gps');
      const listener = made.world.make('android.location.LocationListener', {
        callback: () => made.world.threads.within('com.example.loan.Where.changed', last),
      });
      made.call(
        'android.location.LocationManager',
        'requestLocationUpdates',
        [STRING, 'long', 'float', 'android.location.LocationListener'],
        'gps',
        0,
        0,
        listener,
      );
      made.clock.runTimers();
      same(
        made.of('api').map((one) => [one.hook, one.parent]),
        [
          ['location.updates', null],
          ['location.last-known', null],
          ['location.delivered-23', null],
        ],
        'reads',
      );
      same(made.of('api').at(-1)?.values, [{ text: `${CONTENTS.location.lat},${CONTENTS.location.lon}` }], 'delivered position');
    },
  },
  {
    name: 'what our own extractors call is not recorded',
    async run(crypto) {
      const size: HookRow = {
        ...row('clipboard.text'),
        id: 'cursor-count',
        class: 'android.content.ContentResolver$CursorWrapperInner',
        method: 'getCount',
        value: { from: 'none' },
      };
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
      const view = made.world.make('android.widget.Button', {
        id: 'btn_agree',
        text: '同意',
        listener: () => made.call(TELEPHONY, 'getImei', ['int'], 0),
      });
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
      const view = made.world.make('android.widget.Button', {
        listener: () => {
          throw failure;
        },
      });
      same(thrownBy(() => made.world.call('android.view.View', 'performClick', [], view, [])) === failure, true, 'the same error');
      same(made.bridgeErrors.length, 0, 'errors in the bridge');
      same(made.of('click').length, 1, 'the click is recorded');
    },
  },
];

/** The engine's tests, the same in every realm. */
export const engineCases: readonly EngineCase[] = [...outcomes, ...nesting, ...countingCases, ...lineageCases, ...boundsCases];
