import { describe, expect, it } from 'vitest';
import { sourceOf, toXml } from '../../../../harness/virtual/ui/source.js';
import { button, field, hostOf, label, LOAN, row, shown, stack, stage, touch } from './stage.js';

const turn = (): Promise<void> => new Promise((done) => void setImmediate(done));

describe('activities', () => {
  it('resume and pause as they are opened, ended and sent away', () => {
    const { windows, ui, heard } = stage();
    ui.activity('SplashActivity', label('开屏'));
    ui.activity('MainActivity', label('首页'));
    expect(windows.foreground()).toBe(LOAN);
    ui.finish();
    windows.home();
    expect([windows.foreground(), windows.screen.current().package]).toEqual([null, 'com.android.launcher3']);
    expect(windows.front(LOAN)).toBe(true);
    expect(heard).toEqual([
      'resumed SplashActivity',
      'paused SplashActivity',
      'resumed MainActivity',
      'paused MainActivity',
      'resumed SplashActivity',
      'paused SplashActivity',
      'resumed SplashActivity',
    ]);
  });

  it('opened under the name of the one on top is rendered anew without leaving', () => {
    const { windows, ui, heard } = stage();
    ui.activity('MainActivity', label('第一版'));
    ui.activity('MainActivity', label('第二版'));
    expect([shown(windows, '第一版'), shown(windows, '第二版')?.text]).toEqual([null, '第二版']);
    expect(heard).toEqual(['resumed MainActivity']);
  });

  it('the launcher shows when the last one is left by the back key, and its icon brings the app back', () => {
    const { windows, ui } = stage();
    ui.activity('MainActivity', label('首页'));
    windows.home();
    touch(windows, '快易贷');
    expect(windows.foreground()).toBe(LOAN);
    windows.screen.back();
    expect(windows.foreground()).toBeNull();
    touch(windows, '快易贷');
    expect([windows.foreground(), windows.front(LOAN)]).toEqual([null, false]);
  });

  it('of a closed process go away, and what its code still does shows nothing', () => {
    const { windows, ui, heard } = stage();
    ui.activity('MainActivity', label('首页'));
    windows.close(LOAN, 4001);
    ui.activity('GhostActivity', label('幽灵'));
    ui.toast('幽灵');
    expect([windows.foreground(), shown(windows, '幽灵'), ui.textOf('x')]).toEqual([null, null, '']);
    expect(heard).toEqual(['resumed MainActivity']);
  });

  it('of another process of the app stay when one process ends', () => {
    const { windows, ui } = stage();
    const other = windows.attach({ package: LOAN, label: '快易贷', pid: 4002 }, hostOf([]));
    ui.activity('MainActivity', label('首页'));
    other.activity('WebActivity', label('网页'));
    windows.close(LOAN, 4002);
    expect(shown(windows, '首页')).not.toBeNull();
  });
});

describe('dialogs', () => {
  it('take all touches until they are dismissed', () => {
    const { windows, ui, heard } = stage();
    ui.activity('MainActivity', stack(button('下一步', () => heard.push('next'))));
    const place = shown(windows, '下一步')?.box;
    const dialog = ui.dialog(
      stack(
        label('提示'),
        button('知道了', () => dialog.dismiss()),
      ),
    );
    windows.screen.tap((place?.left ?? 0) + 10, (place?.top ?? 0) + 10);
    windows.screen.back();
    expect(heard).toEqual(['resumed MainActivity']);
    touch(windows, '知道了');
    touch(windows, '下一步');
    expect(heard).toEqual(['resumed MainActivity', 'click 知道了', 'click 下一步', 'next']);
  });

  it('close by the back key or a touch beside them only when cancelable', () => {
    const { windows, ui } = stage();
    ui.activity('MainActivity', label('首页'));
    for (const leave of [() => windows.screen.back(), () => windows.screen.tap(540, 200)]) {
      ui.dialog(label('公告'), { cancelable: true });
      expect(shown(windows, '公告')).not.toBeNull();
      leave();
      expect(shown(windows, '公告')).toBeNull();
    }
  });

  it('without an activity throw what Android throws', () => {
    const { ui } = stage();
    expect(() => ui.dialog(label('提示'))).toThrow(expect.objectContaining({ className: 'android.view.WindowManager$BadTokenException' }));
  });
});

