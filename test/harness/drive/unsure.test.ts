import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ui, View } from '../../../harness/model/app.js';
import { LabError } from '../../../harness/model/errors.js';
import type { ScenarioStep } from '../../../harness/model/scenario.js';
import { orderToConsent } from '../../../harness/model/timeline.js';
import type { Consent } from '../../../harness/model/event.js';
import type { Lab, TrialApp } from './lab.js';
import { button, failure, field, launch, noticeView, openLab, page } from './lab.js';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(async () => {
  await lab.close();
});

const gaps = (): readonly unknown[] => lab.events.flatMap((e) => (e.kind === 'gap' ? [[e.source, e.what, e.why]] : []));
const acts = (): readonly unknown[] => lab.consents().flatMap((c) => (c.act === 'shown' ? [] : [[c.act, c.how]]));
const details = (act: string): readonly string[] =>
  lab.news.filter((one) => one.act === act && one.state !== 'begun').map((one) => one.detail);
const blindly = async (run: () => Promise<void>): Promise<void> => {
  lab.blind = true;
  await run().finally(() => {
    lab.blind = false;
  });
};

/** A notice that goes away at the tap; a dialog of Android's own builder when `alert`. */
const asking =
  (parts: { readonly alert?: boolean; readonly words?: string; readonly more?: readonly View[] } = {}): TrialApp =>
  ({ ui }) => {
    ui.activity('MainActivity', page('首页'));
    const leave = (): void => {
      shown.dismiss();
      ui.activity('LoginActivity', page('欢迎'));
    };
    const view = noticeView({ agree: leave, decline: leave, ...(parts.words === undefined ? {} : { words: parts.words }) });
    const children = [...(view.children ?? []), ...(parts.more ?? []), button('好嘞', leave), button('再想想', leave)];
    const ids: Readonly<Record<string, string>> = {
      温馨提示: 'alertTitle',
      不同意: 'android:id/button2',
      同意并继续: 'android:id/button1',
    };
    const named = children.map((child) =>
      parts.alert === true && child.text !== undefined && ids[child.text] ? { ...child, id: ids[child.text]! } : child,
    );
    const shown = ui.dialog({ ...view, children: named });
  };

describe('a tap that the scenario names itself', () => {
  it.each<readonly [string, ScenarioStep, readonly string[]]>([
    ['by its words', { tap: '同意并继续' }, ['agreed', 'plain-tap']],
    ['by its id', { tap: { id: 'yes' } }, ['agreed', 'plain-tap']],
    [
      'by XPath, which only the driver can read',
      { tap: { xpath: '//android.widget.Button[@text="同意并继续"]' } },
      ['agreed', 'plain-tap'],
    ],
    ['on what refuses', { tap: '不同意' }, ['declined', 'plain-tap']],
    ['on what only puts off', { tap: '再想想' }, ['declined', 'put-off']],
  ])('on a notice is a consent act, stamped as by `privacy`: %s', async (_how, step, act) => {
    await lab.perform(asking(), [launch, step, { expect: { text: '欢迎' } }]);
    expect(acts()).toEqual([act]);
    expect(lab.consents().at(-1)).toMatchObject({ notice: { agree: '同意并继续' }, before: { tree: {} }, after: { tree: {} } });
    expect(lab.consents().at(-1)?.click).not.toBeNull();
    expect(gaps()).toEqual([]);
  });

  it('in words that nobody knows, and the notice is gone: a gap, no consent', async () => {
    await lab.perform(asking(), [launch, { tap: '好嘞' }, { expect: { text: '欢迎' } }]);
    expect(acts()).toEqual([]);
    expect(gaps()).toEqual([['driver', 'notice-gone', '好嘞']]);
  });

  it('on what agrees in so many words is consent also where the page was not known for a notice', async () => {
    await lab.perform(asking({ words: '开始之前' }), [launch, { tap: '同意并继续' }, { expect: { text: '欢迎' } }]);
    expect(lab.consents().map((consent) => [consent.act, consent.how, consent.notice])).toEqual([['agreed', 'plain-tap', null]]);
  });

  it('on an app’s own words before a permission prompt is none', async () => {
    const app: TrialApp = ({ ui }) => {
      ui.activity(
        'MainActivity',
        page(
          '我们需要获取位置权限',
          button('授权', () => undefined),
          button('同意', () => ui.activity('Next', page('好'))),
        ),
      );
    };
    await lab.perform(app, [launch, { tap: '同意' }, { expect: { text: '好' } }]);
    expect(acts()).toEqual([]);
  });

  it('on a link or the box of a notice answers nothing', async () => {
    const app: TrialApp = ({ ui }) => {
      ui.activity('MainActivity', page('首页'));
      const view = noticeView({ agree: () => undefined, box: false });
      ui.dialog({
        ...view,
        children: [...(view.children ?? []), button('《隐私政策》', () => ui.activity('PolicyActivity', page('条文')))],
      });
    };
    await lab.perform(app, [launch, { tap: { id: 'cb' } }, { tap: '《隐私政策》' }, { expect: { text: '条文' } }]);
    expect([acts(), gaps()]).toEqual([[], []]);
  });

  it('that the app was not seen to take, and no later one either, leaves a gap at that tap', async () => {
    const app: TrialApp = ({ ui }) => {
      ui.activity('MainActivity', page('首页'));
      ui.dialog(noticeView({ agree: () => undefined }));
    };
    await blindly(() => lab.perform(app, [launch, { tap: '同意并继续' }, { observe: 60 }]));
    expect(acts()).toEqual([]);
    expect(gaps()).toEqual([['driver', 'agreement-unsettled', '同意并继续']]);
    const gap = lab.events.find((event) => event.kind === 'gap');
    const observing = lab.events.find((event) => event.kind === 'step' && event.act === 'observe');
    expect(gap?.at.ms).toBeLessThan(observing?.at.ms ?? 0);
  });
});

