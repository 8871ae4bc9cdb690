import type { RunHead } from '../../../harness/model/run.js';
import { RUN_SCHEMA } from '../../../harness/model/run.js';
import type { Manifest } from '../../../harness/model/values.js';
import { manifestSha256 } from '../../../harness/values/manifest.js';

export const MANIFEST: Manifest = { seed: '00'.repeat(16), values: [], placebos: [] };
const NONE = '0'.repeat(64);

/** Head of a run in which only the proxy records. */
export function runHead(id: string): RunHead {
  return {
    schema: RUN_SCHEMA,
    id,
    began: new Date().toISOString(),
    app: {
      id: 'x',
      package: 'com.example.loan',
      label: 'x',
      version: '1',
      signer: null,
      sha256: NONE,
      source: { where: 'test', when: new Date().toISOString() },
      permissions: [],
      firstParty: { domains: [], classes: [] },
    },
    handset: { kind: 'virtual', simulated: true, profile: 'none', probe: null, facts: {} },
    scenario: { id: 'none', title: 'none', sha256: NONE, aims: [], steps: [] },
    tool: { name: 'jiejing', version: '0', commit: null, lockSha256: null, node: process.version },
    catalogue: { sha256: NONE, rows: 0, data: [] },
    seedCommitment: NONE,
    manifest: { sha256: manifestSha256(MANIFEST), values: 0, placebos: 0 },
    caseNumber: null,
    operator: null,
    lab: null,
    clock: { name: 'run', ntpOffsetMs: null },
  };
}
