/** Advance widths of U+0020–U+007E in thousandths of an em, from the hmtx table of the font in harness/virtual/fonts. */
const ASCII_ADVANCES = [
  224, 323, 474, 555, 555, 921, 680, 278, 338, 338, 467, 555, 278, 347, 278, 392, 555, 555, 555, 555, 555, 555, 555, 555, 555, 555, 278,
  278, 555, 555, 555, 474, 946, 608, 657, 638, 688, 589, 552, 689, 728, 293, 535, 646, 543, 812, 723, 742, 633, 742, 635, 596, 599, 721,
  575, 878, 573, 531, 603, 338, 392, 338, 555, 559, 606, 563, 618, 510, 620, 554, 325, 564, 607, 275, 275, 552, 284, 926, 610, 606, 620,
  620, 388, 468, 377, 607, 521, 802, 498, 521, 475, 338, 270, 338, 555,
] as const;

/** Width of `text` in pixels at font size `size`; everything outside ASCII is as wide as a Han character. */
export function textWidth(text: string, size: number): number {
  let thousandths = 0;
  for (const char of text) thousandths += ASCII_ADVANCES[(char.codePointAt(0) ?? 0) - 32] ?? 1000;
  return (thousandths * size) / 1000;
}

/** One drawn line: its text and the index in the whole text where it starts. */
export interface Line {
  readonly text: string;
  readonly start: number;
}

const NEVER_FIRST = new Set('。，、：；！？”’）》」』】…%,.:;!?)');
const NEVER_LAST = new Set('《“‘（「『【(￥');

/** Breaks `text` into lines no wider than `width` pixels: between Han characters, at spaces, and by the usual rules for punctuation. */
export function wrap(text: string, size: number, width: number): readonly Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (const paragraph of text.split('\n')) {
    breakParagraph(paragraph, size, width).forEach((line) => lines.push({ text: line.text, start: start + line.start }));
    start += paragraph.length + 1;
  }
  return lines;
}

function breakParagraph(paragraph: string, size: number, width: number): readonly Line[] {
  const lines: Line[] = [];
  let line = '';
  let start = 0;
  for (const word of words(paragraph)) {
    if (line !== '' && textWidth((line + word).trimEnd(), size) > width) {
      lines.push({ text: line, start });
      start += line.length;
      line = '';
    }
    // A word wider than the whole line is broken anywhere.
    for (const piece of textWidth(word, size) > width ? word : [word]) {
      if (line !== '' && textWidth(line + piece, size) > width && piece !== ' ') {
        lines.push({ text: line, start });
        start += line.length;
        line = '';
      }
      line += piece;
    }
  }
  lines.push({ text: line, start });
  return lines;
}

/** Unbreakable pieces: a Han character with the punctuation that must stay with it, or a run of Latin letters with its spaces. */
function words(paragraph: string): readonly string[] {
  const out: string[] = [];
  let glue = false;
  for (const char of paragraph) {
    const last = out.at(-1);
    const latin = char > ' ' && char < '\u2000';
    const sameWord = last !== undefined && latin && /[\u0021-\u1fff]$/.test(last);
    if (last !== undefined && (glue || char === ' ' || sameWord || NEVER_FIRST.has(char))) out[out.length - 1] = last + char;
    else out.push(char);
    glue = NEVER_LAST.has(char);
  }
  return out;
}
