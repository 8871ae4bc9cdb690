import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { View } from '../../../harness/model/app.js';
import { LabError } from '../../../harness/model/errors.js';
import { order } from '../../../harness/model/stamp.js';
import type { Lab, TrialApp } from './lab.js';
import { PERSONA, noticeView, openLab } from './lab.js';

let lab: Lab;
beforeAll(async () => { lab = await openLab(); });
afterAll(async () => { await lab.close(); });

const page = (...children: (View | string)[]): View => ({ type: 'LinearLayout', children: children.map((child) => (typeof child === 'string' ? { type: 'TextView', text: child } : child)) });
const button = (text: string, onClick: () => void): View => ({ type: 'Button', text, onClick });
const field = (id: string, hint: string): View => ({ type: 'EditText', id, hint });
const launch = { launch: { clean: true } };

/** A first run: a notice over the home page. */
const asking = (parts: { readonly box?: boolean; readonly needsBox?: boolean; readonly onDecline?: (ui: Parameters<TrialApp>[0]['ui'], exit: () => void) => void; readonly noDecline?: boolean } = {}): TrialApp => ({ ui, exit }) => {
  ui.activity('MainActivity', page('首页'));
  const shown = ui.dialog(noticeView({
    ...(parts.box === undefined ? {} : { box: parts.box }),
    agree: () => {
      if (parts.needsBox === true && !ui.checkedOf('cb')) return ui.toast('请先勾选同意协议');
      shown.dismiss();
      ui.activity('LoginActivity', page('登录页'));
    },
    ...(parts.noDecline === true ? {} : { decline: () => { shown.dismiss(); parts.onDecline?.(ui, exit); } }),
  }));
};

async function failure(steps: Promise<void>): Promise<LabError> {
  const error: unknown = await steps.then(() => null, (reason: unknown) => reason);
  if (!(error instanceof LabError)) throw error ?? new Error('it did not fail');
  return error;
}

