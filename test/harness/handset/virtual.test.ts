import { afterEach, describe, expect, test } from 'vitest';
import type { AppProcess, SimulatedApp } from '../../../harness/model/app.js';
import { app, openRig, PACKAGE, page, pages } from './rig.js';
import type { Rig } from './rig.js';

const CONTACTS = 'android.permission.READ_CONTACTS';
let rig: Rig;
const open = async (simulated: Omit<SimulatedApp, 'truth'>): Promise<Rig> => (rig = await openRig(simulated));
afterEach(() => rig.close());

describe('the port', () => {
  test('leads Appium to this handset and says that it is simulated', async () => {
    await open(pages(() => ({})));
    expect(rig.handset.capabilities()).toMatchObject({
      platformName: 'Android',
      'appium:automationName': 'VirtualHandset',
      'appium:noReset': true,
      'appium:autoLaunch': false,
      'appium:appPackage': PACKAGE,
    });
    expect(String(rig.handset.capabilities()['appium:handsetUrl'])).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/);
    expect((await rig.handset.facts())['ro.jiejing.simulated']).toBe('1');
  });

  test('writes what it does to the app, in order', async () => {
    await open(pages(() => ({})));
    await rig.handset.launch();
    await rig.handset.stop();
    await rig.handset.clear();
    expect(rig.life()).toEqual([
      'installed -',
      'planted -',
      'launched -',
      `process-started ${PACKAGE}`,
      `process-ended ${PACKAGE}`,
      'stopped -',
      'cleared -',
    ]);
  });

  test('a launch from the background brings the same process and page back', async () => {
    const pids: number[] = [];
    await open(
      app({
        '': (process) => {
          pids.push(process.pid);
          process.ui.activity('Page', page({ 一: () => process.ui.activity('Second', page({ 二: () => undefined })) }));
        },
      }),
    );
    await rig.handset.launch();
    await rig.tap('一');
    await rig.handset.home();
    expect(await rig.source()).not.toContain('text="二"');
    await rig.handset.launch();
    expect(await rig.source()).toContain('text="二"');
    await rig.handset.stop();
    await rig.handset.launch();
    expect(await rig.source()).toContain('text="一"');
    expect(pids).toHaveLength(2);
    expect(pids[0]).not.toBe(pids[1]);
  });

  test('files outlive a stop and not a clear; the end gets them all', async () => {
    const seen: (string | null)[] = [];
    await open(
      app({
        '': (process) => {
          seen.push(process.files.read('shared_prefs/a.xml'));
          process.files.write('shared_prefs/a.xml', '甲');
        },
      }),
    );
    await rig.handset.launch();
    await rig.handset.stop();
    await rig.handset.launch();
    expect((await rig.handset.collect()).map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])).toEqual([
      ['shared_prefs/a.xml', '甲'],
    ]);
    await rig.handset.clear();
    await rig.handset.launch();
    expect(seen).toEqual([null, '甲', null]);
  });

  test('an SMS that the network delivers is the newest of the inbox', async () => {
    const inbox: string[] = [];
    await open(pages((process) => ({ 读: () => void inbox.push(process.sms.inbox()[0]?.body ?? '') })));
    await rig.handset.launch();
    // Granted by the person at the phone, in its settings.
    const asking = app({
      '': (process) =>
        process.ui.activity(
          'Page',
          page({
            要: () => void process.permissions.request(['android.permission.READ_SMS'], 'x.Y.z'),
            读: () => void inbox.push(process.sms.inbox()[0]?.body ?? ''),
          }),
        ),
    });
    await rig.close();
    await open(asking);
    await rig.handset.launch();
    await rig.tap('要');
    await rig.tap('允许');
    await rig.handset.deliverSms('10690001', '验证码 246810');
    await rig.tap('读');
    expect(inbox).toEqual(['验证码 246810']);
  });
});

