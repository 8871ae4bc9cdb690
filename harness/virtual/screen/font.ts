import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { existsSync } from 'node:fs';
import { initWasm } from '@resvg/resvg-wasm';

/** The family name inside the font files of harness/virtual/fonts. */
export const FONT_FAMILY = 'Noto Sans SC';

let ready: Promise<readonly Uint8Array[]> | null = null;

/** Loads the renderer and the fonts once in a process; gives the font files. */
export function loadFonts(): Promise<readonly Uint8Array[]> {
  ready ??= load();
  return ready;
}

async function load(): Promise<readonly Uint8Array[]> {
  const require = createRequire(import.meta.url);
  await initWasm(readFileSync(require.resolve('@resvg/resvg-wasm/index_bg.wasm')));
  const fonts = join(packageRoot(dirname(fileURLToPath(import.meta.url))), 'harness', 'virtual', 'fonts');
  return ['NotoSansSC-latin.ttf', 'NotoSansSC-chinese.ttf'].map((name) => readFileSync(join(fonts, name)));
}

/** The fonts stay in the source folder; compiled code runs from dist/. */
function packageRoot(from: string): string {
  const file = join(from, 'package.json');
  if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === 'jiejing') return from;
  const above = dirname(from);
  if (above === from) throw new Error('harness/virtual/fonts was not found: no package.json of jiejing above this file');
  return packageRoot(above);
}
