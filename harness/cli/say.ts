import { randomBytes } from 'node:crypto';
import { relative, sep } from 'node:path';
import pc from 'picocolors';
import stringWidth from 'string-width';
import { shellWord, type LabError } from '../model/errors.js';
import type { Language } from '../../reports/words.js';

/** Control characters but for newline and tab, and those that turn text round: an app must not write to the terminal through us. */
const UNSAFE = new RegExp(String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]`, 'g');
/** Stands for ESC [ in our own colours; no app can know it. */
const COLOUR = `<${randomBytes(8).toString('hex')}>`;

/** Text with what could steer a terminal written as `\u001b`, as JSON would have it. */
function clean(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same on one line. */
export function oneLine(text: string): string {
  return clean(text.replaceAll(/[\n\t]+/g, ' '));
}

function coloured(on: number, off: number): (text: string) => string {
  return (text) => (pc.isColorSupported ? `${COLOUR}${on}m${text}${COLOUR}${off}m` : text);
}

/** Colours, where the terminal has them. Only what went through here is coloured. */
export const paint = { bold: coloured(1, 22), red: coloured(31, 39), yellow: coloured(33, 39), magenta: coloured(35, 39) } as const;

function forTerminal(text: string): string {
  return `${clean(text).replaceAll(COLOUR, '\u001b[')}\n`;
}

/** Progress and remarks; never results. */
export function remark(text: string): void {
  process.stderr.write(forTerminal(text));
}

/** Results. */
export function result(text: string): void {
  process.stdout.write(forTerminal(text));
}

/** The one JSON document of a `--json` command. */
export function json(document: unknown): void {
  process.stdout.write(`${clean(JSON.stringify(document, null, 2))}\n`);
}

/** The same on one line. */
export function jsonLine(document: unknown): void {
  process.stdout.write(`${clean(JSON.stringify(document))}\n`);
}

/** What went wrong and the way out, for a terminal. */
export function complaint(error: LabError, language: Language): string {
  const { what, remedy } = wordsOf(error, language);
  if (language === 'en') return `error: ${what}\nway out: ${remedy}`;
  return `错误：${what}${/[。？！]$/.test(what) ? '' : '。'}\n办法：${remedy}`;
}

/** The same for a program. */
export function complaintDocument(error: LabError, language: Language): object {
  const { what, remedy } = error.words(language);
  return { code: error.code, exit: error.exit, what, remedy: remedy.replaceAll('  ', ' ') };
}

function wordsOf(error: LabError, language: Language): { readonly what: string; readonly remedy: string } {
  const { what, remedy } = error.words(language);
  // A usage error outside any command leaves its slot empty.
  return { what: oneLine(what), remedy: oneLine(remedy).replaceAll('  ', ' ') };
}

/** A path as one would type it here: relative where it lies below this folder. */
export function short(path: string): string {
  const here = relative(process.cwd(), path);
  return here === '' ? '.' : here === '..' || here.startsWith(`..${sep}`) ? path : here;
}

/** The same as a word of a command that is told to be run. */
export function shortWord(path: string): string {
  return shellWord(short(path));
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
  for (const word of oneLine(text).match(/[（《「“]*(?:[\x21-\x7e]+|[^\x21-\x7e\s])|\s+/g) ?? []) {
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
  let shown = oneLine(text);
  if (stringWidth(shown) > width) {
    while (stringWidth(shown) > width - 1) shown = shown.slice(0, -1);
    shown += '…';
  }
  return shown + ' '.repeat(Math.max(0, width - stringWidth(shown)));
}

/** Ends at once; a live list may have hidden the cursor. */
export function leave(code: number): never {
  if (process.stderr.isTTY) process.stderr.write('\u001b[?25h');
  process.exit(code);
}
