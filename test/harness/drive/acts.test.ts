import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { View } from '../../../harness/model/app.js';
import { LabError } from '../../../harness/model/errors.js';
import type { Lab, TrialApp } from './lab.js';
import { PERSONA, button, failure, field, launch, noticeView, openLab, page } from './lab.js';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(async () => {
  await lab.close();
});

const asking: TrialApp = ({ ui }) => {
  ui.activity('MainActivity', page('首页'));
  ui.dialog(noticeView({ agree: () => undefined }));
};

describe('prompts', () => {
  const three: TrialApp = ({ ui, ask }) => {
    ui.activity('MainActivity', page('首页', { type: 'TextView', id: 'tv', text: '—' }));
    void (async () => {
      const answers = [await ask('LOCATION'), await ask('CONTACTS'), await ask('SMS')];
      ui.setText('tv', answers.join(' '));
    })();
  };
  it("each is answered by its own group's policy, else by the default, and both moments are recorded", async () => {
    await lab.perform(three, [
      { permissions: { default: 'deny', location: 'once', sms: 'allow' } },
      launch,
      { expect: { text: 'once deny allow' } },
    ]);
    const prompts = lab.events.flatMap((event) => (event.kind === 'prompt' ? [[event.act, ...event.groups, event.answer]] : []));
    expect(prompts).toEqual([
      ['shown', 'LOCATION', null],
      ['answered', 'LOCATION', 'once'],
      ['shown', 'CONTACTS', null],
      ['answered', 'CONTACTS', 'deny'],
      ['shown', 'SMS', null],
      ['answered', 'SMS', 'allow'],
    ]);
  });
  it('a prompt that comes while nothing is touched is answered too, and the notice behind it is seen', async () => {
    await lab.perform(
      (parts) => {
        asking(parts);
        parts.clock.setTimer(() => void parts.ask('PHONE'), 4_000);
      },
      [launch, { observe: 10 }],
    );
    expect(lab.events.flatMap((event) => (event.kind === 'prompt' || event.kind === 'consent' ? [event.act] : []))).toEqual([
      'shown',
      'shown',
      'answered',
    ]);
  });
});

