import { afterEach, describe, expect, test } from 'vitest';
import type { AppProcess, SimulatedApp } from '../../../harness/model/app.js';
import { app, openRig, PACKAGE, page, pages } from './rig.js';
import type { Rig } from './rig.js';

let rig: Rig;
const open = async (simulated: Omit<SimulatedApp, 'truth'>): Promise<Rig> => (rig = await openRig(simulated));
afterEach(() => rig.close());

const crashed = (): readonly string[] => rig.of('lifecycle').flatMap((event) => (event.what === 'crashed' ? [event.detail] : []));
const boom = (): never => {
  throw new Error('boom');
};

describe('an app that fails ends its own process and nothing else', () => {
  const ways: readonly (readonly [string, (process: AppProcess) => void, string | null])[] = [
    ['throws while it starts', boom, null],
    ['throws in a click', (p) => p.ui.activity('Page', page({ 点: boom })), '点'],
    [
      'throws in an async click',
      (p) =>
        p.ui.activity(
          'Page',
          page({
            点: async () => {
              await Promise.resolve();
              boom();
            },
          }),
        ),
      '点',
    ],
    ['throws in a timer', (p) => void p.after(10, 'x.Y.z', boom), null],
    ['throws on a thread', (p) => p.thread('t', 'x.Y.z', boom), null],
    [
      'rejects on a thread',
      (p) =>
        p.thread('t', 'x.Y.z', async () => {
          await Promise.resolve();
          boom();
        }),
      null,
    ],
    [
      'recurses without end',
      (p) => {
        const down = (): void => p.within('x.Y.z', down);
        down();
      },
      null,
    ],
    [
      'sets itself timers without end',
      (p) => {
        for (;;) p.after(1, 'x.Y.z', () => undefined);
      },
      null,
    ],
    [
      'floods the main thread',
      (p) =>
        void p.every(0, 'x.Y.z', () => {
          for (let i = 0; i < 1900; i += 1) p.after(0, 'x.Y.z', () => undefined);
        }),
      null,
    ],
    [
      'asks the network without end',
      (p) => {
        for (;;) void p.http.send({ method: 'GET', url: 'https://nowhere.example/' });
      },
      null,
    ],
    [
      'fills the disk',
      (p) => {
        for (let i = 0; ; i += 1) p.files.write(`f${i}`, 'x'.repeat(1 << 20));
      },
      null,
    ],
  ];
  test.each(ways)('%s', async (_what, start, tap) => {
    await open(app({ '': start }));
    await rig.handset.launch();
    if (tap !== null) await rig.tap(tap);
    await rig.recorder.clock.wait(120_000, 'observe');
    expect(crashed()).toHaveLength(1);
    expect(rig.of('gap').filter((gap) => gap.source === 'handset')).toHaveLength(1);
    expect(await rig.source()).toContain('com.android.launcher3');
    await rig.handset.launch();
    expect(rig.life().filter((line) => line.startsWith('process-started'))).toHaveLength(2);
  });

  test('a loop without end is an ANR', async () => {
    await open(
      pages(() => ({
        点: () => {
          for (;;);
        },
      })),
    );
    await rig.handset.launch();
    await rig.tap('点');
    expect(crashed()).toEqual([expect.stringContaining('ApplicationNotResponding')]);
  });

  test('a promise that nobody keeps is no failure', async () => {
    await open(pages((p) => ({ 点: () => void p.contacts.pick(), 读: () => void p.device.androidId() })));
    await rig.handset.launch();
    await rig.tap('点');
    await rig.recorder.clock.wait(60_000, 'observe');
    expect(crashed()).toEqual([]);
  });

  test("a rejection that the app left lying is the app's, not ours", async () => {
    await open(pages(() => ({ 点: () => void Promise.reject(new Error('lying')) })));
    // vitest has a listener of its own that would call this an error of the test.
    const others = process.rawListeners('unhandledRejection').filter((listener) => listener.name !== 'onStray');
    for (const listener of others) process.removeListener('unhandledRejection', listener as () => void);
    try {
      await rig.handset.launch();
      await rig.tap('点');
      await expect.poll(crashed).toEqual(['Error: lying']);
    } finally {
      for (const listener of others) process.on('unhandledRejection', listener as () => void);
    }
  });
});

