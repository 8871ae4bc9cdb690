import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createRunClock } from '../../../harness/clock.js';
import type { Draft, ProcessRef } from '../../../harness/model/event.js';
import { RUN_SCHEMA, type RunHead } from '../../../harness/model/run.js';
import type { Manifest } from '../../../harness/model/values.js';
import { createRun, type RunRecorder } from '../../../harness/store/create.js';
import { manifestSha256, seedCommitment } from '../../../harness/values/manifest.js';

export const MAIN: ProcessRef = { pid: 4242, name: 'com.example.loan', package: 'com.example.loan' };

/** Few values, so that a run is small enough to be tampered with byte by byte. */
export const MANIFEST: Manifest = {
  seed: '000102030405060708090a0b0c0d0e0f',
  values: [
    { id: 'v1', type: 'imei', datum: 'imei', origin: 'planted', text: '001234567890123', group: null, bits: 39.8 },
    { id: 'v2', type: 'contact_name', datum: 'contacts', origin: 'planted', text: '齐宇瑁雎', group: 'contact:1', bits: 24 },
    { id: 'v3', type: 'contact_phone', datum: 'contacts', origin: 'planted', text: '14012345678', group: 'contact:1', bits: 29.8 },
  ],
  placebos: [{ id: 'p1', type: 'imei', datum: 'imei', origin: 'placebo', text: '009876543210987', group: null, bits: 39.8 }],
};

export function headOf(manifest: Manifest): RunHead {
  return {
    schema: RUN_SCHEMA,
    id: 'r-20261122-0001',
    began: '2026-11-22T10:00:00.000+08:00',
    app: {
      id: 'eager',
      package: 'com.example.loan',
      label: '样例贷',
      version: '1.0',
      signer: null,
      sha256: 'a'.repeat(64),
      source: { where: 'test', when: '2026-11-22' },
      permissions: [],
      firstParty: { domains: ['example.com'], classes: ['com.example'] },
    },
    handset: { kind: 'virtual', simulated: true, profile: 'plain', probe: null, facts: {} },
    scenario: { id: 'observe-only', title: '仅观察', sha256: 'b'.repeat(64), aims: [], steps: [] },
    tool: { name: 'jiejing', version: '0.1.0', commit: null, lockSha256: null, node: process.version },
    catalogue: { sha256: 'c'.repeat(64), rows: 1, data: [] },
    seedCommitment: seedCommitment(manifest.seed),
    manifest: { sha256: manifestSha256(manifest), values: manifest.values.length, placebos: manifest.placebos.length },
    caseNumber: null,
    operator: null,
    lab: null,
    clock: { name: 'run', ntpOffsetMs: null },
  } as unknown as RunHead; // facts that other sessions of the schema may add do not matter here
}

export function tempFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'jiejing-store-'));
}

export function openRun(dir: string, bodyLimitBytes?: number): RunRecorder {
  const limit = bodyLimitBytes === undefined ? {} : { bodyLimitBytes };
  return createRun({ dir, head: headOf(MANIFEST), manifest: MANIFEST, clock: createRunClock({}), ...limit });
}

/** A run with one file of every kind: manifest, another value, two pictures, a tree, a segment and a large body. */
export async function writeSample(dir: string): Promise<RunRecorder> {
  const recorder = openRun(dir);
  const at = recorder.clock.now();
  const picture = {
    screen: recorder.file('screens', Buffer.from('PNG picture'), 'png'),
    tree: recorder.file('ui', Buffer.from('<hierarchy/>'), 'xml'),
  };
  recorder.write({ kind: 'step', at, path: '1', act: 'launch', state: 'done', detail: '', picture });
  const values = ['001234567890123', 'something else'].map((text) => recorder.valueRef(Buffer.from(text)));
  recorder.write(observation(recorder, values));
  const small = recorder.body('request');
  small.write(Buffer.from('imei=001234567890123'));
  const large = recorder.body('response');
  for (let i = 0; i < 5; i += 1) if (!large.write(Buffer.alloc(100_000, i))) await large.drained();
  const bodies = await Promise.all([small.end('whole'), large.end('whole')]);
  recorder.write(
    flow(
      recorder,
      bodies.filter((body) => body !== null),
    ),
  );
  recorder.gap('hooks', 'hook-failed: row x', 'install-error: not on this device', { datum: 'imei' });
  recorder.close('complete', null);
  recorder.clock.close();
  return recorder;
}

export function observation(recorder: RunRecorder, values: Extract<Draft, { kind: 'observation' }>['values']): Draft {
  const at = recorder.clock.now();
  return {
    kind: 'observation',
    at,
    hook: 'telephony.imei',
    api: 'android.telephony.TelephonyManager.getImei',
    family: 'imei',
    datum: 'imei',
    caller: 'com.example.A.b',
    stack: [{ class: 'com.example.A', method: 'b', file: 'A.java', line: 7 }],
    values,
    rows: null,
    n: 1,
    firstAt: at,
    lastAt: at,
    parent: null,
    threw: null,
    process: MAIN,
    thread: 'main',
    foreground: true,
  } as Draft;
}

export function flow(recorder: RunRecorder, bodies: Extract<Draft, { kind: 'flow' }>['bodies']): Draft {
  const at = recorder.clock.now();
  const none = {
    connect: null,
    clientHello: null,
    handshake: null,
    requestFirst: null,
    requestLast: null,
    responseFirst: null,
    responseLast: null,
  };
  return {
    kind: 'flow',
    at,
    witness: 'proxy',
    n: 1,
    engine: 'relay',
    door: 'http-proxy',
    scheme: 'https',
    host: 'risk.example.com',
    port: 443,
    sni: 'risk.example.com',
    peer: null,
    owner: { uid: null, package: null, pid: null, how: 'unknown' },
    state: 'whole',
    reason: null,
    request: {
      method: 'POST',
      target: '/d',
      url: 'https://risk.example.com/d',
      version: '1.1',
      headers: [['Host', 'risk.example.com']],
      trailers: [],
      raw: null,
    },
    response: null,
    bodies,
    tls: null,
    websocket: null,
    synthetic: [],
    times: none,
  } as Draft;
}
