import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { judgeRun } from '../../../harness/cli/pipeline.js';
import type { Link } from '../../../harness/model/finding.js';
import { fileBodies } from '../../../harness/store/bodies.js';
import { readRun } from '../../../harness/store/read.js';
import { replayRun, type ReplayedRun } from '../../../reports/link/replay-run.js';

const scratch = mkdtempSync(join(tmpdir(), 'jiejing-replay-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Every recorded run of the repository. */
const RUNS = ['test/old-runs', 'test/golden'].flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(^|[/\\])run\.json$/.test(file))
    .map((file) => dirname(join(root, file))),
);

function replayed(dir: string, links: readonly Link[]): ReplayedRun {
  const { events, manifest } = readRun(dir);
  const bodies = fileBodies(dir);
  try {
    return replayRun({ links, events, manifest, bodies });
  } finally {
    bodies.close();
  }
}

describe.each(RUNS)('%s, judged in a copy', (dir) => {
  const copy = join(scratch, dir.replaceAll(/[/\\]/g, '-'));
  cpSync(dir, copy, { recursive: true });

  test('every certificate of its report replays from the record, and none with one thing changed', async () => {
    const { links } = (await judgeRun(copy, 'zh')).report;
    expect(replayed(copy, links)).toEqual({ replayed: links.length, broken: null });
    const changes: readonly ((link: Link) => Link)[] = [
      (link) => ({ ...link, value: 'v999999' }),
      (link) => ({ ...link, flow: 'e999999' }),
      (link) => ({ ...link, span: { ...link.span, part: 'header:x-none' } }),
      (link) => ({ ...link, chain: [...link.chain, { op: 'hex' }] }),
      (link) => ({ ...link, certificate: { ...link.certificate, at: { ...link.certificate.at, start: link.certificate.at.start + 1 } } }),
      (link) => ({ ...link, certificate: { ...link.certificate, value: 'v999999' } }),
    ];
    for (const [n, link] of links.entries())
      for (const change of changes)
        expect(replayed(copy, [...links.slice(0, n), change(link)])).toMatchObject({ replayed: n, broken: { link: link.id } });
  });
});

test('the runs of the repository hold links enough to mean something', () => {
  expect(RUNS.length).toBeGreaterThanOrEqual(4);
  const kept = RUNS.map((dir) => join(dirname(dir), 'report.json')).filter((file) => existsSync(file));
  const links = kept.flatMap((file) => (JSON.parse(readFileSync(file, 'utf8')) as { readonly links: readonly Link[] }).links);
  expect(links.length).toBeGreaterThan(20);
});

test('links that are nothing of the kind are told, never thrown', () => {
  const dir = RUNS[0] ?? '';
  const { events } = readRun(dir);
  const flow = events.find((event) => event.kind === 'flow')?.id;
  const value = readRun(dir).manifest.values[0]?.id;
  const odd: readonly unknown[] = [
    null,
    7,
    'x',
    [],
    {},
    { id: 'l1', value, flow },
    { id: 'l1', value, flow, span: { part: 'url' } },
    { id: 'l1', value, flow, span: { part: 'url' }, certificate: { layers: 7 } },
    { id: 'l1', value, flow, span: { part: 'url' }, chain: [], certificate: { layers: [] } },
    { id: 'l1', value, flow, span: { part: 'url' }, chain: [null], certificate: { value, layers: [null] } },
    { id: 'l1', value, flow, span: { part: 7 } },
  ];
  for (const link of odd) expect(replayed(dir, [link as Link]), JSON.stringify(link)).toMatchObject({ replayed: 0, broken: {} });
});
