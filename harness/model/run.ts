import type { Need, ScenarioStep } from './scenario.js';

/** Version of the run folder. Bump it together with an upgrade step in `harness/store/upgrade.ts` and an old run in `test/old-runs/`. */
export const RUN_SCHEMA = 3;

export interface AppFacts {
  readonly id: string;
  readonly package: string;
  readonly label: string;
  readonly version: string;
  readonly signer: string | null;
  /** SHA-256 of the package as installed; of its modules for a simulated app. */
  readonly sha256: string;
  readonly source: { readonly where: string; readonly when: string };
  readonly permissions: readonly string[];
  /** Registrable domains that belong to the app's operator, and class prefixes of its own code. */
  readonly firstParty: { readonly domains: readonly string[]; readonly classes: readonly string[] };
}

/** run.json: written once, before the app starts. */
export interface RunHead {
  readonly schema: number;
  readonly id: string;
  /** Real wall time, ISO 8601 with zone: the date of conduct. */
  readonly began: string;
  readonly app: AppFacts;
  readonly handset: {
    /** `none`: a capture that stands alone. */
    readonly kind: 'virtual' | 'framework' | 'android' | 'imported' | 'none';
    readonly simulated: boolean;
    readonly profile: string;
    readonly probe: string | null;
    readonly facts: Readonly<Record<string, string>>;
  };
  readonly scenario: {
    readonly id: string;
    readonly title: string;
    readonly sha256: string;
    readonly aims: readonly Need[];
    readonly steps: readonly ScenarioStep[];
  };
  readonly tool: {
    readonly name: string;
    readonly version: string;
    readonly commit: string | null;
    readonly lockSha256: string | null;
    readonly node: string;
  };
  /** `data`: what some row watches, ids of datum.json; all other data of a handset was not looked at. */
  readonly catalogue: { readonly sha256: string; readonly rows: number; readonly data: readonly string[] };
  /** SHA-256 of the 128-bit seed. */
  readonly seedCommitment: string;
  /** SHA-256 and counts of values/manifest.json. */
  readonly manifest: { readonly sha256: string; readonly values: number; readonly placebos: number };
  readonly caseNumber: string | null;
  readonly operator: string | null;
  readonly lab: string | null;
  readonly clock: { readonly name: string; readonly ntpOffsetMs: number | null };
}
