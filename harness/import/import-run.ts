import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../model/errors.js';
import type { Words } from '../model/finding.js';
import type { Stamp } from '../model/stamp.js';
import { createRun, type RunRecorder } from '../store/create.js';
import { makeFolders, removeIfEmpty } from '../store/disk.js';
import { joinCalls, type Joins } from './crypto-joins.js';
import { readEvidence, type Evidence, type EvidenceReading } from './evidence.js';
import type { HarEntry } from './har-entry.js';
import type { EntryMark } from './har-file.js';
import { LONGEST_ENTRY_BYTES } from './har-scan.js';
import { headOf, manifestOf, showsApp, type HeadParts } from './head.js';
import { createImportClock, type ImportClock } from './import-clock.js';
import { nameAll, type Names } from './names.js';
import type { CryptoCall, Dated } from './observations.js';
import { remarksOn } from './remarks.js';
import { writeConsent, writeEntry, writeJoined, writeMessage, writeRead } from './write-events.js';

/** What is to be imported; everything in it has been checked. */
export interface ImportPlan extends EvidenceReading, HeadParts {
  readonly dir: string;
}

/** A run made from evidence; its folder is closed and readable. */
export interface Imported {
  readonly dir: string;
  readonly app: string;
  readonly counts: Readonly<Record<'values' | 'placebos' | 'reads' | 'derivations' | 'consents' | 'flows' | 'gaps', number>>;
  /** What the operator should know of what was taken over otherwise than it stands there. */
  readonly remarks: readonly Words[];
}

/** What is assumed where a whole file does not say how far off its times may be, in ms. */
const UNTOLD_SLACK_MS = 1000;
const ITEMS_A_TURN = 256;
/** In a millisecond; times tell no more. */
const MICROSECONDS = 1000;

/**
 * Makes a run of evidence recorded by others. All of it is read and checked before the folder is made; when it cannot be finished, nothing stays.
 * @throws LabError IMPORT_SYNTAX, RUN_EXISTS, RUN_IN_USE, OUT_FULL, NO_ROOM, NO_READ, NO_PERMISSION, BAD_PATH
 */
export async function importRun(plan: ImportPlan): Promise<Imported> {
  const evidence = await readEvidence(plan);
  try {
    if (firstMs(evidence) === null) throw new LabError('IMPORT_EMPTY', {});
    const joins = joinCalls((evidence.calls ?? []).filter((call) => call.kind === 'crypto'));
    const names = nameAll([
      { prefix: 'f', items: evidence.har?.marks ?? [] },
      { prefix: 'o', items: evidence.calls ?? [] },
      { prefix: 'c', items: evidence.consents ?? [] },
    ]);
    return await inFolder(plan, (made) => write({ plan, evidence, joins, names }, made));
  } finally {
    evidence.har?.close();
  }
}

interface Work {
  readonly plan: ImportPlan;
  readonly evidence: Evidence;
  readonly joins: Joins;
  readonly names: Names;
}

/** Runs `act` on a folder that is new or empty, and leaves nothing there when it fails. */
async function inFolder<T>({ dir }: ImportPlan, act: (begun: () => void) => Promise<T>): Promise<T> {
  const made = makeFolders(dir);
  let begun = false;
  try {
    return await act(() => (begun = true));
  } catch (error) {
    if (begun) for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true, force: true });
    for (const folder of made) removeIfEmpty(folder);
    throw error instanceof LabError && error.code === 'STORE_FULL' ? new LabError('OUT_FULL', { path: dir }, { cause: error }) : error;
  }
}

/** ms since 1970 of the earliest thing in the evidence; null: there is nothing. */
function firstMs({ calls, consents, har }: Evidence): number | null {
  const first = [...(calls ?? []).slice(0, 1), ...(consents ?? []).slice(0, 1), ...(har?.marks ?? [])].reduce(
    (least, { t }) => Math.min(least, t),
    Infinity,
  );
  return first === Infinity ? null : Math.floor(first);
}

async function write(work: Work, begun: () => void): Promise<Imported> {
  const { plan, evidence, joins, names } = work;
  const beganMs = firstMs(evidence) ?? 0;
  const clock = createImportClock(beganMs);
  const head = headOf(evidence, plan, beganMs);
  const run = createRun({ dir: plan.dir, head, manifest: manifestOf(evidence, plan.seed), clock, bodyLimitBytes: LONGEST_ENTRY_BYTES });
  begun();
  try {
    if (showsApp(evidence))
      run.write({ kind: 'step', at: clock.now(), path: '1', act: 'launch', state: 'done', detail: 'imported', picture: null });
    const gaps = writeGaps(run, evidence, joins);
    const counts = await writeInOrder(work, run, { clock, beganMs });
    const { values, placebos } = evidence.canaries;
    run.close('complete', null);
    const failure = run.failure();
    if (failure !== null) throw failure;
    const remarks = remarksOn(evidence, names);
    return {
      dir: plan.dir,
      app: head.app.package,
      counts: { ...counts, values: values.length, placebos: placebos.length, gaps: counts.gaps + gaps },
      remarks,
    };
  } catch (error) {
    run.close('failed', 'import');
    throw error;
  }
}

