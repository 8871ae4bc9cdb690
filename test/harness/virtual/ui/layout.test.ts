import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { View } from '../../../../harness/model/app.js';
import type { Rect, UiNode } from '../../../../harness/virtual/ui/node.js';
import { intersect, walk } from '../../../../harness/virtual/ui/node.js';
import { textWidth, wrap } from '../../../../harness/virtual/ui/text-metrics.js';
import { button, field, label, row, shown, stack, stage } from './stage.js';

const FORM: View = stack(
  label('借款申请', { id: 'title' }),
  field('phone', { hint: '请输入手机号' }),
  row(
    field('code', { hint: '验证码' }),
    button('获取验证码', () => {}),
  ),
  row(
    { type: 'CheckBox', id: 'cb' },
    label('我已阅读并同意《借款协议》《征信授权书》和《个人信息查询授权书》，并知悉相关风险', { id: 'agreement' }),
  ),
  { type: 'ImageView', desc: '身份证' },
  row(
    button('不同意', () => {}),
    button('同意并继续', () => {}),
  ),
);

describe('layout', () => {
  it.each([
    ['an activity', false],
    ['a dialog', true],
  ])('puts no two views of %s over each other and none outside', (_name, modal) => {
    const { windows, ui } = stage();
    ui.activity('FormActivity', modal ? label('下面') : FORM);
    if (modal) ui.dialog(FORM);
    const leaves = [...walk(windows.screen.frame().active.root)].filter((node) => node.children.length === 0);
    expect(leaves).toHaveLength(9);
    for (const a of leaves) {
      expect(a.visible, a.text).toEqual(a.box);
      for (const b of leaves) if (a !== b) expect(intersect(a.box, b.box), `${a.text} and ${b.text}`).toBeNull();
    }
  });

  it('keeps every line of text inside its view', () => {
    const { windows, ui } = stage();
    ui.activity('FormActivity', FORM);
    for (const node of walk(windows.screen.frame().active.root)) {
      if (node.drawn === null) continue;
      for (const line of node.drawn.lines)
        expect(textWidth(line.text.trimEnd(), node.drawn.size), line.text).toBeLessThanOrEqual(node.box.right - node.drawn.left + 1);
      expect(node.drawn.top + node.drawn.lines.length * node.drawn.lineHeight).toBeLessThanOrEqual(node.box.bottom + 1);
    }
  });

  it('shows what a swipe brings in, and no more than there is', () => {
    const { windows, ui } = stage();
    ui.activity('ListActivity', stack(...Array.from({ length: 40 }, (_, i) => label(`第${i}行`))));
    expect([shown(windows, '第0行')?.text, shown(windows, '第39行')]).toEqual(['第0行', null]);
    const up = (): void => windows.screen.swipe({ x: 540, y: 1800 }, { x: 540, y: 400 });
    for (let i = 0; i < 5; i++) up();
    const { number } = windows.screen.frame();
    up();
    expect([shown(windows, '第0行'), shown(windows, '第39行')?.text, windows.screen.frame().number]).toEqual([null, '第39行', number]);
  });

  it('keeps the buttons of a long notice on the screen and lets its text scroll', () => {
    const { windows, ui } = stage();
    ui.activity('MainActivity', label('首页'));
    ui.dialog(
      stack(
        label('提示', { id: 'title' }),
        { type: 'ScrollView', id: 'body', children: [label('个人信息保护。'.repeat(600))] },
        row(
          button('不同意', () => {}),
          button('同意', () => {}),
        ),
      ),
    );
    expect([shown(windows, '不同意')?.visible, shown(windows, '同意')?.visible].every((box) => box !== null && box !== undefined)).toBe(
      true,
    );
    const scroll = [...walk(windows.screen.frame().active.root)].find((node) => node.view.id === 'body');
    expect(scroll !== undefined && windows.screen.scrollBy(scroll, 300)).toBe(true);
  });

  it('makes room for the keyboard', () => {
    const { windows, ui } = stage();
    ui.activity('FormActivity', stack(...Array.from({ length: 12 }, (_, i) => field(`f${i}`, { hint: `栏目${i}` }))));
    const visible = (): readonly (Rect | null)[] => fields(windows.screen.frame().active.root).map((node) => node.visible);
    expect(visible().filter((box) => box === null)).toHaveLength(0);
    const [first] = fields(windows.screen.frame().active.root);
    if (first === undefined) throw new Error('no field');
    windows.screen.putText(first, 'x');
    expect(visible().filter((box) => box === null).length).toBeGreaterThan(0);
    windows.screen.hideKeyboard();
    expect(visible().filter((box) => box === null)).toHaveLength(0);
  });

  it('takes a policy of 50,000 characters', () => {
    const { windows, ui } = stage();
    const began = performance.now();
    ui.activity('WebActivity', { type: 'ScrollView', children: [label('本政策说明我们如何处理您的个人信息。'.repeat(2800))] });
    windows.screen.frame();
    expect(performance.now() - began).toBeLessThan(3000);
  });
});