describe('an alert', () => {
  it.each([
    ['accept', ['agreed', 'plain-tap']],
    ['dismiss', ['declined', 'button']],
  ] as const)('that is a notice: %s', async (answer, act) => {
    await lab.perform(asking({ alert: true }), [launch, { alert: answer }, { expect: { text: '欢迎' } }]);
    expect(acts()).toEqual([act]);
  });
  it('whose button agrees, but that nobody knows for a notice: a gap', async () => {
    await lab.perform(asking({ alert: true, words: '开始之前' }), [launch, { alert: 'accept' }, { expect: { text: '欢迎' } }]);
    expect(acts()).toEqual([]);
    expect(gaps()).toEqual([['driver', 'notice-gone', '同意并继续']]);
  });
});

describe('a log-in beside a box, without `privacy: agree`', () => {
  const form =
    (checked: boolean): TrialApp =>
    ({ ui }) =>
      ui.activity(
        'LoginActivity',
        page(
          field('et_phone', '手机号'),
          {
            type: 'LinearLayout',
            horizontal: true,
            children: [
              { type: 'CheckBox', id: 'cb', checked },
              { type: 'TextView', text: '我已阅读并同意《隐私政策》' },
            ],
          },
          button('登录', () => ui.activity('MainActivity', page('首页'))),
        ),
      );
  it('is consent once the box is ticked by us', async () => {
    await lab.perform(form(false), [launch, { tick: '我已阅读并同意' }, { tap: '登录' }, { expect: { text: '首页' } }]);
    expect(acts()).toEqual([['agreed', 'log-in']]);
  });
  it('is consent when the app ticked it', async () => {
    await lab.perform(form(true), [launch, { tap: '登录' }, { expect: { text: '首页' } }]);
    expect(acts()).toEqual([['agreed', 'log-in']]);
    expect(lab.consents()[0]?.notice?.box?.state).toBe('ticked');
  });
  it('is none while the box is not ticked', async () => {
    await lab.perform(form(false), [launch, { tap: '登录' }, { expect: { text: '首页' } }]);
    expect(acts()).toEqual([]);
  });
  it('is no second one where an agreement stands; cleared data ends it', async () => {
    const app: TrialApp = (parts) => {
      form(true)(parts);
      const shown = parts.ui.dialog(noticeView({ agree: () => shown.dismiss() }));
    };
    const agreeAndLogIn: readonly ScenarioStep[] = [launch, { privacy: 'agree' }, { tap: '登录' }, { expect: { text: '首页' } }];
    await lab.perform(app, agreeAndLogIn);
    expect(acts()).toEqual([['agreed', 'button']]);
    let first = true;
    await lab.perform(
      (parts) => {
        (first ? app : form(true))(parts);
        first = false;
      },
      [...agreeAndLogIn, launch, { tap: '登录' }, { expect: { text: '首页' } }],
    );
    expect(acts()).toEqual([
      ['agreed', 'button'],
      ['agreed', 'log-in'],
    ]);
  });
});

describe('an agreement that took more than one tap', () => {
  it('and a run that ends right after the tap leaves a gap, since nobody saw what came of it', async () => {
    const stop = new AbortController();
    const reason = new LabError('INTERRUPTED', { run: 'r' });
    const app: TrialApp = ({ ui }) => {
      ui.activity('MainActivity', page('首页'));
      ui.dialog(noticeView({ agree: () => stop.abort(reason) }));
    };
    await blindly(async () => expect(await failure(lab.perform(app, [launch, { privacy: 'agree' }], stop.signal))).toBe(reason));
    expect([acts(), gaps()]).toEqual([[], [['driver', 'agreement-unsettled', '同意并继续']]]);
  });
  it('may have been any of them: its window is from the first to the last, and no click dates it', async () => {
    const taps: Parameters<typeof orderToConsent>[0][] = [];
    const app: TrialApp = ({ ui, clock }) => {
      ui.activity('MainActivity', page('首页'));
      const shown = ui.dialog(
        noticeView({
          agree: () => {
            taps.push(clock.now());
            if (taps.length < 3) return;
            // From here on the agent sees clicks.
            lab.blind = false;
            shown.dismiss();
          },
        }),
      );
    };
    await blindly(() => lab.perform(app, [launch, { privacy: 'agree' }]));
    expect(acts()).toEqual([['agreed', 'button']]);
    const agreed = lab.consents().at(-1);
    expect(agreed?.click).toBeNull();
    const consent = { ...agreed, id: 'e1' } as Consent;
    expect(taps.map((at) => orderToConsent(at, consent))).toEqual(['undecided', 'undecided', 'undecided']);
    expect(taps[1]!.ms - taps[0]!.ms).toBeGreaterThan(1_000);
    expect(gaps()).toEqual([]);
  });
});