/** What the evidence does not show, so that nobody is cleared, or accused, by what was not looked at. Returns how many gaps. */
function writeGaps(run: RunRecorder, { calls, consents, har, canaries }: Evidence, joins: Joins): number {
  let gaps = 0;
  const gap: RunRecorder['gap'] = (...parts) => {
    gaps += 1;
    return run.gap(...parts);
  };
  gap('handset', 'screens', 'not-in-evidence');
  if (calls === null) gap('hooks', 'reads', 'not-in-evidence');
  if (consents === null || consents.length === 0) gap('driver', 'consent-acts', 'not-in-evidence');
  if (har === null) gap('proxy', 'traffic', 'not-in-evidence');
  if (canaries.values.length === 0) gap('values', 'canary', 'not-in-evidence');
  for (const { id, datum, isPlacebo } of canaries.leftOut) if (!isPlacebo) gap('values', 'canary', `too-short: ${id}`, { datum });
  for (const { place, why } of har?.leftOut ?? []) {
    if (why === 'too-long') gap('proxy', 'har-entry', `entry-too-long: ${place.en}`);
    if (why === 'not-http') gap('proxy', 'har-entry', `not-tls-nor-http: ${place.en}`);
  }
  if (joins.isCut) gap('hooks', 'crypto-joins', 'too-much-to-join');
  return gaps;
}

type Counts = Omit<Imported['counts'], 'values' | 'placebos'>;
type Times = { readonly clock: ImportClock; readonly beganMs: number };

/** One thing of the evidence that becomes one event, or several. */
interface Item extends Pick<Dated, 't'> {
  readonly write: (at: (slackMs: number | null) => Stamp) => Promise<void> | void;
  readonly clock: 'observations' | 'consent' | 'flows';
}

/** Writes all events by their time. Each file of the evidence is a clock of its own. */
async function writeInOrder(work: Work, run: RunRecorder, { clock, beganMs }: Times): Promise<Counts> {
  const counts = { reads: 0, derivations: 0, consents: 0, flows: 0, gaps: 0 };
  const items = [...callItems(work, run, counts), ...consentItems(work, run, counts), ...flowItems(work, run, { counts, beganMs })];
  const seqs = { observations: 0, consent: 0, flows: 0 };
  const untold = untoldSlacks(work.evidence);
  let done = 0;
  for (const item of items.toSorted((a, b) => a.t - b.t)) {
    const ms = Math.round((item.t - beganMs) * MICROSECONDS) / MICROSECONDS;
    clock.set(ms);
    await item.write((slackMs) => ({ ms, slackMs: slackMs ?? untold[item.clock], clock: item.clock, seq: (seqs[item.clock] += 1) }));
    done += 1;
    if (done % ITEMS_A_TURN === 0) await work.plan.turn();
  }
  return counts;
}

/** One file is one clock: a time that does not tell how far off it may be is taken as the worst that does. */
function untoldSlacks({ calls, consents, har }: Evidence): Readonly<Record<Item['clock'], number>> {
  const worst = (all: readonly Pick<Dated, 'slackMs'>[] | null): number => {
    const told = (all ?? []).flatMap(({ slackMs }) => (slackMs === null ? [] : [slackMs]));
    return told.length === 0 ? UNTOLD_SLACK_MS : told.reduce((most, ms) => Math.max(most, ms), 0);
  };
  return { observations: worst(calls), consent: worst(consents), flows: worst(har?.marks ?? null) };
}

type Counting = { -readonly [K in keyof Counts]: Counts[K] };

function callItems({ evidence, joins, names }: Work, run: RunRecorder, counts: Counting): readonly Item[] {
  const places = evidence.canaries.values.filter(({ type }) => type === 'location');
  const nameOf = (first: CryptoCall, last: CryptoCall): string =>
    first === last ? names.of(last) : names.more(`${names.of(first)}-${names.of(last)}`);
  return (evidence.calls ?? []).map((call) => ({
    t: call.t,
    clock: 'observations',
    write(at) {
      if (call.kind === 'read') {
        counts.reads += 1;
        return writeRead(run, call, { name: names.of(call), at: at(call.slackMs) }, places);
      }
      for (const joined of joins.of(call)) {
        counts.derivations += 1;
        writeJoined(run, joined, { name: nameOf(joined.first, joined.last), at: at(call.slackMs) });
      }
    },
  }));
}

function consentItems({ evidence, names }: Work, run: RunRecorder, counts: Counting): readonly Item[] {
  return (evidence.consents ?? []).map((act) => ({
    t: act.t,
    clock: 'consent',
    write(at) {
      counts.consents += 1;
      writeConsent(run, act.act, { name: names.of(act), at: at(act.slackMs) });
    },
  }));
}

/** Exchanges, and the messages of their WebSockets as flows of their own, by their time, then by their place in the HAR. */
function flowItems(
  { evidence, names }: Work,
  run: RunRecorder,
  { counts, beganMs }: { counts: Counting; beganMs: number },
): readonly Item[] {
  const { har } = evidence;
  if (har === null) return [];
  const channels = new Map<EntryMark, number>();
  const item = (mark: EntryMark, t: number, one: (entry: HarEntry, n: number, at: Stamp) => Promise<void>): Item => ({
    t,
    clock: 'flows',
    write(at) {
      counts.flows += 1;
      return one(har.entry(mark), counts.flows, at(mark.slackMs));
    },
  });
  return har.marks
    .toSorted((a, b) => a.t - b.t || a.line - b.line)
    .flatMap((mark) => [
      item(mark, mark.t, async (entry, n, at) => {
        channels.set(mark, n);
        const gaps = await writeEntry(run, entry, { name: names.of(mark), at, n, beganMs });
        counts.gaps += gaps;
      }),
      ...(mark.messages ?? []).map((t, i) =>
        item(mark, Math.max(t, mark.t), async (entry, n, at) => {
          const message = entry.messages?.[i];
          if (message === undefined) throw new Error(`message ${i + 1} of ${names.of(mark)} was there a moment ago`);
          const name = names.more(`${names.of(mark)}.${message.place}`);
          await writeMessage(run, entry, message, { name, at, n, beganMs, channel: channels.get(mark) ?? 0 });
        }),
      ),
    ]);
}
