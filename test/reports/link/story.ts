import { createHash } from 'node:crypto';
import type { Derivation, Event, EventId, Flow, Observation, ProcessRef, ValueId } from '../../../harness/model/event.js';
import type { Bodies } from '../../../harness/model/finding.js';
import type { RunHead } from '../../../harness/model/run.js';
import type { Stamp } from '../../../harness/model/stamp.js';
import type { CanaryType, Manifest, ManifestValue } from '../../../harness/model/values.js';
import { link, type Linked, type LinkParts } from '../../../reports/link/link.js';

export const PACKAGE = 'com.example.loan';
export const PROCESS: ProcessRef = { pid: 41, name: PACKAGE, package: PACKAGE };

export const HEAD: RunHead = {
  schema: 2,
  id: 'r1',
  began: '2026-03-02T10:00:00.000+08:00',
  app: {
    id: 'x',
    package: PACKAGE,
    label: 'x',
    version: '1',
    signer: null,
    sha256: '',
    permissions: [],
    source: { where: '', when: '' },
    firstParty: { domains: ['loan.example'], classes: ['com.example.loan.'] },
  },
  handset: { kind: 'virtual', simulated: true, profile: 'x', probe: null, facts: {} },
  scenario: { id: 's', title: 's', sha256: '', aims: [], steps: [] },
  tool: { name: 'jiejing', version: '0', commit: null, lockSha256: null, node: '' },
  catalogue: { sha256: '', rows: 0, data: [] },
  seedCommitment: '',
  manifest: { sha256: '', values: 0, placebos: 0 },
  caseNumber: null,
  operator: null,
  lab: null,
  clock: { name: 'run', ntpOffsetMs: null },
};

export type { ManifestValue };

let counter = 0;
export function value(type: CanaryType, text: string, more: Partial<ManifestValue> = {}): ManifestValue {
  counter += 1;
  return {
    id: `v${counter}`,
    type,
    datum: type.replaceAll('_', '-'),
    origin: 'planted',
    text,
    group: null,
    bits: BITS[type] ?? 64,
    ...more,
  };
}
const BITS: Partial<Record<CanaryType, number>> = {
  phone: 29.9,
  contact_phone: 29.9,
  call_number: 29.9,
  name: 24,
  contact_name: 24,
  imei: 39.8,
  imsi: 36,
  location: 46.9,
  otp: 19.9,
  amount: 16.4,
  id_card: 40,
  bank_card: 40,
};

export const PHONE = value('phone', '14082736951');
export const IMEI = value('imei', '004999010640000');
export const ANDROID_ID = value('android_id', '9f3c1ab27de05468');
export const MAC = value('mac', '0a:3f:9c:51:e2:7d', { bits: 46 });
export const OAID = value('oaid', '5d8b1f2e-93a4-4c07-8e61-0b7fd2a9c345');
export const ID_CARD = value('id_card', '99012918000230123X', { origin: 'typed' });
export const PLACE = value('location', '38.7310459,81.5928317');
export const NAME_1 = value('contact_name', '彭文菡谌', { group: 'contact:1' });
export const PHONE_1 = value('contact_phone', '14930571826', { group: 'contact:1' });
export const NAME_2 = value('contact_name', '钱星瑗蔺', { group: 'contact:2' });
export const PHONE_2 = value('contact_phone', '19406281735', { group: 'contact:2' });
export const SMS = value('sms_body', '【云屿银行】您的账户K7Q2M9XD于今日入账 流水号 R4T8W3ZB，如非本人操作请联系柜台。', { bits: 82 });
export const OTP = value('otp', '582931', { origin: 'typed' });
export const CANARIES: readonly ManifestValue[] = [
  PHONE,
  IMEI,
  ANDROID_ID,
  MAC,
  OAID,
  ID_CARD,
  PLACE,
  NAME_1,
  PHONE_1,
  NAME_2,
  PHONE_2,
  SMS,
  OTP,
];

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const at = (n: number): Stamp => ({ ms: n, slackMs: 0, clock: 'run', seq: n });

