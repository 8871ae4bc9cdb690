import type { HookRow } from '../../hooks/wire.js';
import { type EngineCase, same } from './case.js';
import { CONTENTS, STRING, fixture, ready, row } from './fixture.js';

const TELEPHONY = 'android.telephony.TelephonyManager';

/** Counts, queue, stacks, coverage. */
export const countingCases: readonly EngineCase[] = [
  {
    name: 'a hot row is counted by value and flushed at a click, so that no count spans it',
    async run(crypto) {
      const made = await ready(crypto);
      // On a thread of its own: the stack is the same before, during and after the click.
      const look = (): unknown =>
        made.world.threads.as('worker', ['com.sdk.Probe.run'], () =>
          made.call('android.app.ApplicationPackageManager', 'getPackageInfo', [STRING, 'int'], 'com.android.settings', 0),
        );
      for (let i = 0; i < 5; i++) look();
      const view = made.world.make('android.widget.Button', { listener: () => (look(), look()) });
      made.world.call('android.view.View', 'performClick', [], view, []);
      for (let i = 0; i < 3; i++) look();
      const reads = made.of('api');
      same(
        reads.map((one) => one.n),
        [5, 2, 3],
        'counts',
      );
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
        } catch {
          /* no such package: the look-up is what counts */
        }
      }
      const records = made.records();
      const dropped = made.batches.reduce((sum, batch) => sum + batch.dropped, 0);
      same(dropped > 0, true, 'dropped');
      same((records.at(-1)?.seq ?? 0) - records.length <= dropped, true, 'no hole but the counted ones');
      made.engine.stop();
      const all = made.batches.flatMap((batch) => batch.records);
      same(
        (all.at(-1)?.seq ?? 0) - all.length,
        made.batches.reduce((sum, batch) => sum + batch.dropped, 0),
        'holes',
      );
    },
  },
  {
    name: 'a stack is sent once and then named by its id',
    async run(crypto) {
      const made = await ready(crypto, 'READ_PHONE_STATE');
      for (let i = 0; i < 3; i++)
        made.world.threads.within('com.example.loan.Main.load', () => made.call(TELEPHONY, 'getImei', ['int'], 0));
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
      same(
        made.of('api').map((one) => [one.datum, one.parent === null]),
        [
          ['android-id', true],
          ['android-id', false],
        ],
        'reads',
      );
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
      const rows: HookRow[] = [
        { ...row('telephony.imei'), id: 'gone', class: 'android.telephony.Nowhere' },
        { ...row('telephony.imei'), id: 'odd', overloads: [['float']] },
        { ...row('gzip.new'), id: 'new', method: '$new' },
      ];
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
      const activity = (method: string): unknown =>
        made.call('android.app.Instrumentation', method, ['android.app.Activity'], made.world.make('android.app.Activity', {}));
      const read = (): unknown => made.call('android.content.ClipboardManager', 'getPrimaryClip', []);
      read();
      activity('callActivityOnResume');
      read();
      activity('callActivityOnPause');
      read();
      same(
        made.of('api').map((one) => one.foreground),
        [null, true, false],
        'foreground',
      );
      same(
        made.of('activity').map((one) => [one.name, one.state]),
        [
          ['android.app.Activity', 'resumed'],
          ['android.app.Activity', 'paused'],
        ],
        'activities',
      );
    },
  },
];
