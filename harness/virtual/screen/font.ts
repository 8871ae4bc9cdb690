import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { initWasm } from '@resvg/resvg-wasm';
import { packageRoot } from '../../package-root.js';

/** The family name inside the font files of harness/virtual/fonts. */
export const FONT_FAMILY = 'Noto Sans SC';

/** Font files, and the code points that they can draw. */
export interface Fonts {
  readonly files: readonly Uint8Array[];
  readonly glyphs: ReadonlySet<number>;
}

let ready: Promise<Fonts> | null = null;

/** Loads the renderer and the fonts, once in a process. */
export function loadFonts(): Promise<Fonts> {
  ready ??= load();
  return ready;
}

async function load(): Promise<Fonts> {
  const require = createRequire(import.meta.url);
  await initWasm(readFileSync(require.resolve('@resvg/resvg-wasm/index_bg.wasm')));
  const fonts = join(packageRoot(), 'harness', 'virtual', 'fonts');
  const files = ['NotoSansSC-latin.ttf', 'NotoSansSC-chinese.ttf'].map((name) => readFileSync(join(fonts, name)));
  return { files, glyphs: new Set(files.flatMap(codePoints)) };
}

/** Code points of the font's format 4 character map (https://learn.microsoft.com/typography/opentype/spec/cmap). */
function codePoints(font: Buffer): readonly number[] {
  const tables = Array.from({ length: font.readUInt16BE(4) }, (_, i) => 12 + 16 * i);
  const cmap = font.readUInt32BE((tables.find((at) => font.toString('latin1', at, at + 4) === 'cmap') ?? 12) + 8);
  const maps = Array.from({ length: font.readUInt16BE(cmap + 2) }, (_, i) => cmap + font.readUInt32BE(cmap + 8 + 8 * i));
  const at = maps.find((map) => font.readUInt16BE(map) === 4);
  if (at === undefined) throw new Error('the font has no format 4 character map');
  const segments = font.readUInt16BE(at + 6);
  const out: number[] = [];
  for (let i = 0; i < segments; i += 2) {
    const [end, start] = [font.readUInt16BE(at + 14 + i), font.readUInt16BE(at + 16 + segments + i)];
    for (let code = start; code <= end && code < 0xffff; code++) out.push(code);
  }
  return out;
}