const asks = (answers: unknown[]) =>
  pages((process) => ({
    要: () => void process.permissions.request([CONTACTS], `${PACKAGE}.Page.ask`).then((a) => answers.push(a[CONTACTS])),
  }));

describe('permissions', () => {
  test('a group denied twice is asked for no more, until the data are cleared', async () => {
    const answers: unknown[] = [];
    await open(asks(answers));
    await rig.handset.launch();
    for (const expected of [1, 2]) {
      await rig.tap('要');
      await rig.tap('拒绝');
      await expect.poll(() => answers.length).toBe(expected);
    }
    await rig.tap('要');
    await expect.poll(() => answers.length).toBe(3);
    expect(answers).toEqual([false, false, false]);
    await rig.handset.clear();
    await rig.handset.launch();
    await rig.tap('要');
    await rig.tap('允许');
    await expect.poll(() => answers.at(-1)).toBe(true);
  });

  test('one prompt after another, one for each group; the request is seen by the hooks with who made it', async () => {
    const answers: Readonly<Record<string, boolean>>[] = [];
    const wanted = [CONTACTS, 'android.permission.ACCESS_FINE_LOCATION', 'android.permission.RECORD_AUDIO'];
    await open(
      pages((process) => ({ 要: () => void process.permissions.request(wanted, `${PACKAGE}.Page.ask`).then((a) => answers.push(a)) })),
    );
    await rig.handset.launch();
    await rig.tap('要');
    await rig.tap('允许');
    await rig.tap('仅限这一次');
    await rig.settle();
    // A permission that the manifest does not name is refused without a word.
    expect(answers).toEqual([{ [wanted[0] ?? '']: true, [wanted[1] ?? '']: true, [wanted[2] ?? '']: false }]);
    expect(
      rig
        .of('prompt')
        .filter((p) => p.act === 'requested')
        .map((p) => [p.caller, p.groups]),
    ).toEqual([[`${PACKAGE}.Page.ask`, ['CONTACTS', 'LOCATION', 'MICROPHONE']]]);
  });

  test('what was granted for one time is gone with the process', async () => {
    const granted: boolean[] = [];
    const FINE = 'android.permission.ACCESS_FINE_LOCATION';
    await open(
      app({
        '': (process) => {
          granted.push(process.permissions.granted(FINE));
          process.ui.activity('Page', page({ 要: () => void process.permissions.request([FINE], 'x.Y.z') }));
        },
      }),
    );
    await rig.handset.launch();
    await rig.tap('要');
    await rig.tap('仅限这一次');
    await rig.handset.stop();
    await rig.handset.launch();
    expect(granted).toEqual([false, false]);
  });

  test('a read without permission throws, and is still seen', async () => {
    const thrown: string[] = [];
    await open(
      pages((process) => ({
        读: () => {
          try {
            process.contacts.all();
          } catch (error) {
            thrown.push((error as { className: string }).className);
          }
        },
      })),
    );
    await rig.handset.launch();
    await rig.tap('读');
    await rig.settle();
    expect(thrown).toEqual(['java.lang.SecurityException']);
    expect(rig.reads().map((o) => [o.datum, o.threw, o.caller])).toEqual([
      ['contacts', 'java.lang.SecurityException', `${PACKAGE}.Page.onClick`],
    ]);
  });
});