describe('a toast that asks for a tick', () => {
  it('and stood there before the tap does not make it no agreement', async () => {
    const app: TrialApp = ({ ui }) => {
      ui.activity('MainActivity', page('首页'));
      const shown = ui.dialog(noticeView({ agree: () => undefined, box: true }));
      ui.toast('请先勾选同意协议');
      void shown;
    };
    await blindly(async () => void (await failure(lab.perform(app, [launch, { privacy: 'agree' }]))));
    expect(gaps()).toEqual([['driver', 'agreement-unsettled', '同意并继续']]);
    expect(details('tick')).toEqual([]);
  });
});

describe('a withdrawal', () => {
  const app =
    (press: (ui: Ui, exit: () => void) => void): TrialApp =>
    ({ ui, exit }) =>
      ui.activity(
        'SettingsActivity',
        page(
          '版本 1.0.0',
          button('撤回同意', () => press(ui, exit)),
        ),
      );
  const dialog = (ui: Ui, label: string, done: () => void): void => {
    const shown = ui.dialog(
      page(
        '撤回后我们将停止处理您的个人信息',
        button(label, () => {
          shown.dismiss();
          done();
        }),
      ),
    );
  };
  it.each<readonly [string, (ui: Ui, exit: () => void) => void]>([
    ['a confirmation whose words nobody knows', (ui) => dialog(ui, '朕意已决', () => undefined)],
    [
      'a second page after the confirmation',
      (ui) => dialog(ui, '确认撤回', () => ui.activity('CheckActivity', page('请完成安全验证', field('et_code', '验证码')))),
    ],
    ['nothing at all', () => undefined],
    ['words about a withdrawal still to come', (ui) => ui.activity('ByeActivity', page('撤回成功后，您将无法借款', '是否已撤回？'))],
  ])('is none while the app is still asking or silent: %s', async (_what, press) => {
    const error = await failure(lab.perform(app(press), [launch, { privacy: 'withdraw' }]));
    expect(error.facts['whatEn']).toContain('nothing shows that consent was withdrawn');
    expect(acts()).toEqual([]);
  });
  it.each<readonly [string, (ui: Ui, exit: () => void) => void]>([
    ['it says so', (ui) => ui.activity('ByeActivity', page('您已成功撤回授权'))],
    ['it says so in passing', (ui) => ui.toast('撤回成功')],
    ['it asks for consent again', (ui) => void ui.dialog(noticeView({ agree: () => undefined, decline: () => undefined }))],
    ['it ends', (_ui, exit) => exit()],
    ['its confirmation goes away, back to the page before', (ui) => dialog(ui, '确定', () => undefined)],
    ['two confirmations', (ui) => dialog(ui, '确认撤回', () => dialog(ui, '仍要撤回', () => ui.toast('已撤回同意')))],
  ])('counts once the app shows it: %s', async (_what, press) => {
    await lab.perform(app(press), [launch, { privacy: 'withdraw' }]);
    expect(acts()).toEqual([['withdrawn', 'button']]);
    expect(lab.consents().find((consent) => consent.act === 'withdrawn')?.click).not.toBeNull();
  });
});

describe('how a refusal was expressed', () => {
  it('the back key is told from a button', async () => {
    const app: TrialApp = ({ ui }) => {
      ui.activity('MainActivity', page('首页'));
      ui.dialog(noticeView({ agree: () => undefined }), { cancelable: true });
    };
    await lab.perform(app, [launch, { privacy: 'decline' }]);
    expect(acts()).toEqual([['declined', 'back']]);
    expect(details('privacy')).toEqual(['decline: back']);
  });
  it('a button that only puts off is told from one that refuses', async () => {
    const app: TrialApp = ({ ui }) => {
      ui.activity('MainActivity', page('首页'));
      const view = noticeView({ agree: () => undefined });
      const shown = ui.dialog({ ...view, children: [...(view.children ?? []), button('我再想想', () => shown.dismiss())] });
    };
    await lab.perform(app, [launch, { privacy: 'decline' }]);
    expect(acts()).toEqual([['declined', 'put-off']]);
  });
});