describe('acts', () => {
  const form: TrialApp = ({ ui }) =>
    ui.activity(
      'FormActivity',
      page(
        '手机号码',
        field('et_phone', '请输入手机号'),
        field('et_code', '验证码'),
        button('登录', () => {
          ui.activity('DoneActivity', page(`收到 ${ui.textOf('et_phone')} ${ui.textOf('et_code')}`));
        }),
      ),
    );
  it('types what the persona holds, by id and by hint, delivers the code by SMS, and keeps the values out of the marks', async () => {
    await lab.perform(form, [
      launch,
      { type: { into: { id: 'et_phone' }, value: '${persona.phone}' } },
      { otp: { into: '验证码', from: 'sms' } },
      { tap: '登录' },
      { expect: { text: '收到 ${phone} ${otp}', activity: '.DoneActivity' } },
    ]);
    expect(lab.calls.find((call) => call.startsWith('sms'))).toContain(PERSONA.otp);
    expect(JSON.stringify(lab.events)).not.toMatch(new RegExp(`${PERSONA.phone}|${PERSONA.otp}`));
  });
  it('a field is found by the label above it', async () => {
    await lab.perform(form, [
      launch,
      { type: { into: '手机号码', value: '${phone}' } },
      { tap: '登录' },
      { expect: { text: PERSONA.phone } },
    ]);
  });
  it('observing lasts as long as it says on the run clock, and touches nothing', async () => {
    const before = lab.clock.now().ms;
    const real = performance.now();
    await lab.perform(asking, [launch, { observe: 600 }]);
    expect(lab.clock.now().ms - before).toBeGreaterThanOrEqual(600_000);
    expect(performance.now() - real).toBeLessThan(20_000);
    expect(lab.consents().map((consent) => consent.act)).toEqual(['shown']);
  });
  it('the background is the home screen, and the app comes back without starting anew', async () => {
    let starts = 0;
    await lab.perform(
      ({ ui }) => {
        starts += 1;
        ui.activity('MainActivity', page('首页'));
      },
      [launch, { background: 60 }, { expect: { text: '首页' } }],
    );
    expect(starts).toBe(1);
    expect(lab.calls).toEqual(['clear', 'launch', 'home', 'launch']);
  });
  it('when, repeat and optional: their inner steps bear the path of their block', async () => {
    let n = 0;
    const app: TrialApp = ({ ui }) =>
      ui.activity(
        'MainActivity',
        page(
          '首页',
          button('加', () => {
            n += 1;
          }),
        ),
      );
    const steps = [
      '- launch: { clean: true }',
      '- repeat: { times: 2, steps: [{ tap: 加 }] }',
      '- when: { text: 没有的字, then: [{ tap: 加 }], else: [{ phase: 另一边 }] }',
      '- optional: [{ tap: 不在的 }, { tap: 加 }]',
      '- tap: 加',
    ];
    await lab.perform(app, `title: 试\naims: []\nsteps:\n${steps.join('\n')}\n`);
    expect(n).toBe(3);
    expect(lab.steps()).toEqual([
      '1 launch begun',
      '1 launch done',
      '2 repeat begun',
      '2.1 tap begun',
      '2.1 tap done',
      '2.1 tap begun',
      '2.1 tap done',
      '2 repeat done',
      '3 when begun',
      '3.e1 phase begun',
      '3.e1 phase done',
      '3 when done',
      '4 optional begun',
      '4.1 tap begun',
      '4.1 tap done',
      '4 optional done',
      '5 tap begun',
      '5 tap done',
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
      ui.activity(
        'MainActivity',
        page(
          '首页',
          button('登录', () => ui.activity('DoneActivity', page('完成'))),
        ),
      );
      const shown = ui.dialog(
        page(
          '发现新版本 V2.0',
          button('立即更新', () => {
            throw new Error('pressed the wrong one');
          }),
          button('以后再说', () => shown.dismiss()),
        ),
      );
    };
    await lab.perform(app, [launch, { tap: '登录' }, { expect: { text: '完成' } }]);
    expect(lab.events).toContainEqual(expect.objectContaining({ kind: 'step', path: '2', act: 'pop-up', detail: 'update: 以后再说' }));
  });
  it('a tick finds the box beside its words and leaves a ticked one alone', async () => {
    const app: TrialApp = ({ ui }) =>
      ui.activity(
        'MainActivity',
        page(
          {
            type: 'LinearLayout',
            horizontal: true,
            children: [
              { type: 'CheckBox', id: 'cb' },
              { type: 'TextView', text: '我已阅读并同意《用户协议》' },
            ],
          },
          button('看', () => ui.activity('DoneActivity', page(`是 ${String(ui.checkedOf('cb'))}`))),
        ),
      );
    await lab.perform(app, [launch, { tick: '我已阅读并同意' }, { tick: { id: 'cb' } }, { tap: '看' }, { expect: { text: '是 true' } }]);
  });
  it('a list is scrolled to what stands below the edge', async () => {
    const app: TrialApp = ({ ui }) =>
      ui.activity('MainActivity', {
        type: 'ScrollView',
        children: [
          {
            type: 'LinearLayout',
            children: [
              ...Array.from({ length: 60 }, (_, i): View => ({ type: 'TextView', text: `第 ${i} 行` })),
              button('到底了', () => ui.activity('DoneActivity', page('完成'))),
            ],
          },
        ],
      });
    await lab.perform(app, [
      launch,
      { scrollTo: '到底了' },
      { tap: { xpath: '//android.widget.Button[@text="到底了"]' } },
      { expect: { text: '完成' } },
    ]);
  });
});

describe('failures', () => {
  const yaml = (...steps: string[]): string => ['title: 试', 'aims: []', 'steps:', '  - launch: { clean: true }', ...steps].join('\n');
  it('names the file, the line, the step and what is on the screen instead', async () => {
    const app: TrialApp = ({ ui }) =>
      ui.activity(
        'MainActivity',
        page(
          button('获取验证码', () => undefined),
          button('登录', () => undefined),
        ),
      );
    const error = await failure(lab.perform(app, yaml('', '  # 打错了一个字', '  - tap: 获取验证马')));
    expect(error.code).toBe('STEP_FAILED');
    expect(error.words('zh')).toEqual({
      what: '场景 trial.yaml 第 7 行，第 2 步（tap）：屏幕上没有“获取验证马”，最接近的文字：获取验证码',
      remedy: '屏幕上可点的文字：获取验证码、登录',
    });
    const failed = lab.events.find((event) => event.kind === 'step' && event.state === 'failed');
    expect(failed).toMatchObject({ path: '2', act: 'tap', picture: { tree: { file: expect.stringMatching(/^ui\//) } } });
  });
  it('inside a block the line is that of the inner step', async () => {
    const error = await failure(
      lab.perform(
        ({ ui }) => ui.activity('MainActivity', page('首页')),
        yaml('  - repeat:', '      times: 2', '      steps:', '        - observe: 1', '        - tap: 没有'),
      ),
    );
    expect(error.facts).toMatchObject({ line: 9, step: '2.2', act: 'tap' });
  });
  it("a notice that never comes is the scenario's failure, not a pass", async () => {
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
    const run = lab.perform(
      ({ ui, clock }) => {
        ui.activity('MainActivity', page('首页'));
        clock.setTimer(() => stop.abort(reason), 30_000);
      },
      [launch, { observe: 3_600 }, { tap: '首页' }],
      stop.signal,
    );
    expect(await failure(run)).toBe(reason);
    expect(lab.steps().at(-1)).toBe('2 observe failed');
  });
});
