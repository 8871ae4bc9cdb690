import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { link } from '../../reports/link/link.js';
import { aliasesOf } from '../../reports/receivers/aliases.js';
import { receiversFor } from '../../reports/receivers/receivers.js';
import { bitsOfValue } from '../import/bits.js';
import { typeByLook } from '../import/type-by-look.js';
import { LabError } from '../model/errors.js';
import type { Event, Flow, Gap, Observation } from '../model/event.js';
import type { Link, Receiver } from '../model/finding.js';
import { formsOf, hostOf } from '../model/timeline.js';
import type { ManifestValue } from '../model/values.js';
import { fileBodies } from '../store/bodies.js';
import { fromDisk } from '../store/disk.js';
import { readRun, type RecordedRun } from '../store/read.js';
import { valueKey } from '../values/manifest.js';
import type { Common } from './program.js';
import { json, result } from './say.js';
import { traceText } from './trace-text.js';

/** Where one value was read and where it went. */
export interface Trace {
  readonly text: string;
  readonly value: ManifestValue;
  /** Whether it is one of the run's own values, planted or typed. */
  readonly known: boolean;
  readonly reads: readonly Observation[];
  readonly sends: readonly { readonly link: Link; readonly flow: Flow; readonly receiver: Receiver; readonly form: string }[];
}

/** All traces asked for, and what was looked at. */
export interface Traced {
  readonly run: string;
  readonly traces: readonly Trace[];
  readonly looked: { readonly flows: number; readonly bytes: number };
  readonly unseen: readonly (Gap | Flow)[];
  /** The run is not complete, or still being recorded. */
  readonly partial: boolean;
}

const LEAST_BYTES = 4;
const MOST_VALUES = 10_000;

/** `trace VALUE|FILE RUN`: one value, or one in each line of a file. @throws LabError UNKNOWN_RUN, RUN_BROKEN, USAGE for a value that is too short */
export function traceCommand(asked: string, dir: string, common: Common): number {
  const traced = trace(textsOf(asked), readRun(dir));
  if (common.json) json(traced);
  else result(traceText(traced, common.language));
  return 0;
}

function textsOf(asked: string): readonly string[] {
  const isFile = existsSync(asked) && statSync(asked).isFile();
  const lines = isFile ? fromDisk(asked, () => readFileSync(asked, 'utf8')).split(/\r?\n/) : [asked];
  const texts = [...new Set(lines.map((line) => line.trim()).filter((line) => line !== ''))];
  const wrong = (what: string, whatEn: string): LabError => new LabError('USAGE', { what, whatEn, command: 'trace ' });
  if (texts.length === 0) throw wrong(`${asked} 里没有值`, `there is no value in ${asked}`);
  if (texts.length > MOST_VALUES) throw wrong(`${asked} 里的值超过 ${MOST_VALUES} 个`, `${asked} holds more than ${MOST_VALUES} values`);
  const short = texts.find((text) => Buffer.byteLength(text) < LEAST_BYTES);
  if (short !== undefined)
    throw wrong(
      `值“${short}”不足 ${LEAST_BYTES} 字节，任何流量里都可能碰巧出现，无法追踪`,
      `the value "${short}" has fewer than ${LEAST_BYTES} bytes, which any traffic holds by chance: it cannot be traced`,
    );
  return texts;
}

function trace(texts: readonly string[], run: RecordedRun): Traced {
  const { head, manifest } = run;
  const values = texts.map((text, i) => manifest.values.find((v) => v.text === plainPhone(text)) ?? strange(plainPhone(text), i));
  const known = new Set(manifest.values.map(({ id }) => id));
  const others = values.filter(({ id }) => !known.has(id));
  const events = run.events.map((event) => named(event, others, valueKey(manifest)));
  const bodies = fileBodies(run.dir);
  try {
    const linked = link({ head, events, manifest: { ...manifest, values: [...manifest.values, ...others], placebos: [] }, bodies });
    const receivers = receiversFor(head, aliasesOf(events, bodies));
    const form = formsOf({ events });
    const flows = new Map(events.flatMap((e) => (e.kind === 'flow' ? [[e.id, e] as const] : [])));
    return {
      run: head.id,
      traces: values.map((value, i): Trace => {
        const sends = linked.links.flatMap((one) => {
          const flow = one.value === value.id ? flows.get(one.flow) : undefined;
          return flow === undefined ? [] : [{ link: one, flow, receiver: receivers.receiverOf(hostOf(flow)), form: form(one) }];
        });
        const reads = events.filter(
          (e): e is Observation => e.kind === 'observation' && e.values.some((v) => 'value' in v && v.value === value.id),
        );
        return { text: texts[i] ?? value.text, value, known: known.has(value.id), reads, sends };
      }),
      looked: { flows: flows.size, bytes: linked.placebo.bytesSearched },
      unseen: [...linked.gaps, ...events.filter(isUnseen)],
      partial: run.interrupted || run.recording,
    };
  } finally {
    bodies.close();
  }
}

const isUnseen = (e: Event): e is Gap | Flow =>
  (e.kind === 'gap' && (e.source === 'proxy' || e.source === 'hooks')) ||
  (e.kind === 'flow' && (e.state === 'refused' || e.state === 'opaque'));

/** A phone number as its owner says it, without its country and the gaps between; any other text as it is. */
function plainPhone(text: string): string {
  const bare = text.replaceAll(/[\s().-]/g, '');
  return /^(?:\+?86|0086)?(1\d{10})$/.exec(bare)?.[1] ?? text;
}

function strange(text: string, i: number): ManifestValue {
  const type = typeByLook(text);
  return { id: `asked${i + 1}`, type, datum: type, origin: 'registered', text, group: null, bits: bitsOfValue(type, text) };
}

/** The event with the hashes of these values, which are none of the run's, known for what they are. */
function named(event: Event, values: readonly ManifestValue[], key: Uint8Array): Event {
  if (event.kind !== 'observation' || values.length === 0) return event;
  const hashes = hashesOf(values, key);
  const refs = event.values.map((ref) => {
    const id = 'keyedHash' in ref ? hashes.get(ref.keyedHash) : undefined;
    return id === undefined ? ref : { value: id };
  });
  return { ...event, values: refs };
}

const kept = new WeakMap<readonly ManifestValue[], ReadonlyMap<string, string>>();

function hashesOf(values: readonly ManifestValue[], key: Uint8Array): ReadonlyMap<string, string> {
  const hashes =
    kept.get(values) ?? new Map(values.map(({ id, text }) => [createHmac('sha256', key).update(text, 'utf8').digest('hex'), id]));
  kept.set(values, hashes);
  return hashes;
}
