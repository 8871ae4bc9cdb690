import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { judgeRun } from '../harness/cli/pipeline.js';
import { findApp, appIds, scenarioFiles } from '../harness/cli/registry.js';
import { plan } from '../harness/cli/plan.js';
import type { Finding, Truth } from '../harness/model/finding.js';
import { record } from '../harness/record.js';
import { exitOf } from '../reports/judge.js';

const root = mkdtempSync(join(tmpdir(), 'jiejing-truth-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const line = (t: Omit<Truth, 'scenario'>): string => [t.rule, t.verdict, t.datum, t.receiver, t.sdk, t.phase].join(' | ');

/** What a report says, without what is clear and what the scenario never set out to test. */
function told(findings: readonly Finding[]): readonly string[] {
  return findings
    .filter((f) => f.verdict !== 'clear' && f.reason !== 'scenario')
    .map((f) => line({ rule: f.rule as Truth['rule'], verdict: f.verdict as Truth['verdict'], ...f.about }))
    .toSorted();
}

for (const appId of appIds()) {
  describe(`the simulated app ${appId}`, () => {
    for (const scenario of scenarioFiles().keys()) {
      it(`gives exactly its truth under ${scenario}`, { timeout: 120_000 }, async () => {
        const { app } = await findApp(appId);
        const dir = join(root, `${appId}-${scenario}`);
        const planned = await plan({
          app: appId,
          scenario,
          handset: 'virtual',
          out: dir,
          caseNumber: null,
          operator: null,
          lab: null,
          language: 'zh',
        });
        const recorded = await record({ ...planned, signal: new AbortController().signal, onEvent: () => {}, onPhase: () => {} });
        expect(recorded).toMatchObject({ outcome: 'complete', error: null });
        const { report } = await judgeRun(dir, 'zh');
        expect(told(report.findings)).toEqual(
          app.truth
            .filter((t) => t.scenario === scenario)
            .map(line)
            .toSorted(),
        );
        expect(report.placebo.drawn).toBeGreaterThan(0);
        expect(report.placebo.hits).toBe(0);
        if (appId === 'honest') expect(exitOf(report.findings)).toBe(0);
      });
    }
  });
}
