import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import type { Words } from '../model/finding.js';
import { fromDisk } from '../store/disk.js';
import type { CamilleFile } from './camille.js';
import { canariesOf, type Canaries } from './canaries.js';
import { consentOf, type ConsentAct } from './consents.js';
import { atLine, fault } from './fault.js';
import { openHar, type HarFile } from './har-file.js';
import { brokenAt } from './json-fault.js';
import { rowsOf, type Line } from './lines.js';
import { observationOf, type CryptoCall, type Read } from './observations.js';

/** Paths of the files that make up the evidence; null: there is none of that kind. */
export interface EvidenceFiles {
  readonly canaries: string | null;
  readonly observations: string | null;
  readonly consent: string | null;
  readonly har: string | null;
}

/** How evidence is to be read. */
export interface EvidenceReading {
  readonly files: EvidenceFiles;
  /** Reads, and perhaps consent, that stand in a file of another tool; null: none do. */
  readonly camille: CamilleFile | null;
  /** Minutes east of Greenwich, for times without a zone; null: such times are refused. */
  readonly zoneMinutes: number | null;
  /** Lets a stop come through; throws when there was one. */
  readonly turn: () => Promise<void>;
}

/** All that was recorded by others, read and checked; entries of the HAR are read again when they are written. */
export interface Evidence {
  readonly files: EvidenceFiles;
  readonly canaries: Canaries;
  /** Null: the evidence does not tell. By time, then by line. */
  readonly calls: readonly (Read | CryptoCall)[] | null;
  readonly consents: readonly ConsentAct[] | null;
  readonly har: HarFile | null;
  /** SHA-256 of each file, by its name. */
  readonly sha256: Readonly<Record<string, string>>;
  readonly remarks: readonly Words[];
}

const NO_CANARIES: Canaries = { values: [], placebos: [], leftOut: [] };
/** Lines between two looks at whether somebody stops us. */
const LINES_A_TURN = 2000;

/** Reads evidence. Whoever got it closes its HAR. @throws LabError IMPORT_SYNTAX, NO_READ, BAD_PATH */
export async function readEvidence({ files, camille, zoneMinutes, turn }: EvidenceReading): Promise<Evidence> {
  const sha256: Record<string, string> = {};
  const canaries = files.canaries === null ? NO_CANARIES : canariesIn(files.canaries, sha256);
  const linesIn = async <T>(file: string, name: string, one: (line: Line) => T): Promise<readonly T[]> => {
    const digest = createHash('sha256');
    const all: T[] = [];
    for (const line of rowsOf(file, name, digest)) {
      all.push(one(line));
      if (all.length % LINES_A_TURN === 0) await turn();
    }
    sha256[name] = digest.digest('hex');
    return all;
  };
  const listed = files.observations === null ? null : await linesIn(files.observations, 'observations.jsonl', observationOf);
  if (camille !== null) sha256[camille.file] = camille.sha256;
  const calls = camille === null ? listed : [...(listed ?? []), ...camille.calls];
  const turned = camille !== null && camille.consents.length > 0 ? camille.consents : null;
  const consents = files.consent === null ? turned : await linesIn(files.consent, 'consent.jsonl', consentOf);
  const har = files.har === null ? null : await harIn(files.har, { zoneMinutes, turn, sha256 });
  return {
    files,
    canaries,
    calls: calls === null ? null : byTime(calls),
    consents: consents === null ? null : byTime(consents),
    har,
    sha256,
    remarks: camille?.remarks ?? [],
  };
}

async function harIn(
  file: string,
  { sha256, ...how }: Pick<EvidenceReading, 'zoneMinutes' | 'turn'> & { readonly sha256: Record<string, string> },
): Promise<HarFile> {
  const digest = createHash('sha256');
  const name = baseName(file);
  const har = await openHar({ file, name, digest, ...how });
  sha256[name] = digest.digest('hex');
  return har;
}

/** By time, what is of one time by line. */
function byTime<T extends { readonly t: number; readonly line: number }>(all: readonly T[]): readonly T[] {
  return all.toSorted((a, b) => a.t - b.t || a.line - b.line);
}

function baseName(file: string): string {
  return file.replace(/^.*[\\/]/, '');
}

const LONGEST_CANARIES_BYTES = 256 * 1024 * 1024;

function canariesIn(file: string, sha256: Record<string, string>): Canaries {
  const name = baseName(file);
  const place = { zh: name, en: name };
  if (fromDisk(file, () => fs.statSync(file)).size > LONGEST_CANARIES_BYTES)
    throw fault(place, { zh: '超过 256 MiB', en: 'it is longer than 256 MiB' });
  const bytes = fromDisk(file, () => fs.readFileSync(file));
  sha256[name] = createHash('sha256').update(bytes).digest('hex');
  return canariesOf(parsed(bytes.toString('utf8').replace(/^\ufeff/, ''), place), name);
}

function parsed(text: string, place: Words): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const line = text.slice(0, brokenAt(text)).split('\n').length;
    throw fault(atLine(place.en, line), { zh: '不是 JSON', en: 'it is not JSON' });
  }
}