describe('what the recorder gets', () => {
  test('a read and its sending carry the same process, and the value of the manifest', async () => {
    await open(
      app(
        {
          '': (process) =>
            process.ui.activity(
              'Page',
              page({
                发: () =>
                  process.thread('net', `${PACKAGE}.Net.run`, async () => {
                    await process.http.send({ method: 'POST', url: 'https://api.loan.example/v1', body: process.device.androidId() });
                  }),
              }),
            ),
        },
        { servers: { 'api.loan.example': () => ({ status: 200, body: 'ok' }) } },
      ),
    );
    await rig.handset.launch();
    await rig.tap('发');
    await rig.settle();
    const [read] = rig.reads();
    const [flow] = rig.of('flow');
    const planted = rig.manifest.values.find((value) => value.type === 'android_id');
    expect(read).toMatchObject({ datum: 'android-id', caller: `${PACKAGE}.Net.run`, thread: 'net', values: [{ value: planted?.id }] });
    expect(flow).toMatchObject({
      state: 'whole',
      host: 'api.loan.example',
      owner: { package: PACKAGE, pid: read?.process.pid, how: 'virtual' },
    });
    expect(flow?.bodies[0]?.bytes).toBe(planted?.text.length);
  });

  test('a pinned host is refused by the app, and stays unseen', async () => {
    const failures: string[] = [];
    const seen: string[] = [];
    const send = (process: AppProcess) => (): void =>
      void process
        .pinned('sec.loan.example')
        .send({ method: 'POST', url: 'https://sec.loan.example/', body: 'secret' })
        .catch((error: { className: string }) => failures.push(error.className));
    await open(
      app(
        { '': (process) => process.ui.activity('Page', page({ 发: send(process) })) },
        {
          servers: {
            'sec.loan.example': (request) => {
              seen.push(request.url);
              return { status: 200 };
            },
          },
        },
      ),
    );
    await rig.handset.launch();
    await rig.tap('发');
    await expect.poll(() => failures).toEqual(['javax.net.ssl.SSLPeerUnverifiedException']);
    await rig.settle();
    expect(rig.of('flow')).toMatchObject([{ state: 'refused', host: 'sec.loan.example', request: null }]);
    expect(rig.of('gap')).toMatchObject([{ source: 'proxy', scope: { host: 'sec.loan.example' } }]);
    expect(seen).toEqual([]);
  });

  test('a contact that the user picked is named by its values, and nothing else was read', async () => {
    const got: unknown[] = [];
    await open(pages((process) => ({ 选: () => void process.contacts.pick().then((row) => got.push(row)) })));
    const [name, phone] = ['contact_name', 'contact_phone'].map((type) => rig.manifest.values.find((value) => value.type === type));
    await rig.handset.launch();
    await rig.tap('选');
    await rig.tap(name?.text ?? '');
    await rig.settle();
    expect(got).toEqual([{ name: name?.text, phone: phone?.text }]);
    expect(
      rig
        .of('lifecycle')
        .filter((e) => e.what === 'picked')
        .map((e) => e.detail),
    ).toEqual([`${name?.id},${phone?.id}`]);
    expect(rig.reads()).toEqual([]);
  });

  test('a click is told with its own stamp, before what its handler read', async () => {
    await open(pages((process) => ({ 同意: () => void process.device.androidId() })));
    const clicks: { readonly text: string; readonly seq: number }[] = [];
    rig.handset.onClick((click) => clicks.push({ text: click.text, seq: click.at.seq }));
    await rig.handset.launch();
    await rig.tap('同意');
    await rig.handset.flush();
    expect(clicks.map((click) => click.text)).toEqual(['同意']);
    expect(rig.reads()[0]?.at.seq).toBeGreaterThan(clicks[0]?.seq ?? Infinity);
  });

  test('a click whose handler ends the process is told as well', async () => {
    const after: string[] = [];
    await open(
      pages((process) => ({
        不同意: () => {
          process.exit();
          after.push('went on');
        },
      })),
    );
    const clicks: string[] = [];
    rig.handset.onClick((click) => clicks.push(click.text));
    await rig.handset.launch();
    await rig.tap('不同意');
    expect(clicks).toEqual(['不同意']);
    expect(after).toEqual([]);
    // The agent's last word comes after the call that ended the process.
    expect(rig.of('coverage').find((one) => one.when === 'end')?.fired).toMatchObject({ 'view.click': 1 });
    expect(rig.life().at(-1)).toBe(`process-ended ${PACKAGE}`);
  });
});