describe('a touch', () => {
  it('goes to the nearest clickable parent, with its frame', () => {
    const { windows, ui, heard } = stage();
    ui.activity(
      'MainActivity',
      stack({
        type: 'LinearLayout',
        clickFrame: 'com.example.Main.onClick',
        onClick: () => heard.push('row'),
        children: [label('联系人')],
      }),
    );
    touch(windows, '联系人');
    expect(heard.slice(1)).toEqual(['click  in com.example.Main.onClick', 'row']);
  });

  it('on a disabled button does nothing', () => {
    const { windows, ui, heard } = stage();
    ui.activity(
      'MainActivity',
      stack({
        type: 'LinearLayout',
        onClick: () => heard.push('row'),
        children: [button('申请', () => heard.push('apply'), { enabled: false })],
      }),
    );
    touch(windows, '申请');
    expect(heard).toEqual(['resumed MainActivity']);
  });

  it('ticks a box before its listener runs', () => {
    const { windows, ui, heard } = stage();
    ui.activity(
      'MainActivity',
      stack({ type: 'CheckBox', id: 'cb', text: '同意', onCheck: (on) => heard.push(`${on} ${ui.checkedOf('cb')}`) }),
    );
    touch(windows, '同意');
    touch(windows, '同意');
    expect(heard).toEqual(['resumed MainActivity', 'click 同意', 'true true', 'click 同意', 'false false']);
  });

  it('on a link opens that link, and beside it none, also where the text wraps', () => {
    const { windows, ui, heard } = stage();
    const text = '注册即表示您已经仔细阅读并且同意本公司的《用户服务协议》与《个人信息保护政策》全部条款。';
    ui.activity(
      'MainActivity',
      stack(
        label(text, { links: ['《用户服务协议》', '《个人信息保护政策》'].map((name) => ({ text: name, open: () => heard.push(name) })) }),
      ),
    );
    const drawn = shown(windows, text)?.drawn;
    if (drawn === null || drawn === undefined) throw new Error('not drawn');
    expect(drawn.lines.length).toBe(2);
    const at = (part: string): void => {
      const line = drawn.lines.findIndex((one) => one.start + one.text.length > text.indexOf(part));
      const column = text.indexOf(part) - (drawn.lines[line]?.start ?? 0);
      windows.screen.tap(drawn.left + column * drawn.size + 5, drawn.top + (line + 0.5) * drawn.lineHeight);
    };
    for (const part of ['注册', '用户服务', '护政策》', '全部', '个人']) at(part);
    expect(heard.filter((one) => one.startsWith('《'))).toEqual(['《用户服务协议》', '《个人信息保护政策》', '《个人信息保护政策》']);
  });

  it('whose listener throws leaves the window and reaches the process, at once or late', async () => {
    const crashes: string[] = [];
    const { windows, ui } = stage({ crashed: (error) => void crashes.push(String(error)) });
    ui.activity(
      'MainActivity',
      stack(
        button('崩溃', () => {
          throw new Error('at once');
        }),
        button('晚崩溃', async () => {
          await turn();
          throw new Error('late');
        }),
      ),
    );
    touch(windows, '崩溃');
    touch(windows, '晚崩溃');
    await turn();
    await turn();
    expect([crashes, shown(windows, '崩溃')?.text]).toEqual([['Error: at once', 'Error: late'], '崩溃']);
  });
});

describe('fields', () => {
  it('take text through their filters', () => {
    const { windows, ui } = stage();
    ui.activity('FormActivity', stack(field('a', { input: 'number', maxLength: 4 }), field('b', { maxLength: 3 })));
    const [a, b] = ['a', 'b'].map((id) => [...sourceNodes(windows)].find((one) => one.resourceId === `${LOAN}:id/${id}`));
    if (a === undefined || b === undefined) throw new Error('no fields');
    windows.screen.putText(a, '1a2b3c4d5');
    windows.screen.putText(b, '张三丰李四');
    expect([ui.textOf('a'), ui.textOf('b')]).toEqual(['1234', '张三丰']);
  });

  it('bring the keyboard, which takes its place from the window and goes by back', () => {
    const { windows, ui } = stage();
    ui.activity(
      'FormActivity',
      stack(
        field('a', { hint: '姓名' }),
        button('下一步', () => {}),
      ),
    );
    const { box } = sourceNodes(windows).find((one) => one.view.id === 'a') ?? { box: null };
    windows.screen.tap((box?.left ?? 0) + 20, (box?.top ?? 0) + 20);
    expect([windows.screen.frame().keyboard, windows.screen.frame().focus?.view.id]).toEqual([true, 'a']);
    windows.screen.back();
    expect([windows.screen.frame().keyboard, windows.foreground()]).toEqual([false, LOAN]);
  });

  it('that are not on the screen cannot be read', () => {
    const { ui } = stage();
    ui.activity('FormActivity', stack(field('a')));
    expect(() => ui.textOf('b')).toThrow(expect.objectContaining({ className: 'java.lang.NullPointerException' }));
  });
});

