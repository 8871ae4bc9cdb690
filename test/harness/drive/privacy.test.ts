import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { View } from '../../../harness/model/app.js';
import { order } from '../../../harness/model/stamp.js';
import type { Lab, TrialApp } from './lab.js';
import { button, failure, field, launch, noticeView, openLab, page } from './lab.js';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(async () => {
  await lab.close();
});

const gaps = (): readonly unknown[] => lab.events.flatMap((e) => (e.kind === 'gap' ? [[e.what, e.why, e.scope.datum]] : []));

/** A first run: a notice over the home page. */
const asking =
  (
    parts: {
      readonly box?: boolean;
      readonly needsBox?: boolean;
      readonly onDecline?: (ui: Parameters<TrialApp>[0]['ui'], exit: () => void) => void;
      readonly noDecline?: boolean;
    } = {},
  ): TrialApp =>
  ({ ui, exit }) => {
    ui.activity('MainActivity', page('首页'));
    const shown = ui.dialog(
      noticeView({
        ...(parts.box === undefined ? {} : { box: parts.box }),
        agree: () => {
          if (parts.needsBox === true && !ui.checkedOf('cb')) return ui.toast('请先勾选同意协议');
          shown.dismiss();
          ui.activity('LoginActivity', page('登录页'));
        },
        ...(parts.noDecline === true
          ? {}
          : {
              decline: () => {
                shown.dismiss();
                parts.onDecline?.(ui, exit);
              },
            }),
      }),
    );
  };