/** A run being written: events and the files behind them. */
export class Story {
  readonly events: Event[] = [];
  readonly files = new Map<string, Uint8Array>();
  readonly bodies: Bodies = {
    read: (file, offset, length) => {
      const bytes = this.files.get(file);
      if (bytes === undefined) throw new Error(`no file ${file}`);
      return bytes.subarray(offset, offset + length);
    },
  };
  private next(): EventId {
    return `e${this.events.length + 1}`;
  }
  private store(folder: string, bytes: Uint8Array): { file: string; sha256: string; bytes: number } {
    const file = `${folder}/${sha(bytes)}`;
    this.files.set(file, bytes);
    return { file, sha256: sha(bytes), bytes: bytes.length };
  }
  flow(request: {
    body?: Uint8Array | string;
    target?: string;
    headers?: readonly (readonly [string, string])[];
    answer?: string;
    host?: string;
    package?: string | null;
    ms?: number;
  }): Flow {
    const body = typeof request.body === 'string' ? Buffer.from(request.body) : (request.body ?? new Uint8Array(0));
    const host = request.host ?? 'up.example';
    const ref = (of: 'request' | 'response', bytes: Uint8Array): Flow['bodies'][number] => ({
      of,
      ...this.store('bodies', bytes),
      offset: 0,
      length: bytes.length,
      state: 'whole',
    });
    const id = this.next();
    const owner = request.package === undefined ? PACKAGE : request.package;
    const flow: Flow = {
      id,
      at: at(request.ms ?? 1000 + this.events.length),
      kind: 'flow',
      witness: 'proxy',
      n: null,
      engine: 'relay',
      door: 'http-proxy',
      scheme: 'https',
      host,
      port: 443,
      sni: host,
      peer: null,
      owner: { uid: 10001, package: owner, pid: 41, how: owner === null ? 'unknown' : 'virtual' },
      state: 'whole',
      reason: null,
      request: {
        method: 'POST',
        target: request.target ?? '/up',
        url: `https://${host}${request.target ?? '/up'}`,
        version: '1.1',
        headers: [['Host', host], ...(request.headers ?? [])],
        trailers: [],
        raw: null,
      },
      response: { status: 200, reason: 'OK', version: '1.1', headers: [], trailers: [], interim: [], raw: null },
      bodies: [
        ...(body.length > 0 ? [ref('request', body)] : []),
        ...(request.answer === undefined ? [] : [ref('response', Buffer.from(request.answer))]),
      ],
      tls: null,
      websocket: null,
      synthetic: [],
      times: {
        connect: null,
        clientHello: null,
        handshake: null,
        requestFirst: null,
        requestLast: null,
        responseFirst: null,
        responseLast: null,
      },
    };
    this.events.push(flow);
    return flow;
  }
  read(ms: number, ids: readonly ValueId[], more: Partial<Observation> = {}): Observation {
    const event: Observation = {
      id: this.next(),
      at: at(ms),
      kind: 'observation',
      hook: 'h',
      api: 'a.b',
      family: 'f',
      datum: 'd',
      caller: 'com.sdk.A.b',
      stack: [],
      values: ids.map((v) => ({ value: v })),
      rows: null,
      n: 1,
      firstAt: at(ms),
      lastAt: at(ms),
      parent: null,
      threw: null,
      process: PROCESS,
      thread: 'main',
      foreground: true,
      ...more,
    };
    this.events.push(event);
    return event;
  }
  derive(
    call: readonly [op: Derivation['op'], algorithm: string],
    input: Uint8Array,
    output: Uint8Array,
    ms = 500 + this.events.length,
  ): Derivation {
    const [op, algorithm] = call;
    const event: Derivation = {
      id: this.next(),
      at: at(ms),
      kind: 'derivation',
      op,
      algorithm,
      input: this.store('values', input),
      output: this.store('values', output),
      caller: 'com.sdk.A.b',
      stack: [],
      process: PROCESS,
      thread: 'main',
    };
    this.events.push(event);
    return event;
  }
  parts(values: readonly ManifestValue[] = CANARIES, placebos: readonly ManifestValue[] = []): LinkParts {
    const manifest: Manifest = { seed: '0'.repeat(32), values, placebos };
    return { head: HEAD, events: this.events, manifest, bodies: this.bodies };
  }
  link(values?: readonly ManifestValue[], placebos?: readonly ManifestValue[]): Linked {
    return link(this.parts(values, placebos));
  }
}