describe('the system', () => {
  it.each([
    ['LOCATION', '仅在使用该应用时允许', 'allow'],
    ['LOCATION', '仅限这一次', 'once'],
    ['LOCATION', '拒绝', 'deny'],
    ['CONTACTS', '允许', 'allow'],
    ['android.permission-group.SMS', '拒绝', 'deny'],
  ])('answers a %s prompt by 「%s」 with %s', async (group, text, answer) => {
    const { windows, ui } = stage();
    ui.activity('MainActivity', label('首页'));
    const asked = windows.permissionPrompt({ package: LOAN, label: '快易贷', group, permissions: ['android.permission.X'] });
    expect(windows.screen.current().package).toBe('com.android.permissioncontroller');
    touch(windows, text);
    expect([await asked, windows.screen.current().package]).toEqual([answer, LOAN]);
  });

  it('shows prompts one at a time, only over their app, tells when, and does not pause the app', () => {
    const { windows, ui, heard } = stage();
    windows.onShown((what) => heard.push(`shown ${what.group}`));
    for (const group of ['PHONE', 'SMS']) void windows.permissionPrompt({ package: LOAN, label: '快易贷', group, permissions: [] });
    expect(heard).toEqual([]);
    ui.activity('MainActivity', label('首页'));
    expect(windows.foreground()).toBe(LOAN);
    touch(windows, '拒绝');
    expect(heard).toEqual(['resumed MainActivity', 'shown PHONE', 'shown SMS']);
  });

  it('takes a prompt and a picker away with their app, undecided', async () => {
    const { windows, ui } = stage();
    ui.activity('MainActivity', label('首页'));
    const asked = windows.permissionPrompt({ package: LOAN, label: '快易贷', group: 'SMS', permissions: [] });
    const picked = windows.pickContact([{ name: '张三', phone: '14012345678' }]);
    windows.close(LOAN, null);
    expect(await Promise.all([asked, picked])).toEqual(['cancelled', null]);
  });

  it('lets a contact be picked, or not', async () => {
    const { windows, ui } = stage();
    ui.activity('MainActivity', label('首页'));
    const rows = [
      { name: '张三', phone: '14012345678' },
      { name: '李四', phone: '14112345678' },
    ];
    const picked = windows.pickContact(rows);
    expect(windows.screen.current().package).toBe('com.android.contacts');
    touch(windows, '李四');
    const left = windows.pickContact(rows);
    windows.screen.back();
    expect(await Promise.all([picked, left])).toEqual([rows[1], null]);
    expect(shown(windows, '首页')).not.toBeNull();
  });

  it('keeps a toast for 3.5 s of the run clock', async () => {
    const { windows, ui, clock } = stage();
    ui.activity('MainActivity', row(label('首页')));
    ui.toast('请先阅读并同意');
    const has = (): boolean =>
      toXml(sourceOf(windows.screen.frame())).includes(
        '<android.widget.Toast index="1" package="com.android.settings" class="android.widget.Toast" text="请先阅读并同意" displayed="true" />',
      );
    await clock.wait(3400, 'toast');
    expect(has()).toBe(true);
    await clock.wait(200, 'toast');
    expect(has()).toBe(false);
    clock.close();
  });
});

function sourceNodes(windows: ReturnType<typeof stage>['windows']) {
  const all = (node: ReturnType<typeof sourceOf>): readonly ReturnType<typeof sourceOf>[] => [node, ...node.children.flatMap(all)];
  return all(sourceOf(windows.screen.frame())).flatMap(({ node }) => (node === null ? [] : [node]));
}
