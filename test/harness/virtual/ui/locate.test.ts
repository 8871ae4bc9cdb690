import { describe, expect, it } from 'vitest';
import { DriverError } from '../../../../harness/virtual/ui/driver-error.js';
import { locate } from '../../../../harness/virtual/ui/locate.js';
import { sourceOf, toXml } from '../../../../harness/virtual/ui/source.js';
import { button, field, label, LOAN, row, stack, stage } from './stage.js';

const { windows, ui } = stage();
ui.activity(
  'FormActivity',
  stack(
    label('Loan 申请', { id: 'title', desc: '标题' }),
    row(
      { type: 'CheckBox', id: 'cb', text: '同意', checked: true },
      label('《隐私政策》<&">', { id: 'policy', links: [{ text: '《隐私政策》', open: () => {} }] }),
    ),
    field('phone', { hint: '手机号', input: 'phone', maxLength: 11 }),
    field('password', { text: 'secret', input: 'textPassword' }),
    row(
      button('3期', () => {}, { id: 'term' }),
      button('6期', () => {}, { id: 'term' }),
      button('12期', () => {}, { id: 'term', enabled: false }),
    ),
    { type: 'ScrollView', id: 'list', children: [stack(...Array.from({ length: 60 }, (_, i) => label(`条目${i}`)))] },
  ),
);
const texts = (strategy: string, selector: string): readonly string[] =>
  locate(windows.screen, strategy, selector, null).map((node) => node.attributes.get('text') ?? '');

const into = (text: string): string =>
  `new UiScrollable(new UiSelector().scrollable(true).instance(0)).scrollIntoView(new UiSelector().text("${text}"))`;

describe('a locator', () => {
  it.each([
    ['id', 'title', ['Loan 申请']],
    ['id', `${LOAN}:id/term`, ['3期', '6期', '12期']],
    ['id', 'nothing', []],
    ['accessibility id', '标题', ['Loan 申请']],
    ['class name', 'android.widget.CheckBox', ['同意']],
    ['xpath', '//android.widget.Button[2]', ['6期']],
    ['xpath', '//*[@checked="true"]/following-sibling::*', ['《隐私政策》<&">']],
    ['xpath', '//*[matches(@text, "^\\d+期$")][last()]', ['12期']],
    ['xpath', '//*[ends-with(@text, "期") and starts-with(@text, "3")]', ['3期']],
    ['xpath', '//*[lower-case(@text)="loan 申请"]', ['Loan 申请']],
    ['xpath', '/hierarchy//android.widget.EditText/@text', []],
    ['xpath', '//*[@text="《隐私政策》<&"">"]', ['《隐私政策》<&">']],
    ['xpath', 'count(//*)', []],
    ['-android uiautomator', 'new UiSelector().text("6期")', ['6期']],
    ['-android uiautomator', 'text("6期")', ['6期']],
    ['-android uiautomator', 'new UiSelector().textContains("LOAN")', ['Loan 申请']],
    ['-android uiautomator', 'new UiSelector().textStartsWith("loan")', ['Loan 申请']],
    ['-android uiautomator', 'new UiSelector().textMatches("[36]期")', ['3期', '6期']],
    ['-android uiautomator', 'new UiSelector().textMatches("期")', []],
    ['-android uiautomator', `new UiSelector().resourceId("${LOAN}:id/cb").checked(true)`, ['同意']],
    ['-android uiautomator', 'new UiSelector().resourceIdMatches(".*:id/te.*")', ['3期', '6期', '12期']],
    ['-android uiautomator', 'new UiSelector().className("android.widget.Button").instance(1)', ['6期']],
    ['-android uiautomator', 'new UiSelector().className(android.widget.Button.class).enabled(false)', ['12期']],
    ['-android uiautomator', 'new UiSelector().description("标题")', ['Loan 申请']],
    ['-android uiautomator', 'new UiSelector().descriptionContains("标").index(0)', ['Loan 申请']],
    ['-android uiautomator', 'new UiSelector().clickable(true).checkable(true)', ['同意']],
    [
      '-android uiautomator',
      'new UiSelector().className("android.widget.LinearLayout").childSelector(new UiSelector().className("android.widget.Button").instance(2))',
      ['12期'],
    ],
    [
      '-android uiautomator',
      'new UiSelector().text("同意").fromParent(new UiSelector().className("android.widget.TextView"))',
      ['《隐私政策》<&">'],
    ],
    ['-android uiautomator', 'new UiSelector().text("quote \\" and \\u4e00")', []],
  ])('%s %s finds %j', (strategy, selector, found) => expect(texts(strategy, selector)).toEqual(found));

  it.each([
    ['xpath', '//*['],
    ['xpath', '//*[foo(@text)]'],
    ['-android uiautomator', 'new UiSelector().text("6期"'],
    ['-android uiautomator', 'new UiSelector().colour("red")'],
    ['-android uiautomator', 'new UiSelector().text(3)'],
    ['-android uiautomator', 'new UiSelector().textMatches("(")'],
    ['-android uiautomator', 'new UiObject().text("a")'],
    ['-android uiautomator', 'new UiSelector().text("a") junk'],
    ['-android uiautomator', ''],
    ['css selector', '.a'],
  ])('%s %j is an invalid selector', (strategy, selector) => {
    expect(() => locate(windows.screen, strategy, selector, null)).toThrow(DriverError);
    expect(() => locate(windows.screen, strategy, selector, null)).toThrow(expect.objectContaining({ error: 'invalid selector' }));
  });

  it('below an element leaves out the rest of the screen and the element itself', () => {
    const [second] = locate(windows.screen, 'xpath', '//*[@text="6期"]/..', null);
    if (second === undefined) throw new Error('no row');
    expect(locate(windows.screen, 'class name', 'android.widget.Button', second)).toHaveLength(3);
    expect(locate(windows.screen, 'class name', 'android.widget.LinearLayout', second)).toHaveLength(0);
    expect(locate(windows.screen, 'xpath', './/*[@enabled="true"]', second)).toHaveLength(2);
  });

  it('with UiScrollable brings what it looks for into view, wherever it stands', () => {
    expect(texts('-android uiautomator', 'new UiSelector().text("条目57")')).toEqual([]);
    expect(texts('-android uiautomator', into('条目57'))).toEqual(['条目57']);
    expect(texts('-android uiautomator', 'new UiSelector().text("条目1")')).toEqual([]);
    expect(texts('-android uiautomator', into('条目1'))).toEqual(['条目1']);
    expect(texts('-android uiautomator', into('条目99'))).toEqual([]);
  });
});

