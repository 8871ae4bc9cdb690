/** Text that is written as one JSON string, piece by piece. No piece may end within a surrogate pair. */
export interface LongText {
  readonly longText: () => Iterable<string>;
}

/** A list whose items are made one by one as they are written. */
export interface LongList {
  readonly longList: () => Iterable<unknown>;
}

/** What an app sent must not steer a terminal that shows the file: DEL, C1, and marks that turn text round or cannot be seen. */
const UNSAFE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** JSON with such characters as `\uXXXX`, which reads back as the same value. */
export function json(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same in pieces, for a value with long parts anywhere in it. What is undefined is left out. */
export function* jsonPieces(value: unknown): Generator<string> {
  // All at once is many times quicker.
  if (typeof value !== 'object' || value === null || !hasLong(value)) yield json(value);
  else if (isLongText(value)) yield* textPieces(value);
  else if (isLongList(value)) yield* listPieces(value.longList());
  else if (Array.isArray(value)) yield* listPieces(value);
  else yield* objectPieces(value);
}

function hasLong(value: object): boolean {
  if (isLongText(value) || isLongList(value)) return true;
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null && hasLong(part)) return true;
  return false;
}

function isLongText(value: object): value is LongText {
  return 'longText' in value && typeof value.longText === 'function';
}

function isLongList(value: object): value is LongList {
  return 'longList' in value && typeof value.longList === 'function';
}

function* textPieces({ longText }: LongText): Generator<string> {
  yield '"';
  for (const piece of longText()) yield json(piece).slice(1, -1);
  yield '"';
}

function* listPieces(items: Iterable<unknown>): Generator<string> {
  let before = '[';
  for (const item of items) {
    yield before;
    yield* jsonPieces(item);
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

function* objectPieces(value: object): Generator<string> {
  let before = '{';
  for (const [name, part] of Object.entries(value)) {
    if (part === undefined) continue;
    yield `${before}${json(name)}:`;
    yield* jsonPieces(part);
    before = ',';
  }
  yield before === '{' ? '{}' : '}';
}
