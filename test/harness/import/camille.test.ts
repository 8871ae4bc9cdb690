import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowsOfXls } from '../../../harness/import/biff.js';
import { readCamille } from '../../../harness/import/camille.js';
import { T0, imported } from './evidence-folder.js';

/** A table in the shape of camille's, written by xlwt 1.3.0; what stands in it is made up. */
const FILE = join(import.meta.dirname, 'camille.xls');
const reading = { file: FILE, zoneMinutes: 480, app: 'com.example.loan' };

describe('a workbook of camille’s', () => {
  it('becomes reads, with months counted from 0 and consent where the rows turn', () => {
    const { calls, consents, remarks } = readCamille(reading);
    expect(calls.map(({ line, t, datum, api }) => [line, t - T0, datum, api])).toEqual([
      [2, 1000, 'imei', 'android.telephony.TelephonyManager.getImei'],
      [3, 2000, 'android-id', 'android.provider.Settings$Secure.getString'],
      [6, 9000, 'contacts', 'android.content.ContentResolver.query'],
      [7, 10_000, 'location', 'android.location.LocationManager.getLastKnownLocation'],
    ]);
    expect(calls.map(({ stack }) => stack.length)).toEqual([91, 121, 201, 201]);
    expect(calls.map(({ caller }) => caller)).toEqual([
      'com.example.loan.Part0.run',
      'com.example.loan.模块Part0.run',
      'com.example.loan.模块Part0.run',
      'com.example.loan.Part0.run',
    ]);
    expect(consents.map(({ act, t, slackMs }) => [act, t - T0, slackMs])).toEqual([['agreed', 8500, 1500]]);
    expect(remarks.map(({ en }) => en)).toEqual([
      'camille.xls: 2 rows are no reads of personal data, or not known: left out',
      'camille.xls: months are counted from 0, as camille writes them (0 is January)',
    ]);
  });

  it('is a run like any other', async () => {
    const run = await imported({}, { camille: readCamille(reading), app: 'com.example.loan' });
    expect(run.events.flatMap((e) => (e.kind === 'observation' || e.kind === 'consent' ? [e.id] : []))).toEqual([
      'o2',
      'o3',
      'c6',
      'o6',
      'o7',
    ]);
    expect(run.head.handset.facts['camille.xls']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('without a zone is refused with the way out', () => {
    expect(() => readCamille({ ...reading, zoneMinutes: null })).toThrow('camille.xls: camille tells no time zone');
  });

  it('that is broken anywhere is read or refused, and never hangs', () => {
    const whole = readFileSync(FILE);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 }), fc.boolean(), (at, byte, cut) => {
        const bytes = Buffer.from(cut ? whole.subarray(0, at) : whole);
        if (!cut) bytes[at] = byte;
        expect(() => rowsOfXls(bytes)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});
