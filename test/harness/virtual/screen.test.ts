import { readdirSync, readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadFonts } from '../../../harness/virtual/screen/font.js';
import { createPictures } from '../../../harness/virtual/screen/picture.js';
import type { Rect } from '../../../harness/virtual/ui/node.js';
import { button, field, label, LOAN, shown, stack, stage, touch } from './ui/stage.js';
import type { Stage } from './ui/stage.js';

interface Image {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

const open = (): Stage & { readonly picture: (part?: Rect) => Promise<Uint8Array>; readonly image: (part?: Rect) => Promise<Image> } => {
  const at = stage();
  const pictures = createPictures(at.windows.screen, at.clock);
  const picture = (part?: Rect): Promise<Uint8Array> => pictures(part ?? null);
  return { ...at, picture, image: async (part) => decode(await picture(part)) };
};

describe('a picture', () => {
  it('is 540 × 1140 and marked 虚拟手机, whatever is on the screen', async () => {
    const { windows, ui, image } = open();
    const marked = async (what: string): Promise<void> => {
      const made = await image();
      expect([made.width, made.height]).toEqual([540, 1140]);
      expect(colour(made, 200, 20), what).toEqual([0xc6, 0x28, 0x28]);
      expect(
        count(made, { left: 190, top: 5, right: 350, bottom: 37 }, ([r, g, b]) => r > 240 && g > 240 && b > 240),
        what,
      ).toBeGreaterThan(100);
    };
    await marked('launcher');
    ui.activity('FormActivity', stack(field('name', { hint: '姓名' })));
    await marked('activity');
    windows.screen.tap(500, 160);
    expect(windows.screen.frame().keyboard).toBe(true);
    await marked('keyboard');
    ui.dialog(label('提示'));
    await marked('dialog');
    void windows.permissionPrompt({ package: LOAN, label: '快易贷', group: 'SMS', permissions: [] });
    await marked('prompt');
  });

  it('shows a tick in the box, and nothing else moves', async () => {
    const { windows, ui, image } = open();
    ui.activity(
      'FormActivity',
      stack(
        { type: 'CheckBox', id: 'cb', text: '我已阅读并同意' },
        button('下一步', () => {}),
      ),
    );
    const before = await image();
    touch(windows, '我已阅读并同意');
    const after = await image();
    const box = half(shown(windows, '我已阅读并同意')?.box);
    const differ = differing(before, after);
    expect(differ.length).toBeGreaterThan(300);
    for (const [x, y] of differ) expect(x >= box.left && x < box.left + 40 && y >= box.top && y < box.bottom).toBe(true);
  });

  it('dims what is behind a dialog', async () => {
    const { ui, image } = open();
    ui.activity('MainActivity', label('首页'));
    const [plain] = colour(await image(), 20, 1000);
    ui.dialog(label('提示'));
    const [dimmed] = colour(await image(), 20, 1000);
    expect(dimmed).toBeLessThan(plain / 2);
  });

  it('draws Chinese where the layout put it, and 〓 for what the font lacks', async () => {
    const { windows, ui, image } = open();
    ui.activity('MainActivity', stack(label('个人信息保护政策'), label('𠮷')));
    const made = await image();
    const dark = (text: string): number => count(made, half(shown(windows, text)?.box), ([r]) => r < 90);
    expect(dark('个人信息保护政策')).toBeGreaterThan(350);
    expect(dark('𠮷')).toBeGreaterThan(40);
  });

  it('is drawn once for a frame and a minute', async () => {
    const { ui, clock, picture } = open();
    ui.activity('MainActivity', label('首页'));
    const first = await picture();
    expect(await picture()).toBe(first);
    await clock.wait(60_000, 'observe');
    const later = await picture();
    expect(differing(decode(first), decode(later)).every(([x, y]) => x < 90 && y < 42)).toBe(true);
    expect(later).not.toBe(first);
    clock.close();
  });

  it('of a part is that part', async () => {
    const { windows, ui, image } = open();
    ui.activity('MainActivity', stack(button('同意', () => {})));
    const box = shown(windows, '同意')?.box;
    const part = await image(box);
    expect([part.width, part.height]).toEqual([Math.ceil(984 / 2), 64]);
    expect(colour(part, 40, 20)).toEqual([0xe3, 0xec, 0xfb]);
  });
});

it('every character of the shipped apps and of the system can be drawn', async () => {
  const { glyphs } = await loadFonts();
  const root = new URL('../../../', import.meta.url);
  const files = [
    ...['scenarios/apps', 'scenarios/loan'].flatMap((folder) =>
      readdirSync(new URL(`${folder}/`, root)).map((name) => `${folder}/${name}`),
    ),
    'harness/virtual/ui/system-windows.ts',
    'harness/virtual/screen/keyboard.ts',
  ];
  const drawnAsPath = new Set('⇧⌫');
  for (const file of files) {
    const lacking = [...readFileSync(new URL(file, root), 'utf8')].filter(
      (char) => char >= '\u2e80' && !glyphs.has(char.codePointAt(0) ?? 0) && !drawnAsPath.has(char),
    );
    expect(lacking, file).toEqual([]);
  }
});

/** Screen pixels to picture pixels. */
function half(box: Rect | undefined): Rect {
  if (box === undefined) throw new Error('not on the screen');
  return {
    left: Math.floor(box.left / 2),
    top: Math.floor(box.top / 2),
    right: Math.ceil(box.right / 2),
    bottom: Math.ceil(box.bottom / 2),
  };
}

type Colour = readonly [number, number, number];

function colour({ width, pixels }: Image, x: number, y: number): Colour {
  const at = (y * width + x) * 4;
  return [pixels[at] ?? 0, pixels[at + 1] ?? 0, pixels[at + 2] ?? 0];
}

function count(image: Image, box: Rect, is: (colour: Colour) => boolean): number {
  let n = 0;
  for (let y = box.top; y < box.bottom; y++) for (let x = box.left; x < box.right; x++) if (is(colour(image, x, y))) n++;
  return n;
}

function differing(a: Image, b: Image): readonly (readonly [number, number])[] {
  const out: [number, number][] = [];
  for (let i = 0; i < a.pixels.length; i += 4)
    if (a.pixels[i] !== b.pixels[i] || a.pixels[i + 1] !== b.pixels[i + 1]) out.push([(i / 4) % a.width, Math.floor(i / 4 / a.width)]);
  return out;
}

/** Reads an 8-bit RGBA PNG without interlace (https://www.w3.org/TR/png-3/). */
function decode(png: Uint8Array): Image {
  const bytes = Buffer.from(png);
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  expect([bytes[24], bytes[25], bytes[28]]).toEqual([8, 6, 0]);
  const data: Buffer[] = [];
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at))
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)));
  const raw = inflateSync(Buffer.concat(data));
  const line = width * 4;
  const pixels = new Uint8Array(line * height);
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < line; i++) {
      const left = i < 4 ? 0 : (pixels[y * line + i - 4] ?? 0);
      const up = y === 0 ? 0 : (pixels[(y - 1) * line + i] ?? 0);
      const corner = y === 0 || i < 4 ? 0 : (pixels[(y - 1) * line + i - 4] ?? 0);
      pixels[y * line + i] = (raw[y * (line + 1) + 1 + i] ?? 0) + filtered(raw[y * (line + 1)] ?? 0, left, up, corner);
    }
  }
  return { width, height, pixels };
}

function filtered(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
