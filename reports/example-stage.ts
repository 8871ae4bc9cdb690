import { DATUM_ROWS } from '../harness/model/datum.js';
import type { Event, EventId, Frame, ProcessRef, ValueId } from '../harness/model/event.js';
import type { Link, Receiver } from '../harness/model/finding.js';
import type { RunHead } from '../harness/model/run.js';
import type { Need } from '../harness/model/scenario.js';
import type { Stamp } from '../harness/model/stamp.js';
import type { ManifestValue } from '../harness/model/values.js';
import type { ReceiverTable } from './receivers/receivers.js';

/** What a story is being written into. */
export interface Stage {
  readonly events: Event[];
  readonly links: Link[];
  readonly values: Map<ValueId, ManifestValue>;
  /** By host. */
  readonly parties: Map<string, Receiver['party']>;
  readonly aims: Set<Need>;
  /** Data that the catalogue of hooks watches. */
  watched: readonly string[];
  interrupted: boolean;
}

/** The app of every story. */
export const APP: ProcessRef = { pid: 4711, name: 'com.example.loan', package: 'com.example.loan' };
const SDK = 'example-risk';
const SDK_CLASSES = 'com.example.risksdk';

/** A stage on which nothing has happened. */
export function emptyStage(): Stage {
  return {
    events: [],
    links: [],
    values: new Map(),
    parties: new Map(),
    aims: new Set(),
    watched: DATUM_ROWS.map((row) => row.datum),
    interrupted: false,
  };
}

/** Who is behind the hosts of a story: third parties all have one SDK. */
export function partiesOf({ parties }: Stage): ReceiverTable {
  return {
    receiverOf: (host) => {
      const party = parties.get(host) ?? 'unknown';
      return { host, registrable: host, party, sdk: party === 'third' ? SDK : null, landlord: null, alias: null, company: null };
    },
    sdkOf: (caller) => (caller.startsWith(SDK_CLASSES) ? SDK : null),
  };
}

/** The head of a story: it aims at what it reaches. */
export function headOf({ aims, watched }: Stage): RunHead {
  return {
    schema: 2,
    id: 'example',
    began: '2026-03-02T10:00:00.000+08:00',
    app: {
      id: 'example',
      package: APP.package,
      label: '示例贷',
      version: '1.0',
      signer: null,
      sha256: '',
      permissions: [],
      source: { where: 'example', when: '2026-03-02T10:00:00.000+08:00' },
      firstParty: { domains: ['loan.example'], classes: ['com.example.loan.'] },
    },
    handset: { kind: 'virtual', simulated: true, profile: 'example', probe: null, facts: {} },
    scenario: { id: 'example', title: 'example', sha256: '', aims: [...aims], steps: [] },
    tool: { name: 'jiejing', version: '0', commit: null, lockSha256: null, node: '' },
    catalogue: { sha256: '', rows: watched.length, data: watched },
    seedCommitment: '',
    manifest: { sha256: '', values: 0, placebos: 0 },
    caseNumber: null,
    operator: null,
    lab: null,
    clock: { name: 'run', ntpOffsetMs: null },
  };
}

/** An event without what the stage gives it. */
type Bare = Event extends infer E ? (E extends Event ? Omit<E, 'id' | 'at'> : never) : never;
/** When something happens: off by so much, by that clock. */
export interface Timing {
  readonly slackMs: number;
  readonly clock: string;
}
/** The run's own clock. */
export const RUN: Timing = { slackMs: 0, clock: 'run' };

/** Puts an event on the stage. */
export function put(stage: Stage, ms: number, event: Bare, timing: Timing = RUN): EventId {
  const id: EventId = `e${stage.events.length + 1}`;
  stage.events.push({ ...event, id, at: stampOf(stage, ms, timing) } as Event);
  return id;
}

/** A moment of the story; of one millisecond the later written comes later. */
export function stampOf(stage: Stage, ms: number, { slackMs, clock }: Timing): Stamp {
  return { ms, slackMs, clock, seq: 1000 * ms + stage.events.length };
}

/** A stack frame by `class.method`. */
export function frameOf(name: string): Frame {
  const dot = name.lastIndexOf('.');
  return { class: name.slice(0, dot), method: name.slice(dot + 1), file: null, line: null };
}

/** One value for each datum and group, the same in reads and sendings of one story. */
export function valueOf(stage: Stage, datum: string, index: number): ValueId {
  const text = `${datum}:${index}`;
  for (const [id, value] of stage.values) if (value.text === text) return id;
  const id: ValueId = `v${stage.values.size + 1}`;
  const type = datum === 'contacts' || datum === 'picked-contact' ? 'contact_phone' : datum === 'sms' ? 'sms_body' : 'imei';
  stage.values.set(id, { id, type, datum, origin: datum.startsWith('typed-') ? 'typed' : 'planted', text, group: text, bits: 30 });
  return id;
}
