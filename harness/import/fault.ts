import { LabError } from '../model/errors.js';
import type { Words } from '../model/finding.js';

/** Where in the evidence something stands, as a reader would look it up. */
export type Place = Words;

/** A line of a file, from 1. */
export function atLine(file: string, line: number): Place {
  return { zh: `${file} 第 ${line} 行`, en: `${file}:${line}` };
}

/** An item of a list in a file, from 1: a canary, an entry of a HAR. */
export function atItem(file: string, number: number): Place {
  return { zh: `${file} 第 ${number} 条`, en: `${file}, item ${number}` };
}

const MEND: Words = {
  zh: '改正后重新导入；格式见 README 的“导入”一节',
  en: 'mend it and import again; the README tells the format',
};

/** What cannot be taken over as it stands. Code IMPORT_SYNTAX. */
export function fault(place: Place, what: Words): LabError {
  return faultWith(place, what, MEND);
}

/** The same with a way out of its own. */
export function faultWith(place: Place, what: Words, how: Words): LabError {
  return new LabError('IMPORT_SYNTAX', { where: place.zh, whereEn: place.en, what: what.zh, whatEn: what.en, how: how.zh, howEn: how.en });
}

/** A piece of the evidence in a message: on one line, and not at its length. */
export function quoted(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
