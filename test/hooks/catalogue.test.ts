import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
// @ts-expect-error a build script without types
import { indexText } from '../../hooks/bundle.mjs';
import { nodeCrypto } from '../../harness/virtual/java/node-crypto.js';
import datumTable from '../../harness/model/datum.json' with { type: 'json' };
import { catalogue } from '../../hooks/catalogue/index.js';
import type { HookRow } from '../../hooks/wire.js';
import { exercise, helpers } from './exercise.js';
import { fixture } from './fixture.js';
import signatures from './signatures.json' with { type: 'json' };

/** Classes of vendors, which are in no framework build: their signatures stand in the vendors' own SDKs. */
const VENDOR = new Set(['com.android.id.impl.IdProviderImpl', 'com.huawei.hms.ads.identifier.AdvertisingIdClient$Info']);
const classes: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>>> = signatures.classes;
const PRIMITIVES: Readonly<Record<string, string>> = {
  int: 'I',
  long: 'J',
  boolean: 'Z',
  byte: 'B',
  float: 'F',
  double: 'D',
  char: 'C',
  short: 'S',
};

const descriptor = (type: string): string =>
  type.startsWith('[') ? type.replaceAll('.', '/') : (PRIMITIVES[type] ?? `L${type.replaceAll('.', '/')};`);
function levelsOf(row: HookRow, types: readonly string[]): readonly number[] {
  const wanted = `(${types.map(descriptor).join('')})`;
  return Object.entries(classes[row.class]?.[row.method] ?? {})
    .filter(([name]) => name.startsWith(wanted))
    .flatMap(([, levels]) => levels);
}
/** A level that has the row, and that the virtual handset's default of 28 comes nearest to. */
const levelFor = (row: HookRow): number => Math.min(Math.max(28, row.since), row.until ?? 99);
const ALL = [
  'READ_PHONE_STATE',
  'READ_PHONE_NUMBERS',
  'READ_CONTACTS',
  'READ_SMS',
  'READ_CALL_LOG',
  'ACCESS_FINE_LOCATION',
  'ACCESS_WIFI_STATE',
];

describe('hook rows', () => {
  it('are all in the generated index', () => {
    expect(
      readFileSync(new URL('../../hooks/catalogue/index.ts', import.meta.url), 'utf8'),
      'stale: run node hooks/bundle.mjs --index',
    ).toBe(indexText());
  });
  it('have ids of their own', () => {
    expect(new Set(catalogue.map((row) => row.id)).size).toBe(catalogue.length);
  });
  it('name data of the closed list', () => {
    const known = new Set([...datumTable.rows.map((row) => row.datum), 'by-uri', null]);
    expect(catalogue.filter((row) => !known.has(row.datum)).map((row) => row.id)).toEqual([]);
    expect(catalogue.filter((row) => (row.kind === 'read') !== (row.datum !== null)).map((row) => row.id)).toEqual([]);
  });
  it.each(catalogue.filter((row) => !VENDOR.has(row.class)).map((row) => [row.id, row] as const))(
    '%s exists in the framework with exactly these overloads',
    (_, row) => {
      for (const types of row.overloads) expect(levelsOf(row, types), `${row.class}.${row.method}(${types.join(', ')})`).not.toEqual([]);
      const levels = row.overloads.flatMap((types) => levelsOf(row, types));
      if (!row.class.startsWith('java')) {
        expect(Math.min(...levels)).toBe(row.since);
        if (row.until !== null) expect(Math.max(...levels)).toBe(row.until);
      }
    },
  );
  it.each(catalogue.map((row) => [row.id, row] as const))(
    '%s fires on the virtual Java world by its exercise, and changes nothing',
    async (_, row) => {
      const made = fixture(nodeCrypto, { sdk: levelFor(row), granted: ALL });
      await made.install();
      try {
        exercise(
          made.world,
          helpers(made.world, () => {
            made.clock.runTimers();
          }),
          row.exercise,
        );
      } catch (error) {
        // From Android 10 on identifiers are refused; the attempt is what the row is for.
        expect(error).toHaveProperty('className', 'java.lang.SecurityException');
      }
      made.engine.stop();
      expect(made.of('coverage').at(-1)?.fired).toHaveProperty([row.id]);
      expect(made.of('fault')).toEqual([]);
      expect(made.bridgeErrors).toEqual([]);
    },
  );
  it('are all put in on Android 9, but for those of later levels', async () => {
    const made = fixture(nodeCrypto, {});
    await made.install();
    const [coverage] = made.of('coverage');
    expect(coverage?.failed).toEqual([]);
    expect(coverage?.missing).toEqual(catalogue.filter((row) => row.since > 28).map((row) => row.id));
  });
});

describe('what is no read of content', () => {
  it.each([
    ['android.content.ClipboardManager', 'hasPrimaryClip', []],
    ['android.telephony.TelephonyManager', 'getNetworkOperator', []],
    ['android.telephony.TelephonyManager', 'getSimOperatorName', []],
  ] as const)('%s.%s leaves no record', async (className, method, types) => {
    const made = fixture(nodeCrypto, { granted: ALL });
    await made.install();
    made.call(className, method, types);
    expect(made.of('api')).toEqual([]);
  });
});
