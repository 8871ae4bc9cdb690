import { STRING, STRINGS, fixed, klass, levels, method, open } from '../classes.js';
import { JavaError, type JavaObject } from '../objects.js';
import type { World } from '../world.js';
import { providerRows } from './providers.js';

const URI = 'android.net.Uri';
const CURSOR = 'android.database.Cursor';
const CURSOR_INSIDE = 'android.content.ContentResolver$CursorWrapperInner';
const SIGNAL = 'android.os.CancellationSignal';
const CLIENT = 'android.content.ContentProviderClient';
const FIVE = [URI, STRINGS, STRING, STRINGS, STRING] as const;
const SIX = [...FIVE, SIGNAL] as const;
const BUNDLE = [URI, STRINGS, 'android.os.Bundle', SIGNAL] as const;

function ask(world: World, args: readonly unknown[]): JavaObject {
  const { columns, rows } = providerRows(world, String((args[0] as JavaObject).fields.text), args[1] as readonly string[] | null);
  return world.make(CURSOR_INSIDE, { columns, rows, position: -1 });
}

/** The three overloads of query: each calls the next; the last one that this level has asks the provider. */
function queries(owner: string): readonly ReturnType<typeof method>[] {
  return [
    method('query', FIVE, CURSOR, (world, self, args) => world.call(owner, 'query', SIX, self, [...args, null])),
    ...levels(
      23,
      25,
      method('query', SIX, CURSOR, (world, _, args) => ask(world, args)),
    ),
    ...levels(
      26,
      99,
      method('query', SIX, CURSOR, (world, self, args) => world.call(owner, 'query', BUNDLE, self, [args[0], args[1], null, args[5]])),
      method('query', BUNDLE, CURSOR, (world, _, args) => ask(world, args)),
    ),
  ];
}

interface CursorFields {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
  position: number;
}
const at = (self: JavaObject): CursorFields => self.fields as unknown as CursorFields;

function cell(self: JavaObject, column: unknown): string | number | null {
  const { rows, position, columns } = at(self);
  const row = rows[position];
  if (row === undefined)
    throw new JavaError('android.database.CursorIndexOutOfBoundsException', `Index ${position} requested, with a size of ${rows.length}`);
  const index = Number(column);
  if (index < 0 || index >= columns.length)
    throw new JavaError(
      'java.lang.IllegalStateException',
      `Couldn't read row ${position}, col ${index} from CursorWindow.  Make sure the Cursor is initialized correctly before accessing data from it.`,
    );
  return row[index] ?? null;
}
function move(self: JavaObject, position: number): boolean {
  const cursor = at(self);
  cursor.position = Math.max(-1, Math.min(position, cursor.rows.length));
  return position >= 0 && position < cursor.rows.length;
}

const cursorMethods = [
  method('getCount', [], 'int', (_, self) => at(self).rows.length),
  method('getPosition', [], 'int', (_, self) => at(self).position),
  method('moveToPosition', ['int'], 'boolean', (_, self, [to]) => move(self, Number(to))),
  method('moveToFirst', [], 'boolean', (_, self) => move(self, 0)),
  method('moveToNext', [], 'boolean', (_, self) => move(self, at(self).position + 1)),
  method('getColumnCount', [], 'int', (_, self) => at(self).columns.length),
  method('getColumnIndex', [STRING], 'int', (_, self, [name]) => at(self).columns.indexOf(String(name))),
  method('getColumnName', ['int'], STRING, (_, self, [index]) => at(self).columns[Number(index)] ?? null),
  method('getString', ['int'], STRING, (_, self, [column]) => {
    const value = cell(self, column);
    return value === null ? null : String(value);
  }),
  method('getInt', ['int'], 'int', (_, self, [column]) => Number(cell(self, column) ?? 0)),
  // Cursor.FIELD_TYPE_NULL 0, _INTEGER 1, _STRING 3.
  method(
    'getType',
    ['int'],
    'int',
    (_, self, [column]) => ({ object: 0, number: 1, string: 3 })[typeof cell(self, column) as 'object' | 'number' | 'string'],
  ),
  method('close', [], 'void', () => undefined),
];

/** Content providers as an app reaches them. */
export const content = [
  klass(URI, 'java.lang.Object', [
    fixed('parse', [STRING], URI, (world, _, [text]) => world.make(URI, { text })),
    method('toString', [], STRING, (_, self) => self.fields.text),
    method('getAuthority', [], STRING, (_, self) => String(self.fields.text).split('/')[2] ?? null),
  ]),
  klass('android.os.Bundle', 'java.lang.Object', []),
  klass(SIGNAL, 'java.lang.Object', []),
  klass('android.content.Context', 'java.lang.Object', [
    // PackageManager.PERMISSION_GRANTED 0, PERMISSION_DENIED -1.
    method('checkSelfPermission', [STRING], 'int', (world, _, [name]) =>
      world.host.phone.granted(world.host.process.package, String(name)) ? 0 : -1,
    ),
  ]),
  klass('android.app.ContextImpl', 'android.content.Context', []),
  klass(
    CURSOR,
    'java.lang.Object',
    cursorMethods.map((one) => open(one.name, one.types, one.returns)),
  ),
  klass(CURSOR_INSIDE, CURSOR, cursorMethods),
  klass('android.content.ContentResolver', 'java.lang.Object', [
    ...queries('android.content.ContentResolver'),
    method('acquireContentProviderClient', [STRING], CLIENT, (world) => world.make(CLIENT, {})),
    method('acquireContentProviderClient', [URI], CLIENT, (world) => world.make(CLIENT, {})),
  ]),
  klass('android.app.ContextImpl$ApplicationContentResolver', 'android.content.ContentResolver', []),
  klass(CLIENT, 'java.lang.Object', queries(CLIENT)),
  klass('android.provider.CallLog$Calls', 'java.lang.Object', [
    fixed('getLastOutgoingCall', ['android.content.Context'], STRING, (world) => {
      const uri = world.make(URI, { text: 'content://call_log/calls' });
      const cursor = world.call('android.content.ContentResolver', 'query', FIVE, null, [
        uri,
        ['number'],
        'type = 2',
        null,
        'date DESC LIMIT 1',
      ]) as JavaObject;
      return move(cursor, 0) ? cell(cursor, 0) : '';
    }),
  ]),
];