describe('the page source', () => {
  const xml = toXml(sourceOf(windows.screen.frame()));
  const attributes = (id: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      [...(new RegExp(`<[^>]*resource-id="${LOAN}:id/${id}"[^>]*>`).exec(xml)?.[0] ?? '').matchAll(/ ([\w-]+)="([^"]*)"/g)].map(
        ([, name, value]) => [name ?? '', value ?? ''],
      ),
    );

  it('has the attributes of UiAutomator2 in its order, without null ones', () => {
    expect(
      xml.startsWith(
        '<?xml version=\'1.0\' encoding=\'UTF-8\' standalone=\'yes\' ?>\n<hierarchy index="0" class="hierarchy" rotation="0" width="1080" height="2280">\n',
      ),
    ).toBe(true);
    expect(Object.keys(attributes('title'))).toEqual(
      (
        'index package class text content-desc resource-id checkable checked clickable enabled focusable focused long-clickable password scrollable selected bounds displayed a11y-important ' +
        'screen-reader-focusable drawing-order showing-hint text-entry-key dismissable a11y-focused heading live-region context-clickable content-invalid window-id'
      ).split(' '),
    );
    expect(Object.keys(attributes('phone')).filter((name) => !(name in attributes('title')))).toEqual([
      'hint',
      'input-type',
      'multiline',
      'max-text-length',
    ]);
  });

  it("shows an empty field's hint as its text, and no password", () => {
    expect(attributes('phone')).toMatchObject({
      text: '手机号',
      hint: '手机号',
      'showing-hint': 'true',
      'input-type': '3',
      'max-text-length': '11',
      password: 'false',
    });
    expect(attributes('password')).toMatchObject({ text: '••••••', password: 'true', 'input-type': '129', 'showing-hint': 'false' });
    expect(xml).not.toContain('secret');
  });

  it('tells of link spans, and escapes', () =>
    expect(attributes('policy')).toMatchObject({
      text: '《隐私政策》&lt;&amp;&quot;&gt;',
      'text-has-clickable-span': 'true',
      clickable: 'false',
    }));

  it('is of the active window alone', () => {
    const dialog = ui.dialog(label('提示'));
    const now = toXml(sourceOf(windows.screen.frame()));
    expect([now.includes('提示'), now.includes('申请')]).toEqual([true, false]);
    dialog.dismiss();
  });
});
