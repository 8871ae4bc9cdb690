import type { ValuePath, WireValue } from '../wire.js';
import { base64, fromJavaBytes, hex, isByteArray } from './bytes.js';
import { type JavaBridge, type JavaWrapper, asRuntimeClass, dispatcher, field, invoke, isWrapper } from './java.js';

/** Bounds of what one read carries; what is left out stays visible in `rows`. */
const MAX_VALUES = 4000;
const MAX_TEXT = 8192;
const MAX_BYTES = 4096;
/** Cursor.FIELD_TYPE_STRING. */
const STRING_COLUMN = 3;

/** What a call gave: its values, and how many rows or elements there were. */
export interface Extracted {
  readonly values: readonly WireValue[];
  readonly rows: number | null;
}
const NOTHING: Extracted = { values: [], rows: null };

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
      return isByteArray(returned) ? { values: [{ text: hex(fromJavaBytes(returned, 0, returned.length, 8), ':') }], rows: null } : NOTHING;
    case 'none':
      return NOTHING;
  }
}

function one(value: unknown): Extracted {
  const found = plain(value);
  return found === null ? NOTHING : { values: [found], rows: null };
}

/** A string, number, byte[] or Java String/CharSequence as a value; null for null, empty and other objects, whose code we do not run. */
function plain(value: unknown): WireValue | null {
  // WifiInfo.getSSID gives a readable name in double quotes.
  if (typeof value === 'string')
    return value === '' ? null : { text: (/^".+"$/.test(value) ? value.slice(1, -1) : value).slice(0, MAX_TEXT) };
  if (typeof value === 'number' || typeof value === 'boolean') return { text: String(value) };
  if (isByteArray(value)) return { base64: base64(fromJavaBytes(value, 0, value.length, MAX_BYTES)) };
  if (isWrapper(value)) {
    const text =
      value.$className === 'java.lang.String' || value.$className.startsWith('android.text.') ? String(invoke(value, 'toString')) : '';
    return text === '' ? null : { text: text.slice(0, MAX_TEXT) };
  }
  return typeof value === 'object' && value !== null && 'toNumber' in value ? { text: String(value) } : null;
}

/** Reads all string columns and puts the cursor back where it was. */
function cursor(java: JavaBridge, returned: unknown): Extracted {
  if (!isWrapper(returned)) return NOTHING;
  const rows = Number(invoke(returned, 'getCount'));
  const position = invoke(returned, 'getPosition');
  const values: WireValue[] = [];
  try {
    const columns = Number(invoke(returned, 'getColumnCount'));
    for (let row = 0; row < rows && values.length < MAX_VALUES; row++) {
      if (invoke(returned, 'moveToPosition', row) !== true) break;
      for (let column = 0; column < columns; column++) {
        if (invoke(returned, 'getType', column) !== STRING_COLUMN) continue;
        const found = plain(invoke(returned, 'getString', column));
        if (found !== null) values.push(found);
      }
    }
  } finally {
    invoke(returned, 'moveToPosition', position);
  }
  return { values, rows };
}

/** Each element of a List or array, or one member of each element. */
function list(java: JavaBridge, returned: unknown, element: string | null): Extracted {
  const elements = elementsOf(java, returned);
  if (elements === null) return NOTHING;
  const values: WireValue[] = [];
  for (const item of elements.slice(0, MAX_VALUES)) {
    const found = plain(element === null || !isWrapper(item) ? item : member(java, item, element));
    if (found !== null) values.push(found);
  }
  return { values, rows: elements.length };
}

function elementsOf(java: JavaBridge, value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value as readonly unknown[];
  if (!isWrapper(value)) return null;
  const seen = dispatcher(value, 'size') === null ? asRuntimeClass(java, value) : value;
  const size = Math.min(Number(invoke(seen, 'size')), MAX_VALUES);
  return Array.from({ length: size }, (_, index) => invoke(seen, 'get', index));
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
  const all = value.$className === 'android.location.Location' ? [value] : (elementsOf(java, value) ?? []);
  const values = all.filter(isWrapper).map((item): WireValue => {
    const location = asRuntimeClass(java, item);
    return { text: `${Number(invoke(location, 'getLatitude')).toFixed(7)},${Number(invoke(location, 'getLongitude')).toFixed(7)}` };
  });
  return { values, rows: null };
}

function clip(java: JavaBridge, returned: unknown): Extracted {
  if (!isWrapper(returned)) return NOTHING;
  const values: WireValue[] = [];
  const count = Number(invoke(returned, 'getItemCount'));
  for (let index = 0; index < Math.min(count, MAX_VALUES); index++) {
    const item = invoke(returned, 'getItemAt', index);
    const found = isWrapper(item) ? plain(invoke(item, 'getText')) : null;
    if (found !== null) values.push(found);
  }
  return { values, rows: count };
}