describe('privacy', () => {
  it('stamps the consent with the click that the agent saw inside the window of the tap, with pictures and trees on both sides', async () => {
    await lab.perform(asking(), [launch, { privacy: 'agree' }, { expect: { text: '登录页' } }]);
    const [shown, agreed, ...rest] = lab.consents();
    expect(rest).toEqual([]);
    expect(shown).toMatchObject({ act: 'shown', window: null, click: null, notice: { title: '温馨提示', agree: '同意并继续', decline: '不同意', box: null, links: ['《用户协议》', '《隐私政策》'] } });
    expect(agreed?.act).toBe('agreed');
    expect(order(agreed!.window!.from, agreed!.click!)).toBe('before');
    expect(order(agreed!.click!, agreed!.window!.to)).toBe('before');
    expect(agreed!.at).toEqual(agreed!.click);
    const text = (file: string): string => new TextDecoder().decode(lab.files.get(file));
    expect(text(agreed!.before!.tree.file)).toContain('同意并继续');
    expect(text(agreed!.after!.tree.file)).toContain('登录页');
    expect(text(agreed!.before!.screen.file)).toMatch(/^.PNG/);
    expect(agreed!.before!.screen.sha256).not.toBe(agreed!.after!.screen.sha256);
    expect(lab.calls).toEqual(['clear', 'launch', 'flush']);
  });

  it('a box that the app ticked is noted before any touch, and stays as it is', async () => {
    let ticks = 0;
    await lab.perform((parts) => {
      asking({ box: true, needsBox: true })({ ...parts, ui: { ...parts.ui, dialog: (view, options) => parts.ui.dialog(withCheck(view, () => { ticks += 1; }), options) } });
    }, [launch, { privacy: 'agree' }, { expect: { text: '登录页' } }]);
    expect(lab.consents().map((consent) => [consent.act, consent.notice?.box?.state])).toEqual([['shown', 'ticked'], ['agreed', 'ticked']]);
    expect(ticks).toBe(0);
  });

  it('an unticked box is ticked first, and what we ticked is never called preset', async () => {
    await lab.perform(asking({ box: false, needsBox: true }), [launch, { privacy: 'agree' }, { expect: { text: '登录页' } }]);
    expect(lab.consents().map((consent) => [consent.act, consent.notice?.box?.state])).toEqual([['shown', 'unticked'], ['agreed', 'unknown']]);
  });

  it('a button that counts down is pressed when it can be, and no consent is recorded before', async () => {
    let enabledAt = Infinity;
    const app: TrialApp = ({ ui, clock }) => {
      ui.activity('MainActivity', page('首页'));
      const view = (enabled: boolean): View => page('温馨提示', '请阅读并同意《隐私政策》，了解我们收集、使用个人信息、设备信息的规则', { ...button(enabled ? '同意' : '同意(8s)', () => { last.dismiss(); ui.activity('LoginActivity', page('登录页')); }), enabled });
      let last = ui.dialog(view(false));
      clock.setTimer(() => { last.dismiss(); enabledAt = clock.now().ms; last = ui.dialog(view(true)); }, 8_000);
    };
    await lab.perform(app, [launch, { privacy: 'agree' }, { expect: { text: '登录页' } }]);
    expect(lab.consents().filter((consent) => consent.act === 'agreed').map((consent) => consent.at.ms > enabledAt)).toEqual([true]);
  });

  it('a drawn box whose state nobody can tell is left alone until the app asks for it', async () => {
    let ticked = false;
    const app: TrialApp = ({ ui }) => {
      ui.activity('MainActivity', page('首页'));
      const shown = ui.dialog(page('温馨提示', '请阅读《隐私政策》，了解我们收集、使用个人信息、设备信息的规则，点击同意即表示接受', { type: 'LinearLayout', horizontal: true, children: [{ type: 'ImageView', id: 'iv', onClick: () => { ticked = !ticked; } }, { type: 'TextView', text: '已阅读并同意《隐私政策》' }] },
        button('同意', () => { if (!ticked) return ui.toast('请先阅读并勾选协议'); shown.dismiss(); ui.activity('LoginActivity', page('登录页')); })));
    };
    await lab.perform(app, [launch, { privacy: 'agree' }, { expect: { text: '登录页' } }]);
    expect(lab.consents().map((consent) => [consent.act, consent.notice?.box?.state])).toEqual([['shown', 'unknown'], ['agreed', 'unknown']]);
  });

  it('a notice that stays after the tap was not agreed to', async () => {
    const app: TrialApp = ({ ui }) => { ui.activity('MainActivity', page('首页')); ui.dialog(noticeView({ agree: () => undefined })); };
    lab.blind = true;
    const error = await failure(lab.perform(app, [launch, { privacy: 'agree' }])).finally(() => { lab.blind = false; });
    expect(error.facts['whatEn']).toContain('did not take it');
    expect(lab.consents().map((consent) => consent.act)).toEqual(['shown']);
  });

  it('without an agent in the process the consent stands on the window of the tap alone', async () => {
    lab.blind = true;
    await lab.perform(asking(), [launch, { privacy: 'agree' }]).finally(() => { lab.blind = false; });
    expect(lab.consents().at(-1)).toMatchObject({ act: 'agreed', click: null, window: { from: { clock: 'run' } } });
  });

  it('a click elsewhere inside the window is not taken for the consent', async () => {
    await lab.perform((parts) => {
      asking()({ ...parts, ui: { ...parts.ui, dialog: (view, options) => parts.ui.dialog(rename(view), options) } });
    }, [launch, { privacy: 'agree' }]);
    expect(lab.consents().at(-1)).toMatchObject({ act: 'agreed', click: null });
  });

  it('a refusal takes the button that refuses, and follows dialogs that ask again', async () => {
    const again = (ui: Parameters<TrialApp>[0]['ui'], exit: () => void): void => {
      ui.dialog(page('若您不同意隐私政策，我们将无法为您提供服务', button('再想想', () => undefined), button('退出应用', exit)));
    };
    await lab.perform(asking({ onDecline: again }), [launch, { privacy: 'decline' }, { observe: 5 }]);
    expect(lab.consents().map((consent) => consent.act)).toEqual(['shown', 'declined', 'declined']);
    expect(lab.news.find((step) => step.act === 'privacy' && step.state === 'done')?.detail).toBe('decline: 不同意 → 退出应用');
  });

  it('without a button that refuses, back is pressed; when that does nothing, no refusal is recorded', async () => {
    await lab.perform(asking({ noDecline: true }), [launch, { privacy: 'decline' }]);
    expect(lab.consents().map((consent) => consent.act)).toEqual(['shown']);
    expect(lab.news.at(-1)?.detail).toContain('返回键不起作用');
  });

  it('a notice that comes back after a restart is shown again', async () => {
    await lab.perform(asking(), [launch, { privacy: 'decline' }, { relaunch: true }, { privacy: 'expect' }]);
    expect(lab.consents().map((consent) => consent.act)).toEqual(['shown', 'declined', 'shown']);
    expect(lab.calls).toEqual(['clear', 'launch', 'flush', 'flush', 'stop', 'launch']);
  });

  it('a withdrawal goes by the words on the screen, and its window is that of the confirmation', async () => {
    const app: TrialApp = ({ ui }) => {
      const settings = (): void => ui.activity('SettingsActivity', page('设置', button('隐私政策', () => undefined), button('撤回同意', () => {
        const shown = ui.dialog(page('撤回后将停止收集您的个人信息，确定撤回吗', button('取消', () => undefined), button('确认撤回', () => { shown.dismiss(); ui.activity('ByeActivity', page('已撤回')); })));
      })));
      ui.activity('MainActivity', page('首页', button('我的', () => ui.activity('MeActivity', page(button('设置', settings))))));
    };
    await lab.perform(app, [launch, { privacy: 'withdraw' }, { expect: { text: '已撤回' } }]);
    const [withdrawn, ...rest] = lab.consents();
    expect(rest).toEqual([]);
    expect(withdrawn?.act).toBe('withdrawn');
    expect(withdrawn?.click).not.toBeNull();
    expect(lab.news.find((step) => step.act === 'privacy' && step.state === 'done')?.detail).toBe('withdraw: 我的 → 设置 → 撤回同意 → 确认撤回');
  });

  it('where the log-in page holds the only agreement, the log-in is the consent', async () => {
    const app: TrialApp = ({ ui }) => ui.activity('LoginActivity', page(field('et_phone', '手机号'),
      { type: 'LinearLayout', horizontal: true, children: [{ type: 'CheckBox', id: 'cb' }, { type: 'TextView', text: '我已阅读并同意《隐私政策》' }] },
      button('登录', () => (ui.checkedOf('cb') ? ui.activity('MainActivity', page('首页')) : ui.toast('请先阅读并同意隐私政策')))));
    await lab.perform(app, [launch, { privacy: 'agree' }, { tap: '登录' }, { expect: { text: '首页' } }]);
    expect(lab.consents().map((consent) => [consent.act, consent.notice?.box?.state, consent.click !== null])).toEqual([['shown', 'unticked', false], ['agreed', 'unknown', true]]);
  });
});

