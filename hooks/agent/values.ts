import type { ValuePath, WireValue } from '../wire.js';
import { base64, fromJavaBytes, hex, isByteArray } from './bytes.js';
import { type JavaBridge, type JavaWrapper, asRuntimeClass, dispatcher, field, invoke, isWrapper } from './java.js';

/** Bounds of what one read carries; `cut` says that something was left out. */
const MAX_VALUES = 4000;
const MAX_TEXT = 8192;
const MAX_BYTES = 4096;
/** Cursor.FIELD_TYPE_STRING. */
const STRING_COLUMN = 3;

/** What a call gave: its values, how many rows or elements there were, and what of the values was left out. */
export interface Extracted {
  readonly values: readonly WireValue[];
  readonly rows: number | null;
  readonly cut: readonly ('values' | 'value')[];
}
const NOTHING: Extracted = { values: [], rows: null, cut: [] };

/** Values as they are taken, up to the bounds. */
class Taken {
  readonly values: WireValue[] = [];
  readonly #cut = new Set<'values' | 'value'>();

  get full(): boolean {
    return this.values.length >= MAX_VALUES;
  }
  add(value: unknown): void {
    const found = plain(value);
    if (found === null) return;
    if (this.full) return this.leftOut('values');
    this.values.push(found.value);
    if (found.cut) this.leftOut('value');
  }
  leftOut(what: 'values' | 'value'): void {
    this.#cut.add(what);
  }
  with(rows: number | null): Extracted {
    return { values: this.values, rows, cut: [...this.#cut] };
  }
}

/** Takes the value out of a finished call. May throw: the engine turns that into a fault. */
export function extract(java: JavaBridge, path: ValuePath, args: readonly unknown[], returned: unknown): Extracted {
  switch (path.from) {
    case 'return':
      return one(returned);
    case 'argument':
      return one(args[path.index]);
    case 'cursor':
      return cursor(java, returned);
    case 'list':
      return list(java, returned, path.element);
    case 'location':
      return locations(java, path.argument === null ? returned : args[path.argument]);
    case 'clip':
      return clip(java, returned);
    case 'mac':
      return isByteArray(returned)
        ? { values: [{ text: hex(fromJavaBytes(returned, 0, returned.length, 8), ':') }], rows: null, cut: [] }
        : NOTHING;
    case 'none':
      return NOTHING;
  }
}

function one(value: unknown): Extracted {
  const taken = new Taken();
  taken.add(value);
  return taken.with(null);
}

interface Plain {
  readonly value: WireValue;
  readonly cut: boolean;
}
const textValue = (text: string): Plain | null =>
  text === '' ? null : { value: { text: text.slice(0, MAX_TEXT) }, cut: text.length > MAX_TEXT };

/** A string, number, byte[] or Java String/CharSequence as a value; null for null, empty and other objects, whose code we do not run. */
function plain(value: unknown): Plain | null {
  // WifiInfo.getSSID gives a readable name in double quotes.
  if (typeof value === 'string') return textValue(/^".+"$/.test(value) ? value.slice(1, -1) : value);
  if (typeof value === 'number' || typeof value === 'boolean') return textValue(String(value));
  if (isByteArray(value))
    return { value: { base64: base64(fromJavaBytes(value, 0, value.length, MAX_BYTES)) }, cut: value.length > MAX_BYTES };
  if (isWrapper(value)) {
    const text =
      value.$className === 'java.lang.String' || value.$className.startsWith('android.text.') ? String(invoke(value, 'toString')) : '';
    return textValue(text);
  }
  return typeof value === 'object' && value !== null && 'toNumber' in value ? textValue(String(value)) : null;
}

/** Reads all string columns and puts the cursor back where it was. */
function cursor(java: JavaBridge, returned: unknown): Extracted {
  if (!isWrapper(returned)) return NOTHING;
  const rows = Number(invoke(returned, 'getCount'));
  const position = invoke(returned, 'getPosition');
  const taken = new Taken();
  try {
    const columns = Number(invoke(returned, 'getColumnCount'));
    for (let row = 0; row < rows; row++) {
      if (taken.full) {
        taken.leftOut('values');
        break;
      }
      if (invoke(returned, 'moveToPosition', row) !== true) break;
      for (let column = 0; column < columns; column++) {
        if (invoke(returned, 'getType', column) !== STRING_COLUMN) continue;
        taken.add(invoke(returned, 'getString', column));
      }
    }
  } finally {
    invoke(returned, 'moveToPosition', position);
  }
  return taken.with(rows);
}

/** Each element of a List or array, or one member of each element. */
function list(java: JavaBridge, returned: unknown, element: string | null): Extracted {
  const elements = elementsOf(java, returned);
  if (elements === null) return NOTHING;
  const taken = new Taken();
  for (const item of elements.some) taken.add(element === null || !isWrapper(item) ? item : member(java, item, element));
  if (elements.size > elements.some.length) taken.leftOut('values');
  return taken.with(elements.size);
}

/** The elements of a List or array, up to the bound, and how many there are. */
function elementsOf(java: JavaBridge, value: unknown): { readonly some: readonly unknown[]; readonly size: number } | null {
  if (Array.isArray(value)) return { some: value.slice(0, MAX_VALUES), size: value.length };
  if (!isWrapper(value)) return null;
  const seen = dispatcher(value, 'size') === null ? asRuntimeClass(java, value) : value;
  const size = Number(invoke(seen, 'size'));
  return { some: Array.from({ length: Math.min(size, MAX_VALUES) }, (_, index) => invoke(seen, 'get', index)), size };
}

/** A field or no-argument method of an object, or a path of them: `activityInfo.packageName`. */
function member(java: JavaBridge, object: JavaWrapper, path: string): unknown {
  let at: unknown = object;
  for (const name of path.split('.')) {
    if (!isWrapper(at)) return null;
    const seen = asRuntimeClass(java, at);
    at = dispatcher(seen, name) === null ? field(seen, name) : invoke(seen, name);
  }
  return at;
}

/** One android.location.Location, or a List of them, as `lat,lon` with 7 decimals. */
function locations(java: JavaBridge, value: unknown): Extracted {
  if (!isWrapper(value)) return NOTHING;
  const all = value.$className === 'android.location.Location' ? [value] : (elementsOf(java, value)?.some ?? []);
  const taken = new Taken();
  for (const item of all.filter(isWrapper)) {
    const location = asRuntimeClass(java, item);
    taken.add(`${Number(invoke(location, 'getLatitude')).toFixed(7)},${Number(invoke(location, 'getLongitude')).toFixed(7)}`);
  }
  return taken.with(null);
}

function clip(java: JavaBridge, returned: unknown): Extracted {
  if (!isWrapper(returned)) return NOTHING;
  const taken = new Taken();
  const count = Number(invoke(returned, 'getItemCount'));
  for (let index = 0; index < Math.min(count, MAX_VALUES); index++) {
    const item = invoke(returned, 'getItemAt', index);
    if (isWrapper(item)) taken.add(invoke(item, 'getText'));
  }
  if (count > MAX_VALUES) taken.leftOut('values');
  return taken.with(count);
}
