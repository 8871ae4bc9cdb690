import { describe, expect, it } from 'vitest';
import type { Event, Observation } from '../../harness/model/event.js';
import type { Stamp } from '../../harness/model/stamp.js';
import { callerOf, inBackground } from '../../harness/model/timeline.js';
import { launched, reads, story } from '../../reports/examples.js';

const API = 'android.provider.Settings$Secure.getString';
const frames = (...names: readonly string[]): Observation['stack'] =>
  [API, ...names].map((name) => ({
    class: name.slice(0, name.lastIndexOf('.')),
    method: name.slice(name.lastIndexOf('.') + 1),
    file: null,
    line: null,
  }));

describe('whose call a read was', () => {
  const timeline = story(launched(0), reads(100, 'android-id'));
  const read = timeline.events.find((e): e is Observation => e.kind === 'observation');
  it.each([
    ['an SDK’s', ['com.example.risksdk.Reader.read', 'android.os.Handler.dispatchMessage'], 'app'],
    [
      'nobody’s that the stack tells: a callback lost the app’s frames',
      [
        'android.os.Handler.dispatchMessage',
        'android.os.Looper.loop',
        'android.app.ActivityThread.main',
        'java.lang.reflect.Method.invoke',
        'com.android.internal.os.ZygoteInit.main',
      ],
      'unknown',
    ],
    ['nobody’s, on a thread of a pool', ['java.util.concurrent.ThreadPoolExecutor.runWorker', 'java.lang.Thread.run'], 'unknown'],
    ['the framework’s', ['android.media.MediaRouter.rebind', 'android.os.Handler.dispatchMessage'], 'framework'],
    ['a WebView’s', ['android.webkit.WebViewFactory.load', 'com.example.loan.Main.onCreate'], 'web-view'],
  ] as const)('%s', (_title, stack, whose) => {
    if (read === undefined) throw new Error('the story has no read');
    expect(callerOf(timeline, { ...read, caller: 'unknown', stack: frames(...stack) })).toBe(whose);
  });
});

describe('whether the app was in background', () => {
  const at = (ms: number, seq: number): Stamp => ({ ms, slackMs: 0, clock: 'run', seq });
  const process = { pid: 1, name: 'com.example.loan', package: 'com.example.loan' };
  const events: readonly Event[] = [
    { id: 'e1', at: at(0, 1), kind: 'lifecycle', what: 'resumed', process, detail: '', head: null },
    { id: 'e2', at: at(5000, 2), kind: 'step', path: '1', act: 'background', state: 'begun', detail: '', picture: null },
    { id: 'e3', at: at(5010, 3), kind: 'lifecycle', what: 'paused', process, detail: '', head: null },
  ];
  it.each([
    ['while it leaves (onStop): not for sure', 5700, null],
    ['when it has settled: yes', 9000, true],
    ['before: no', 4000, false],
  ] as const)('%s', (_title, ms, away) => {
    expect(inBackground({ ...story(launched(0)), events }, at(ms, ms < 5000 ? 1.5 : 4))).toBe(away);
  });
});