/** The label lies on a text inside a layout that takes the click, and the layout's own words are others. */
function rename(view: View): View {
  if (view.text !== '同意并继续') return { ...view, ...(view.children === undefined ? {} : { children: view.children.map(rename) }) };
  const { onClick } = view;
  return { type: 'LinearLayout', text: '别的', ...(onClick === undefined ? {} : { onClick }), children: [{ type: 'TextView', text: '同意并继续' }] };
}

function withCheck(view: View, onCheck: () => void): View {
  return { ...view, ...(view.type === 'CheckBox' ? { onCheck } : {}), ...(view.children === undefined ? {} : { children: view.children.map((child) => withCheck(child, onCheck)) }) };
}

describe('prompts', () => {
  const three: TrialApp = ({ ui, ask }) => {
    ui.activity('MainActivity', page('首页', { type: 'TextView', id: 'tv', text: '—' }));
    void (async () => {
      const answers = [await ask('LOCATION'), await ask('CONTACTS'), await ask('SMS')];
      ui.setText('tv', answers.join(' '));
    })();
  };
  it('each is answered by its own group\'s policy, else by the default, and both moments are recorded', async () => {
    await lab.perform(three, [{ permissions: { default: 'deny', location: 'once', sms: 'allow' } }, launch, { expect: { text: 'once deny allow' } }]);
    const prompts = lab.events.flatMap((event) => (event.kind === 'prompt' ? [[event.act, ...event.groups, event.answer]] : []));
    expect(prompts).toEqual([['shown', 'LOCATION', null], ['answered', 'LOCATION', 'once'], ['shown', 'CONTACTS', null], ['answered', 'CONTACTS', 'deny'], ['shown', 'SMS', null], ['answered', 'SMS', 'allow']]);
  });
  it('a prompt that comes while nothing is touched is answered too, and the notice behind it is seen', async () => {
    await lab.perform((parts) => { asking()(parts); parts.clock.setTimer(() => void parts.ask('PHONE'), 4_000); }, [launch, { observe: 10 }]);
    expect(lab.events.flatMap((event) => (event.kind === 'prompt' || event.kind === 'consent' ? [event.act] : []))).toEqual(['shown', 'shown', 'answered']);
  });
});