describe('privacy', () => {
  it('stamps the consent with the click that the agent saw inside the window of the tap, with pictures and trees on both sides', async () => {
    await lab.perform(asking(), [launch, { privacy: 'agree' }, { expect: { text: '登录页' } }]);
    const [shown, agreed, ...rest] = lab.consents();
    expect(rest).toEqual([]);
    expect(shown).toMatchObject({
      act: 'shown',
      window: null,
      click: null,
      notice: { title: '温馨提示', agree: '同意并继续', decline: '不同意', box: null, links: ['《用户协议》', '《隐私政策》'] },
    });
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
    await lab.perform(
      (parts) => {
        asking({ box: true, needsBox: true })({
          ...parts,
          ui: {
            ...parts.ui,
            dialog: (view, options) =>
              parts.ui.dialog(
                withCheck(view, () => {
                  ticks += 1;
                }),
                options,
              ),
          },
        });
      },
      [launch, { privacy: 'agree' }, { expect: { text: '登录页' } }],
    );
    expect(lab.consents().map((consent) => [consent.act, consent.notice?.box?.state])).toEqual([
      ['shown', 'ticked'],
      ['agreed', 'ticked'],
    ]);
    expect(ticks).toBe(0);
  });

  it('an unticked box is ticked first, and what we ticked is never called preset', async () => {
    await lab.perform(asking({ box: false, needsBox: true }), [launch, { privacy: 'agree' }, { expect: { text: '登录页' } }]);
    expect(lab.consents().map((consent) => [consent.act, consent.notice?.box?.state])).toEqual([
      ['shown', 'unticked'],
      ['agreed', 'unknown'],
    ]);
  });

  it('a button that counts down is pressed when it can be, and no consent is recorded before', async () => {
    let enabledAt = Infinity;
    const app: TrialApp = ({ ui, clock }) => {
      ui.activity('MainActivity', page('首页'));
      const view = (enabled: boolean): View =>
        page('温馨提示', '请阅读并同意《隐私政策》，了解我们收集、使用个人信息、设备信息的规则', {
          ...button(enabled ? '同意' : '同意(8s)', () => {
            last.dismiss();
            ui.activity('LoginActivity', page('登录页'));
          }),
          enabled,
        });
      let last = ui.dialog(view(false));
      clock.setTimer(() => {
        last.dismiss();
        enabledAt = clock.now().ms;
        last = ui.dialog(view(true));
      }, 8_000);
    };
    await lab.perform(app, [launch, { privacy: 'agree' }, { expect: { text: '登录页' } }]);
    expect(
      lab
        .consents()
        .filter((consent) => consent.act === 'agreed')
        .map((consent) => consent.at.ms > enabledAt),
    ).toEqual([true]);
  });

  it('a drawn box whose state nobody can tell is left alone until the app asks for it', async () => {
    let ticked = false;
    const app: TrialApp = ({ ui }) => {
      ui.activity('MainActivity', page('首页'));
      const shown = ui.dialog(
        page(
          '温馨提示',
          '请阅读《隐私政策》，了解我们收集、使用个人信息、设备信息的规则，点击同意即表示接受',
          {
            type: 'LinearLayout',
            horizontal: true,
            children: [
              {
                type: 'ImageView',
                id: 'iv',
                onClick: () => {
                  ticked = !ticked;
                },
              },
              { type: 'TextView', text: '已阅读并同意《隐私政策》' },
            ],
          },
          button('同意', () => {
            if (!ticked) return ui.toast('请先阅读并勾选协议');
            shown.dismiss();
            ui.activity('LoginActivity', page('登录页'));
          }),
        ),
      );
    };
    await lab.perform(app, [launch, { privacy: 'agree' }, { expect: { text: '登录页' } }]);
    expect(lab.consents().map((consent) => [consent.act, consent.notice?.box?.state])).toEqual([
      ['shown', 'unknown'],
      ['agreed', 'unknown'],
    ]);
  });

  it('a notice that stays after the tap was not agreed to', async () => {
    const app: TrialApp = ({ ui }) => {
      ui.activity('MainActivity', page('首页'));
      ui.dialog(noticeView({ agree: () => undefined }));
    };
    lab.blind = true;
    const error = await failure(lab.perform(app, [launch, { privacy: 'agree' }])).finally(() => {
      lab.blind = false;
    });
    expect(error.facts['whatEn']).toContain('did not take it');
    expect(lab.consents().map((consent) => consent.act)).toEqual(['shown']);
    // Nobody knows what the app made of it: the gap lies at the first tap.
    expect(gaps()).toEqual([['agreement-unsettled', '同意并继续', null]]);
  });

  it('a button that says something else by the time of the tap is not pressed', async () => {
    let refused = 0;
    const app: TrialApp = ({ ui }) => {
      ui.activity('MainActivity', page('首页'));
      const words = ['温馨提示', '请阅读并同意《隐私政策》，了解我们收集、使用个人信息、设备信息的规则'];
      const no = button('不同意', () => {
        refused += 1;
      });
      const shown = ui.dialog(
        page(
          ...words,
          button('同意', () => undefined),
          no,
        ),
      );
      lab.meanwhile = () => {
        shown.dismiss();
        ui.dialog(
          page(
            ...words,
            no,
            button('同意', () => undefined),
          ),
        );
        lab.meanwhile = () => undefined;
      };
    };
    const error = await failure(lab.perform(app, [launch, { privacy: 'agree' }]));
    expect(error.facts['whatEn']).toContain('went away before it was tapped');
    expect(refused).toBe(0);
    expect(lab.consents().map((consent) => consent.act)).not.toContain('agreed');
  });

  it('without an agent in the process the consent stands on the window of the tap alone', async () => {
    lab.blind = true;
    await lab.perform(asking(), [launch, { privacy: 'agree' }]).finally(() => {
      lab.blind = false;
    });
    expect(lab.consents().at(-1)).toMatchObject({ act: 'agreed', click: null, window: { from: { clock: 'run' } } });
  });

  it('a click elsewhere inside the window is not taken for the consent', async () => {
    await lab.perform(
      (parts) => {
        asking()({ ...parts, ui: { ...parts.ui, dialog: (view, options) => parts.ui.dialog(rename(view), options) } });
      },
      [launch, { privacy: 'agree' }],
    );
    expect(lab.consents().at(-1)).toMatchObject({ act: 'agreed', click: null });
  });

  it('a refusal takes the button that refuses, and follows dialogs that ask again', async () => {
    const again = (ui: Parameters<TrialApp>[0]['ui'], exit: () => void): void => {
      ui.dialog(
        page(
          '若您不同意隐私政策，我们将无法为您提供服务',
          button('再想想', () => undefined),
          button('退出应用', exit),
        ),
      );
    };
    await lab.perform(asking({ onDecline: again }), [launch, { privacy: 'decline' }, { observe: 5 }]);
    expect(lab.consents().map((consent) => consent.act)).toEqual(['shown', 'declined', 'declined']);
    expect(lab.news.find((step) => step.act === 'privacy' && step.state === 'done')?.detail).toBe('decline: 不同意 → 退出应用');
  });

  it('without a button that refuses, back is pressed; when that does nothing, no refusal is recorded', async () => {
    await lab.perform(asking({ noDecline: true }), [launch, { privacy: 'decline' }]);
    expect(lab.consents().map((consent) => consent.act)).toEqual(['shown']);
    expect(lab.news.at(-1)?.detail).toBe('decline: back-ignored');
  });

  it('a notice that comes back after a restart is shown again', async () => {
    await lab.perform(asking(), [launch, { privacy: 'decline' }, { relaunch: true }, { privacy: 'expect' }]);
    expect(lab.consents().map((consent) => consent.act)).toEqual(['shown', 'declined', 'shown']);
    expect(lab.calls).toEqual(['clear', 'launch', 'flush', 'flush', 'stop', 'launch']);
  });

  it('a withdrawal goes by the words on the screen, and its window is that of the confirmation', async () => {
    const app: TrialApp = ({ ui }) => {
      const settings = (): void =>
        ui.activity(
          'SettingsActivity',
          page(
            '设置',
            button('隐私政策', () => undefined),
            button('撤回同意', () => {
              const shown = ui.dialog(
                page(
                  '撤回后将停止收集您的个人信息，确定撤回吗',
                  button('取消', () => undefined),
                  button('确认撤回', () => {
                    shown.dismiss();
                    ui.activity('ByeActivity', page('已撤回'));
                  }),
                ),
              );
            }),
          ),
        );
      ui.activity(
        'MainActivity',
        page(
          '首页',
          button('我的', () => ui.activity('MeActivity', page(button('设置', settings)))),
        ),
      );
    };
    await lab.perform(app, [launch, { privacy: 'withdraw' }, { expect: { text: '已撤回' } }]);
    const [withdrawn, ...rest] = lab.consents();
    expect(rest).toEqual([]);
    expect(withdrawn).toMatchObject({ act: 'withdrawn', how: 'button' });
    expect(withdrawn?.click).not.toBeNull();
    expect(lab.news.find((step) => step.act === 'privacy' && step.state === 'done')?.detail).toBe(
      'withdraw: 我的 → 设置 → 撤回同意 → 确认撤回',
    );
  });

  it('where the log-in page holds the only agreement, the log-in is the consent', async () => {
    const app: TrialApp = ({ ui }) =>
      ui.activity(
        'LoginActivity',
        page(
          field('et_phone', '手机号'),
          {
            type: 'LinearLayout',
            horizontal: true,
            children: [
              { type: 'CheckBox', id: 'cb' },
              { type: 'TextView', text: '我已阅读并同意《隐私政策》' },
            ],
          },
          button('登录', () => (ui.checkedOf('cb') ? ui.activity('MainActivity', page('首页')) : ui.toast('请先阅读并同意隐私政策'))),
        ),
      );
    await lab.perform(app, [launch, { privacy: 'agree' }, { tap: '登录' }, { expect: { text: '首页' } }]);
    expect(lab.consents().map((consent) => [consent.act, consent.notice?.box?.state, consent.click !== null])).toEqual([
      ['shown', 'unticked', false],
      ['agreed', 'unknown', true],
    ]);
  });
});

/** The label lies on a text inside a layout that takes the click, and the layout's own words are others. */
function rename(view: View): View {
  if (view.text !== '同意并继续') return { ...view, ...(view.children === undefined ? {} : { children: view.children.map(rename) }) };
  const { onClick } = view;
  return {
    type: 'LinearLayout',
    text: '别的',
    ...(onClick === undefined ? {} : { onClick }),
    children: [{ type: 'TextView', text: '同意并继续' }],
  };
}

function withCheck(view: View, onCheck: () => void): View {
  return {
    ...view,
    ...(view.type === 'CheckBox' ? { onCheck } : {}),
    ...(view.children === undefined ? {} : { children: view.children.map((child) => withCheck(child, onCheck)) }),
  };
}