describe('text', () => {
  it('is as wide as the font says', () => {
    const font = readFileSync(new URL('../../../../harness/virtual/fonts/NotoSansSC-chinese.ttf', import.meta.url));
    for (let code = 0x20; code < 0x7f; code++)
      expect(textWidth(String.fromCharCode(code), 1000), String.fromCharCode(code)).toBe(advance(font, code));
    for (const char of '借《，。”') expect(textWidth(char, 1000), char).toBe(advance(font, char.codePointAt(0) ?? 0));
  });

  it.each([
    ['没有标点在行的首。', 160, ['没有标点', '在行的', '首。']],
    ['看《协议》', 80, ['看', '《协', '议》']],
    ['SDK list of 12', 170, ['SDK list ', 'of 12']],
    ['a\n\nb', 400, ['a', '', 'b']],
    ['wwwwwwwwww', 100, ['www', 'www', 'www', 'w']],
  ])('%j breaks at %i pixels into %j', (text, width, lines) => {
    const broken = wrap(text, 40, width);
    expect(broken.map((line) => line.text)).toEqual(lines);
    for (const line of broken) expect(text.slice(line.start, line.start + line.text.length)).toBe(line.text);
  });
});

function fields(node: UiNode): readonly UiNode[] {
  return [...(node.view.type === 'EditText' ? [node] : []), ...node.children.flatMap(fields)];
}

/** Advance width out of cmap (format 4) and hmtx. */
function advance(font: Buffer, code: number): number {
  const tables = new Map(
    Array.from({ length: font.readUInt16BE(4) }, (_, i) => [
      font.toString('latin1', 12 + 16 * i, 16 + 16 * i),
      font.readUInt32BE(20 + 16 * i),
    ]),
  );
  const at = (name: string): number => tables.get(name) ?? 0;
  const cmap = at('cmap');
  const map =
    Array.from({ length: font.readUInt16BE(cmap + 2) }, (_, i) => cmap + font.readUInt32BE(cmap + 8 + 8 * i)).find(
      (offset) => font.readUInt16BE(offset) === 4,
    ) ?? 0;
  const count = font.readUInt16BE(map + 6);
  for (let i = 0; i < count; i += 2) {
    const [end, start] = [font.readUInt16BE(map + 14 + i), font.readUInt16BE(map + 16 + count + i)];
    if (code < start || code > end) continue;
    const range = map + 16 + 3 * count + i;
    const offset = font.readUInt16BE(range);
    const delta = font.readUInt16BE(map + 16 + 2 * count + i);
    const glyph = offset === 0 ? (code + delta) & 0xffff : (font.readUInt16BE(range + offset + 2 * (code - start)) + delta) & 0xffff;
    return font.readUInt16BE(at('hmtx') + 4 * Math.min(glyph, font.readUInt16BE(at('hhea') + 34) - 1));
  }
  return -1;
}
