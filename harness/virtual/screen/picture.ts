import { Resvg } from '@resvg/resvg-wasm';
import type { RunClock } from '../../model/clock.js';
import type { Frame } from '../ui/desk.js';
import type { Rect } from '../ui/node.js';
import type { Screen } from '../ui/windows.js';
import { FONT_FAMILY, loadFonts } from './font.js';
import type { Fonts } from './font.js';
import { drawFrame } from './draw.js';

/** Pictures are half as large as the screen: 540 × 1140 pixels for 1080 × 2280. Bounds stay in screen pixels. */
export const PICTURE_SCALE = 0.5;

/** Makes pictures of what is on the screen, only when asked; a frame is drawn once a minute of the status bar's clock. `part` is in screen pixels. */
export function createPictures(screen: Screen, clock: RunClock): (part: Rect | null) => Promise<Uint8Array> {
  let last: { readonly frame: Frame; readonly time: string; readonly png: Uint8Array } | null = null;
  return async (part) => {
    const fonts = await loadFonts();
    const frame = screen.frame();
    const time = clockText(clock.handsetWallMs());
    if (part !== null) return render(frame, time, fonts, part);
    if (last === null || last.frame !== frame || last.time !== time) last = { frame, time, png: render(frame, time, fonts, null) };
    return last.png;
  };
}

function render(frame: Frame, time: string, fonts: Fonts, part: Rect | null): Uint8Array {
  const resvg = new Resvg(drawable(drawFrame(frame, time, part), fonts.glyphs), {
    fitTo: { mode: 'zoom', value: PICTURE_SCALE },
    font: { fontBuffers: [...fonts.files], defaultFontFamily: FONT_FAMILY, sansSerifFamily: FONT_FAMILY },
  });
  const image = resvg.render();
  const png = image.asPng();
  image.free();
  resvg.free();
  return png;
}

/** Shows 〓 (the printers' sign for a missing type) where the font has no glyph, so that nothing is silently left out. */
function drawable(svg: string, glyphs: ReadonlySet<number>): string {
  return svg.replace(/[\u0080-\u{10ffff}]/gu, (char) => (glyphs.has(char.codePointAt(0) ?? 0) ? char : '〓'));
}

/** Hours and minutes as the handset's status bar shows them: its time zone is China's. */
function clockText(wallMs: number): string {
  return new Date(wallMs + 8 * 3600_000).toISOString().slice(11, 16);
}
