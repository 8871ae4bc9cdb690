import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadScenario } from '../../harness/drive/scenario-file.js';
import { packageRoot } from '../../harness/package-root.js';

const folder = join(packageRoot(), 'scenarios');
const files = readdirSync(folder).filter((file) => /\.(yaml|ts)$/.test(file));

describe('shipped scenarios', () => {
  it('are the six that every app is tried with', () => {
    expect(files.map((file) => file.replace(/\.\w+$/, '')).toSorted()).toEqual([
      'background',
      'decline',
      'observe-only',
      'sign-up-allow',
      'sign-up-deny',
      'withdraw',
    ]);
  });
  it.each(files)('%s is sound, has both titles, starts from cleared data and decides every prompt', async (file) => {
    const { scenario } = await loadScenario(join(folder, file));
    expect(scenario.id).toBe(file.replace(/\.\w+$/, ''));
    expect(scenario.title.zh).toMatch(/[一-鿿]/);
    expect(scenario.title.en).toMatch(/^[\x20-\x7e]+$/);
    expect(scenario.aims).toContain('launched');
    expect(scenario.steps[0]).toHaveProperty('permissions');
    expect(scenario.steps[1]).toEqual({ launch: { clean: true } });
  });
  it('observe-only touches nothing', async () => {
    const { scenario } = await loadScenario(join(folder, 'observe-only.yaml'));
    expect(scenario.steps.flatMap((step) => Object.keys(step))).toEqual(['permissions', 'launch', 'privacy', 'observe']);
  });
});
