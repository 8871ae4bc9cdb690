import type { Words } from '../model/finding.js';
import { fault, faultWith, quoted, type Place } from './fault.js';

/** An object of the evidence and where it stands. */
export interface Row {
  readonly json: Readonly<Record<string, unknown>>;
  readonly place: Place;
}

/** Whether it is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text that must be there. @throws LabError IMPORT_SYNTAX */
export function textOf(row: Row, name: string): string {
  const text = textOr(row, name);
  if (text === null || text === '') throw fault(row.place, { zh: `缺少 ${name}`, en: `${name} is missing` });
  return text;
}

/** A text that may be missing or null. @throws LabError IMPORT_SYNTAX when it is something else */
export function textOr({ json, place }: Row, name: string): string | null {
  const value = json[name] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw fault(place, { zh: `${name} 应为字符串`, en: `${name} must be a string` });
}

/** A text or a whole number that stands for one, such as an id. @throws LabError IMPORT_SYNTAX */
export function wordOr(row: Row, name: string): string | null {
  const value = row.json[name] ?? null;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : textOr(row, name);
}

/** One of these words. @throws LabError IMPORT_SYNTAX with the list */
export function choiceOf<T extends string>(row: Row, name: string, choices: readonly T[]): T {
  const text = textOf(row, name);
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  const list = choices.join(', ');
  throw fault(row.place, {
    zh: `${name} 不能是“${quoted(text)}”，可用：${list}`,
    en: `${name} cannot be "${quoted(text)}", only one of: ${list}`,
  });
}

const LONGEST_ID = 200;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** The id that the evidence gives something; null: it gives none. @throws LabError IMPORT_SYNTAX for one that cannot be printed */
export function idOr(row: Row, name: string): string | null {
  const id = wordOr(row, name);
  if (id === null || id === '') return null;
  if (id.length > LONGEST_ID)
    throw fault(row.place, { zh: `${name} 超过 ${LONGEST_ID} 个字符`, en: `${name} is longer than ${LONGEST_ID} characters` });
  if (CONTROL.test(id)) throw fault(row.place, { zh: `${name} 含有控制字符`, en: `${name} has control characters` });
  return id;
}

/** A whole number not below 0, as text or number; null: not given. @throws LabError IMPORT_SYNTAX */
export function countOr(row: Row, name: string): number | null {
  const word = wordOr(row, name);
  if (word === null || word === '') return null;
  const count = Number(word);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw fault(row.place, { zh: `${name} 应为非负整数`, en: `${name} must be a whole number, not below 0` });
}

/** Texts in a list; missing counts as none. @throws LabError IMPORT_SYNTAX */
export function textsOf({ json, place }: Row, name: string): readonly string[] {
  const value = json[name] ?? [];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw fault(place, {
    zh: `${name} 应为字符串数组（数字也要写成字符串）`,
    en: `${name} must be an array of strings (write numbers as strings too)`,
  });
}

const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);
const inReach = (ms: number): boolean => ms >= EARLIEST_MS && ms < LATEST_MS;

const OTHER_UNITS: readonly (readonly [factor: number, words: Words])[] = [
  [1000, { zh: '像是秒，应乘以 1000', en: 'it looks like seconds: multiply it by 1000' }],
  [1 / 1000, { zh: '像是微秒，应除以 1000', en: 'it looks like microseconds: divide it by 1000' }],
  [1 / 1_000_000, { zh: '像是纳秒，应除以 1000000', en: 'it looks like nanoseconds: divide it by 1000000' }],
];

/** The moment `t`, ms since 1970. @throws LabError IMPORT_SYNTAX when it is none of this century */
export function momentOf({ json, place }: Row): number {
  const value = json['t'];
  if (typeof value !== 'number')
    throw fault(place, { zh: 't 应为 1970 年以来的毫秒数', en: 't must be a number: milliseconds since 1970' });
  return checkedMoment(value, 't', place);
}

/** The same `ms`, called `name`, when it lies in this century. @throws LabError IMPORT_SYNTAX */
export function checkedMoment(ms: number, name: string, place: Place): number {
  if (inReach(ms)) return ms;
  const unit = OTHER_UNITS.find(([factor]) => inReach(ms * factor))?.[1];
  const what = {
    zh: `${name} 为 ${ms}，不是 2000 至 2100 年间的毫秒数`,
    en: `${name} is ${ms}, which is no time from 2000 to 2100 in milliseconds`,
  };
  throw unit === undefined ? fault(place, what) : faultWith(place, what, unit);
}

/** Worst case by which a time may be off, in ms; null: not given. @throws LabError IMPORT_SYNTAX */
export function slackOr({ json, place }: Row, name: string): number | null {
  const value = json[name] ?? null;
  if (value === null || (typeof value === 'number' && value >= 0 && Number.isFinite(value))) return value;
  throw fault(place, { zh: `${name} 应为非负的毫秒数`, en: `${name} must be a number of milliseconds, not below 0` });
}

/** Bytes written in base64; missing counts as none. @throws LabError IMPORT_SYNTAX */
export function base64Of(row: Row, name: string): Buffer {
  const bytes = base64Bytes(textOr(row, name) ?? '');
  if (bytes !== null) return bytes;
  throw fault(row.place, { zh: `${name} 不是 base64`, en: `${name} is not base64` });
}

/** Bytes of a base64 text (either alphabet, with or without padding, line breaks allowed); null: it is none. */
export function base64Bytes(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  const body = text.replaceAll(/[\s=]+/g, '');
  return Math.floor((body.length * 3) / 4) === bytes.length && /^[\w+/-]*$/.test(body) && body.length % 4 !== 1 ? bytes : null;
}