describe('acts', () => {
  const form: TrialApp = ({ ui }) => ui.activity('FormActivity', page('手机号码', field('et_phone', '请输入手机号'), field('et_code', '验证码'), button('登录', () => {
    ui.activity('DoneActivity', page(`收到 ${ui.textOf('et_phone')} ${ui.textOf('et_code')}`));
  })));
  it('types what the persona holds, by id and by hint, delivers the code by SMS, and keeps the values out of the marks', async () => {
    await lab.perform(form, [launch, { type: { into: { id: 'et_phone' }, value: '${persona.phone}' } }, { otp: { into: '验证码', from: 'sms' } }, { tap: '登录' }, { expect: { text: '收到 ${phone} ${otp}', activity: '.DoneActivity' } }]);
    expect(lab.calls.find((call) => call.startsWith('sms'))).toContain(PERSONA.otp);
    expect(JSON.stringify(lab.events)).not.toMatch(new RegExp(`${PERSONA.phone}|${PERSONA.otp}`));
  });
  it('a field is found by the label above it', async () => {
    await lab.perform(form, [launch, { type: { into: '手机号码', value: '${phone}' } }, { tap: '登录' }, { expect: { text: PERSONA.phone } }]);
  });
  it('observing lasts as long as it says on the run clock, and touches nothing', async () => {
    const before = lab.clock.now().ms;
    const real = performance.now();
    await lab.perform(asking(), [launch, { observe: 600 }]);
    expect(lab.clock.now().ms - before).toBeGreaterThanOrEqual(600_000);
    expect(performance.now() - real).toBeLessThan(20_000);
    expect(lab.consents().map((consent) => consent.act)).toEqual(['shown']);
  });
  it('the background is the home screen, and the app comes back without starting anew', async () => {
    let starts = 0;
    await lab.perform(({ ui }) => { starts += 1; ui.activity('MainActivity', page('首页')); }, [launch, { background: 60 }, { expect: { text: '首页' } }]);
    expect(starts).toBe(1);
    expect(lab.calls).toEqual(['clear', 'launch', 'home', 'launch']);
  });
  it('when, repeat and optional: their inner steps bear the path of their block', async () => {
    let n = 0;
    const app: TrialApp = ({ ui }) => ui.activity('MainActivity', page('首页', button('加', () => { n += 1; })));
    await lab.perform(app, [launch,
      { repeat: { times: 2, steps: [{ tap: '加' }] } },
      { when: { text: '没有的字', then: [{ tap: '加' }], else: [{ phase: '另一边' }] } },
      { optional: [{ tap: '不在的' }, { tap: '加' }] },
      { tap: '加' }]);
    expect(n).toBe(3);
    expect(lab.steps()).toEqual([
      '1 launch begun', '1 launch done', '2 repeat begun', '2.1 tap begun', '2.1 tap done', '2.1 tap begun', '2.1 tap done', '2 repeat done',
      '3 when begun', '3.e1 phase begun', '3.e1 phase done', '3 when done', '4 optional begun', '4.1 tap begun', '4.1 tap done', '4 optional done', '5 tap begun', '5 tap done',
    ]);
  });
  it('waits for what comes later, and for a button to be enabled', async () => {
    const app: TrialApp = ({ ui, clock }) => {
      ui.activity('MainActivity', page('首页'));
      clock.setTimer(() => ui.activity('SecondActivity', page({ ...button('提交', () => undefined), enabled: false })), 2_000);
      clock.setTimer(() => ui.activity('ThirdActivity', page(button('提交', () => ui.activity('DoneActivity', page('审核中'))))), 4_000);
    };
    await lab.perform(app, [launch, { tap: '提交' }, { expect: { text: '审核中' } }]);
  });
  it('an update dialog in the way is dismissed and journaled', async () => {
    const app: TrialApp = ({ ui }) => {
      ui.activity('MainActivity', page('首页', button('登录', () => ui.activity('DoneActivity', page('完成')))));
      const shown = ui.dialog(page('发现新版本 V2.0', button('立即更新', () => { throw new Error('pressed the wrong one'); }), button('以后再说', () => shown.dismiss())));
    };
    await lab.perform(app, [launch, { tap: '登录' }, { expect: { text: '完成' } }]);
    expect(lab.events).toContainEqual(expect.objectContaining({ kind: 'step', path: '2', act: 'pop-up', detail: 'update: 以后再说' }));
  });
  it('a tick finds the box beside its words and leaves a ticked one alone', async () => {
    const app: TrialApp = ({ ui }) => ui.activity('MainActivity', page({ type: 'LinearLayout', horizontal: true, children: [{ type: 'CheckBox', id: 'cb' }, { type: 'TextView', text: '我已阅读并同意《用户协议》' }] }, button('看', () => ui.activity('DoneActivity', page(`是 ${String(ui.checkedOf('cb'))}`)))));
    await lab.perform(app, [launch, { tick: '我已阅读并同意' }, { tick: { id: 'cb' } }, { tap: '看' }, { expect: { text: '是 true' } }]);
  });
  it('a list is scrolled to what stands below the edge', async () => {
    const app: TrialApp = ({ ui }) => ui.activity('MainActivity', { type: 'ScrollView', children: [{ type: 'LinearLayout', children: [...Array.from({ length: 60 }, (_, i): View => ({ type: 'TextView', text: `第 ${i} 行` })), button('到底了', () => ui.activity('DoneActivity', page('完成')))] }] });
    await lab.perform(app, [launch, { scrollTo: '到底了' }, { tap: { xpath: '//android.widget.Button[@text="到底了"]' } }, { expect: { text: '完成' } }]);
  });
});

