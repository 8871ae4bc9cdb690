import { RUN_SCHEMA, type RunHead } from '../model/run.js';
import type { Need } from '../model/scenario.js';
import type { Manifest } from '../model/values.js';
import { manifestSha256, seedCommitment } from '../values/manifest.js';
import type { Evidence } from './evidence.js';
import { packageOf } from './observations.js';

const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const IMPORTED = 'imported';
const ACTS = { shown: 'notice-shown', agreed: 'agreed', declined: 'declined', withdrawn: 'withdrawn' } as const;

/** What the operator says of the evidence. */
export interface HeadParts {
  readonly head: Pick<RunHead, 'id' | 'tool' | 'caseNumber' | 'operator' | 'lab'>;
  readonly title: string;
  /** 128 bits, 32 hex digits. */
  readonly seed: string;
  /** Package of the app under audit; null: the one that the evidence names most. */
  readonly app: string | null;
  /** Registrable domains of the app's operator. */
  readonly firstParty: readonly string[];
}

/** The values of the evidence as the manifest of a run. */
export function manifestOf({ canaries }: Evidence, seed: string): Manifest {
  return { seed, values: canaries.values, placebos: canaries.placebos };
}

/** The head of a run of imported evidence that began at `beganMs`, ms since 1970. What the evidence does not tell is left empty. */
export function headOf(evidence: Evidence, parts: HeadParts, beganMs: number): RunHead {
  const began = new Date(beganMs).toISOString();
  const manifest = manifestOf(evidence, parts.seed);
  const name = parts.app ?? appOf(evidence);
  return {
    schema: RUN_SCHEMA,
    ...parts.head,
    began,
    app: {
      id: IMPORTED,
      package: name ?? '',
      label: name ?? parts.title,
      version: '',
      signer: null,
      sha256: SHA256_OF_NOTHING,
      source: { where: IMPORTED, when: began },
      permissions: [],
      firstParty: { domains: parts.firstParty, classes: [] },
    },
    handset: { kind: 'imported', simulated: false, profile: IMPORTED, probe: null, facts: factsOf(evidence) },
    scenario: { id: IMPORTED, title: parts.title, sha256: SHA256_OF_NOTHING, aims: aimsOf(evidence), steps: [] },
    catalogue: { sha256: SHA256_OF_NOTHING, rows: 0, data: dataIn(evidence) },
    seedCommitment: seedCommitment(parts.seed),
    manifest: { sha256: manifestSha256(manifest), values: manifest.values.length, placebos: manifest.placebos.length },
    clock: { name: 'run', ntpOffsetMs: null },
  };
}

/** The package named most by reads, then by requests; null: none is named. */
function appOf({ calls, har }: Evidence): string | null {
  return mostOf((calls ?? []).map(({ process }) => process.package)) ?? mostOf((har?.marks ?? []).map(({ app }) => packageOf(app ?? '')));
}

function mostOf(names: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const name of names) if (name !== '') counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].reduce<readonly [string | null, number]>((best, one) => (one[1] > best[1] ? one : best), [null, 0])[0];
}

/** Whether the evidence shows the app at work. */
export function showsApp({ calls, consents, har }: Evidence): boolean {
  return (calls ?? []).length > 0 || (consents ?? []).length > 0 || (har?.marks ?? []).some(({ app }) => app !== null);
}

function aimsOf(evidence: Evidence): readonly Need[] {
  const acts = new Set((evidence.consents ?? []).map(({ act }) => ACTS[act]));
  return [...(showsApp(evidence) ? (['launched'] as const) : []), ...Object.values(ACTS).filter((need) => acts.has(need))];
}

function dataIn({ calls }: Evidence): readonly string[] {
  return [...new Set((calls ?? []).flatMap((call) => (call.kind === 'read' ? [call.datum] : [])))].toSorted();
}

function factsOf({ sha256, har }: Evidence): Readonly<Record<string, string>> {
  const creator = har?.creator ?? null;
  return { ...sha256, ...(creator === null ? {} : { 'log.creator': creator }) };
}
