import { relative, sep } from 'node:path';
import stringWidth from 'string-width';
import type { LabError } from '../model/errors.js';
import type { Language } from '../../reports/words.js';

/** Progress and remarks; never results. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Results. */
export function result(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The one JSON document of a `--json` command. */
export function json(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

/** What went wrong and the way out, for a terminal. */
export function complaint(error: LabError, language: Language): string {
  const { what, remedy } = wordsOf(error, language);
  if (language === 'en') return `error: ${what}\nway out: ${remedy}`;
  return `错误：${what}${/[。？！]$/.test(what) ? '' : '。'}\n办法：${remedy}`;
}

/** The same for a program. */
export function complaintDocument(error: LabError, language: Language): object {
  return { code: error.code, exit: error.exit, ...wordsOf(error, language) };
}

function wordsOf(error: LabError, language: Language): { readonly what: string; readonly remedy: string } {
  const { what, remedy } = error.words(language);
  // A usage error outside any command leaves its slot empty.
  return { what, remedy: remedy.replaceAll('  ', ' ') };
}

/** A path as one would type it here: relative where it lies below this folder. */
export function short(path: string): string {
  const here = relative(process.cwd(), path);
  return here === '' ? '.' : here === '..' || here.startsWith(`..${sep}`) ? path : here;
}

/** Columns that text may fill; where nobody told, those of a common terminal. */
export function columns(): number {
  return Math.min(process.stdout.columns ?? 80, 100);
}

/** Breaks text at `width` terminal columns; Chinese breaks anywhere, Latin words stay whole where they fit. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  // An opening mark goes with what it opens.
  for (const word of text.match(/[（《「“]*(?:[\x21-\x7e]+|[^\x21-\x7e\s])|\s+/g) ?? []) {
    // A closing mark may stand one column over rather than begin a line.
    if (stringWidth(line + word.trimEnd()) > width && line.trim() !== '' && !/^[，。；：、）》」”？]$/.test(word)) {
      lines.push(line.trimEnd());
      line = word.trimStart();
    } else line += word;
    while (stringWidth(line) > width && /^[\x21-\x7e]+$/.test(line)) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  if (line.trim() !== '') lines.push(line.trimEnd());
  return lines;
}

/** Pads or cuts text to exactly `width` terminal columns. */
export function cell(text: string, width: number): string {
  let shown = text;
  if (stringWidth(shown) > width) {
    while (stringWidth(shown) > width - 1) shown = shown.slice(0, -1);
    shown += '…';
  }
  return shown + ' '.repeat(Math.max(0, width - stringWidth(shown)));
}
