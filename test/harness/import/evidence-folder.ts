import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { importRun, type Imported, type ImportPlan } from '../../../harness/import/import-run.js';
import { readRun, type RecordedRun } from '../../../harness/store/read.js';

/** 2026-01-05 10:00 in Beijing. */
export const T0 = Date.UTC(2026, 0, 5, 2);
export const CALL = { pid: 100, tid: 7, app: 'com.example.loan' } as const;
export const IMEI = '001234567890128';

/** Files of an evidence folder: objects are written as JSON, lists in `.jsonl` one a line, text as it stands. */
export type Files = Readonly<Record<string, unknown>>;

/** A read of the IMEI, `ms` after T0. */
export function read(ms: number, more: object = {}): object {
  const stack = ['android.telephony.TelephonyManager.getImei(TelephonyManager.java:100)', 'com.example.loan.Main.onCreate(Main.java:12)'];
  return {
    t: T0 + ms,
    slackMs: 5,
    ...CALL,
    api: 'android.telephony.TelephonyManager.getImei',
    datum: 'imei',
    values: [IMEI],
    stack,
    ...more,
  };
}

/** An entry of a HAR, `ms` after T0. */
export function entry(ms: number, request: object = {}, more: object = {}): object {
  return {
    startedDateTime: new Date(T0 + ms).toISOString(),
    time: 6,
    _app: CALL.app,
    _slackMs: 5,
    request: {
      method: 'POST',
      url: 'https://api.example.com/u?x=1',
      httpVersion: 'HTTP/1.1',
      headers: [{ name: 'Content-Type', value: 'application/json' }],
      queryString: [],
      cookies: [],
      headersSize: -1,
      bodySize: 0,
      ...request,
    },
    response: {
      status: 200,
      statusText: 'OK',
      httpVersion: 'HTTP/1.1',
      headers: [],
      cookies: [],
      content: { size: 2, mimeType: 'text/plain', text: 'ok' },
    },
    cache: {},
    timings: { send: 0, wait: 5, receive: 1 },
    ...more,
  };
}

export function harOf(...entries: readonly unknown[]): object {
  return { log: { version: '1.2', creator: { name: 'recorder', version: '3' }, entries } };
}

export const CANARIES = [
  { id: 'imei-1', type: 'imei', value: IMEI, placebo: false },
  { id: 'n1', type: 'contact_name', value: '齐宇瑁雎', placebo: false, group: 'g1' },
  { id: 'p1', type: 'contact_phone', value: '14012345678', placebo: false, group: 'g1' },
  { id: 'elsewhere', type: 'imei', value: '009876543210984', placebo: true },
];

/** A small folder with one file of each kind. */
export const FILES: Files = {
  'canaries.json': CANARIES,
  'observations.jsonl': [read(1000)],
  'consent.jsonl': [
    { t: T0 + 500, slackMs: 5, act: 'shown' },
    { t: T0 + 5000, slackMs: 5, act: 'agreed' },
  ],
  'flows.har': harOf(entry(2000, { postData: { mimeType: 'application/json', text: `{"imei":"${IMEI}"}` } })),
};

const root = mkdtempSync(join(tmpdir(), 'jiejing-import-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

/** Writes an evidence folder; returns its path. */
export function folderWith(files: Files): string {
  folders += 1;
  const folder = join(root, `evidence-${folders}`);
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), textOf(name, content));
  return folder;
}

function textOf(name: string, content: unknown): string | Buffer {
  if (typeof content === 'string' || Buffer.isBuffer(content)) return content;
  if (name.endsWith('.jsonl') && Array.isArray(content))
    return content.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)) + '\n').join('');
  return JSON.stringify(content);
}

/** A run folder that is not there yet. */
export function newRun(): string {
  folders += 1;
  return join(root, `run-${folders}`);
}

export function planOf(files: Files, more: Partial<ImportPlan> = {}): ImportPlan {
  const folder = folderWith(files);
  const at = (name: string): string | null => (name in files ? join(folder, name) : null);
  return {
    dir: newRun(),
    files: { canaries: at('canaries.json'), observations: at('observations.jsonl'), consent: at('consent.jsonl'), har: at('flows.har') },
    camille: null,
    zoneMinutes: null,
    turn: () => Promise.resolve(),
    head: {
      id: 'r-1',
      tool: { name: 'jiejing', version: '0', commit: null, lockSha256: null, node: '20' },
      caseNumber: null,
      operator: null,
      lab: null,
    },
    title: '导入的证据',
    seed: '000102030405060708090a0b0c0d0e0f',
    app: null,
    firstParty: [],
    ...more,
  };
}

/** Imports files and reads the run that they became. */
export async function imported(files: Files, more: Partial<ImportPlan> = {}): Promise<RecordedRun & { readonly told: Imported }> {
  const plan = planOf(files, more);
  const told = await importRun(plan);
  return { ...readRun(plan.dir), told };
}

/** The sentence with which an import is refused. */
export async function refusal(files: Files, more: Partial<ImportPlan> = {}): Promise<string> {
  try {
    await importRun(planOf(files, more));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('it was imported');
}