describe('failures', () => {
  const yaml = (...steps: string[]): string => ['title: 试', 'aims: []', 'steps:', '  - launch: { clean: true }', ...steps].join('\n');
  it('names the file, the line, the step and what is on the screen instead', async () => {
    const app: TrialApp = ({ ui }) => ui.activity('MainActivity', page(button('获取验证码', () => undefined), button('登录', () => undefined)));
    const error = await failure(lab.perform(app, yaml('', '  # 打错了一个字', '  - tap: 获取验证马')));
    expect(error.code).toBe('STEP_FAILED');
    expect(error.words('zh')).toEqual({ what: '场景 trial.yaml 第 7 行，第 2 步（tap）：屏幕上没有“获取验证马”，最接近的文字：获取验证码', remedy: '屏幕上可点的文字：获取验证码、登录' });
    const failed = lab.events.find((event) => event.kind === 'step' && event.state === 'failed');
    expect(failed).toMatchObject({ path: '2', act: 'tap', picture: { tree: { file: expect.stringMatching(/^ui\//) } } });
  });
  it('inside a block the line is that of the inner step', async () => {
    const error = await failure(lab.perform(({ ui }) => ui.activity('MainActivity', page('首页')), yaml('  - repeat:', '      times: 2', '      steps:', '        - observe: 1', '        - tap: 没有')));
    expect(error.facts).toMatchObject({ line: 9, step: '2.2', act: 'tap' });
  });
  it('a notice that never comes is the scenario\'s failure, not a pass', async () => {
    const error = await failure(lab.perform(({ ui }) => ui.activity('MainActivity', page('首页')), yaml('  - privacy: agree')));
    expect(error.facts).toMatchObject({ act: 'privacy', whatEn: 'no privacy notice came up' });
    expect(lab.consents()).toEqual([]);
  });
  it('a locator that cannot be read says so', async () => {
    const error = await failure(lab.perform(({ ui }) => ui.activity('MainActivity', page('首页')), yaml('  - tap: { xpath: "//*[" }')));
    expect(String(error.facts['what'])).toContain('无法识别的定位方式');
  });
  it('an abort stops inside an act, with its own reason', async () => {
    const stop = new AbortController();
    const reason = new LabError('INTERRUPTED', { run: 'r' });
    const run = lab.perform(({ ui, clock }) => { ui.activity('MainActivity', page('首页')); clock.setTimer(() => stop.abort(reason), 30_000); }, [launch, { observe: 3_600 }, { tap: '首页' }], stop.signal);
    expect(await failure(run)).toBe(reason);
    expect(lab.steps().at(-1)).toBe('2 observe failed');
  });
});