describe('a process', () => {
  test('that ended does nothing more, whatever it was waiting for', async () => {
    const went: string[] = [];
    await open(
      app(
        {
          '': (p) => {
            p.every(1000, 'x.Y.z', () => void went.push('timer'));
            const send = async (): Promise<void> => {
              await p.http.send({ method: 'GET', url: 'https://api.loan.example/' }).catch(() => went.push('refused'));
              went.push('answered');
            };
            const ask = (): void => void p.permissions.request(['android.permission.READ_SMS'], 'x.Y.z').then(() => went.push('granted'));
            p.ui.activity(
              'Page',
              page({
                退出: () => {
                  ask();
                  p.thread('net', 'x.Y.z', send);
                  try {
                    p.exit();
                  } finally {
                    went.push('left');
                  }
                },
              }),
            );
          },
        },
        { servers: { 'api.loan.example': () => ({ status: 200 }) } },
      ),
    );
    await rig.handset.launch();
    await rig.tap('退出');
    await rig.recorder.clock.wait(60_000, 'observe');
    expect(went.filter((one) => one !== 'timer')).toEqual(['left']);
    expect(went.length).toBeLessThan(4);
  });

  test('beside the main one has its own number and name, its own hooks, and goes on alone', async () => {
    await open(
      app({
        '': (p) => {
          p.startProcess(':push');
          p.ui.activity('Page', page({ 退出: () => p.exit() }));
        },
        ':push': (p) => void p.after(30_000, `${PACKAGE}.Push.tick`, () => void p.device.androidId()),
      }),
    );
    await rig.handset.launch();
    await rig.settle();
    await rig.tap('退出');
    await rig.recorder.clock.wait(60_000, 'observe');
    await rig.handset.flush();
    const started = rig.of('lifecycle').flatMap((e) => (e.what === 'process-started' && e.process !== null ? [e.process] : []));
    expect(started.map((one) => one.name)).toEqual([PACKAGE, `${PACKAGE}:push`]);
    expect(rig.reads()).toMatchObject([{ datum: 'android-id', process: started[1], foreground: false }]);
  });

  test('that is not declared cannot be started', async () => {
    await open(app({ '': (p) => p.startProcess(':other') }));
    await rig.handset.launch();
    expect(crashed()).toEqual([expect.stringContaining('no process :other is declared')]);
  });

  test('hears once that the app left and came back, not between two of its pages', async () => {
    const heard: string[] = [];
    await open(
      app({
        '': (p) => {
          p.onForeground('x.Y.z', () => void heard.push('front'));
          p.onBackground('x.Y.z', () => void heard.push('back'));
          p.ui.activity('One', page({ 二: () => p.ui.activity('Two', page({})) }));
        },
      }),
    );
    await rig.handset.launch();
    await rig.tap('二');
    await rig.recorder.clock.wait(5000, 'observe');
    await rig.handset.home();
    await rig.recorder.clock.wait(5000, 'background');
    await rig.handset.launch();
    await rig.recorder.clock.wait(5000, 'observe');
    expect(heard).toEqual(['front', 'back', 'front']);
  });

  test('in background reads with foreground false', async () => {
    await open(
      app({
        '': (p) => {
          p.onBackground('x.Y.stop', () => void p.after(10_000, 'x.Y.tick', () => void p.device.androidId()));
          p.ui.activity('One', page({ 读: () => void p.device.oaid() }));
        },
      }),
    );
    await rig.handset.launch();
    await rig.tap('读');
    await rig.handset.home();
    await rig.recorder.clock.wait(60_000, 'background');
    await rig.handset.flush();
    expect(rig.reads().map((o) => [o.datum, o.foreground])).toEqual([
      ['oaid', true],
      ['android-id', false],
    ]);
  });
});
