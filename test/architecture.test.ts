import { existsSync, readdirSync, readFileSync, mkdtempSync, mkdirSync, writeFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Which folder may import which of ours. A folder not named may import nothing; the longest matching name wins. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'harness/model': ['harness/model'],
  'harness/cli': ['harness', 'hooks', 'scenarios', 'reports'],
  'harness/virtual': ['harness', 'hooks/wire', 'hooks/catalogue', 'hooks/agent'],
  harness: ['harness', 'hooks/wire'],
  hooks: ['hooks'],
  scenarios: ['harness/model', 'scenarios'],
  'reports/verify': [],
  'reports/rules': ['harness/model', 'reports/examples'],
  reports: ['harness/model', 'reports'],
};
/** The files that may import each heavy package. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  frida: [],
  'frida-java-bridge': ['hooks/agent/main.ts'],
  'http-mitm-proxy': ['harness/capture/proxy.ts'],
  webdriverio: ['harness/drive/session.ts'],
  'appium/driver.js': ['harness/drive/appium-driver.ts'],
  appium: ['harness/drive/appium-child.ts'],
};
/** Programs of their own, run by node: they end with an exit code. */
const STAND_ALONE = ['harness/drive/appium-child.ts', 'reports/verify.ts'];
const NEVER_IN_HARNESS = ['reports', 'scenarios'];
const MAX_LINES = 350;
const FUNCTION_LINES = 50;
/** Where `reports` may touch the disk. */
const REPORT_DISK = ['reports/law', 'reports/packet', 'reports/verify'];

const under = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`) || path === `${folder}.ts`;
const owner = (path: string): string | undefined =>
  Object.keys(MAY_IMPORT)
    .filter((folder) => under(path, folder))
    .toSorted((a, b) => b.length - a.length)[0];

function sourceFiles(root: string): readonly string[] {
  return ['harness', 'hooks', 'scenarios', 'reports'].flatMap((top) =>
    existsSync(join(root, top))
      ? readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
          .map((name) => join(top, name).replaceAll('\\', '/'))
          .filter((file) => file.endsWith('.ts'))
      : [],
  );
}

function importsOf(source: string): readonly string[] {
  return [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)].map(([, spec = '']) => spec);
}

function importFaults(file: string, source: string): readonly string[] {
  const faults: string[] = [];
  for (const spec of importsOf(source)) {
    const owners = OWNERS[spec];
    if (owners && !owners.includes(file)) faults.push(`${file}: may not import ${spec}`);
    if (!spec.startsWith('.')) {
      if (under(file, 'hooks') && spec !== 'frida-java-bridge') faults.push(`${file}: hooks import nothing of Node or npm (${spec})`);
      if (under(file, 'scenarios') || under(file, 'harness/model') || under(file, 'reports/rules'))
        faults.push(`${file}: may not import ${spec}`);
      if (under(file, 'reports/verify') && !spec.startsWith('node:')) faults.push(`${file}: may only import node:*`);
      if (under(file, 'reports') && /^node:(net|http|https|tls|dns|dgram|child_process|http2)/.test(spec))
        faults.push(`${file}: no network (${spec})`);
      if (under(file, 'reports') && spec.startsWith('node:fs') && !REPORT_DISK.some((f) => under(file, f)))
        faults.push(`${file}: no disk (${spec})`);
      continue;
    }
    const target = normalize(join(dirname(file), spec))
      .replaceAll('\\', '/')
      .replace(/\.js$/, '.ts');
    if (under(target, 'harness/cli') && !under(file, 'harness/cli')) faults.push(`${file}: nothing imports the cli`);
    else if (!(MAY_IMPORT[owner(file) ?? ''] ?? []).some((folder) => under(target, folder)))
      faults.push(`${file}: may not import ${target}`);
    if (under(file, 'harness/virtual') && target === 'hooks/agent/main.ts') faults.push(`${file}: may not import ${target}`);
    if (under(file, 'harness') && !under(file, 'harness/cli') && NEVER_IN_HARNESS.some((f) => under(target, f)))
      faults.push(`${file}: the harness judges nothing (${target})`);
  }
  return faults;
}

function textFaults(file: string, source: string): readonly string[] {
  const faults: string[] = [];
  const lines = source.split('\n').length - 1;
  if (lines > MAX_LINES) faults.push(`${file}: ${lines} lines, at most ${MAX_LINES}`);
  // The page's script runs in the reader's browser, where time and the screen are its business.
  const inPage = under(file, 'reports/formats/page') || file === 'reports/formats/page.generated.ts';
  if (
    under(file, 'reports') &&
    !inPage &&
    /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\brandom(Bytes|UUID|Int)\(/.test(source)
  )
    faults.push(`${file}: reads the clock or chance`);
  if (under(file, 'harness/model') && /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\basync\b|\bawait\b/.test(source))
    faults.push(`${file}: the model is pure and synchronous`);
  if (under(file, 'reports/rules') && /\basync\b|\bawait\b|\bimport\s*\(/.test(source)) faults.push(`${file}: a rule is synchronous`);
  if (!under(file, 'harness/cli') && /\bprocess\.(env|exit\b|exitCode)/.test(source) && !STAND_ALONE.includes(file))
    faults.push(`${file}: only the cli reads the environment or exits`);
  if (/\.truth\b/.test(source) && !under(file, 'harness/cli/doctor')) faults.push(`${file}: only tests and the probe read truth`);
  if (/\bas any\b|: any[\s;,)\]=]*$|@ts-ignore|@ts-expect-error/.test(source)) faults.push(`${file}: any`);
  return faults;
}

function functionFaults(file: string, source: string): readonly string[] {
  const faults: string[] = [];
  const lines = source.split('\n');
  for (const [at, line] of lines.entries()) {
    // A top-level function is long when its closing brace, at the same indent, stands too far down.
    const start = /^(\s*)(?:export )?(?:async )?function\*? (\w+)/.exec(line);
    if (!start) continue;
    const end = lines.findIndex((l, i) => i > at && l.startsWith(`${start[1]}}`) && !l.startsWith(`${start[1]}})`));
    if (end - at + 1 > FUNCTION_LINES) faults.push(`${file}: ${start[2]} has ${end - at + 1} lines, at most ${FUNCTION_LINES}`);
  }
  return faults;
}

export function faultsIn(root: string): readonly string[] {
  return sourceFiles(root).flatMap((file) => {
    const source = readFileSync(join(root, file), 'utf8');
    return [
      ...importFaults(file, source),
      ...textFaults(file, source),
      ...(file === 'hooks/catalogue/index.ts' ? [] : functionFaults(file, source)),
    ];
  });
}

describe('the house keeps its walls', () => {
  it('no file breaks the import table, the ceilings or the purity of its folder', () => {
    expect(faultsIn('.')).toEqual([]);
  });

  const planted: readonly (readonly [string, string, RegExp])[] = [
    ['reports/rules/x.ts', `import { readFileSync } from 'node:fs';`, /may not import node:fs/],
    ['reports/rules/x.ts', `import y from './y.js';`, /may not import reports\/rules\/y/],
    ['reports/link/x.ts', `const t = Date.now();`, /clock/],
    ['reports/link/x.ts', `import { connect } from 'node:net';`, /no network/],
    ['reports/x.ts', `import { record } from '../harness/record.js';`, /may not import harness\/record/],
    ['reports/verify.ts', `import { LabError } from '../harness/model/errors.js';`, /may not import harness\/model/],
    ['harness/record.ts', `import { judge } from '../reports/judge.js';`, /may not import reports/],
    ['harness/record.ts', `const x = await import('../scenarios/apps/eager.js');`, /may not import scenarios/],
    ['harness/store/x.ts', `import { audit } from '../cli/audit.js';`, /nothing imports the cli/],
    ['harness/virtual/x.ts', `import '../../hooks/agent/main.js';`, /may not import hooks\/agent\/main/],
    ['harness/drive/x.ts', `import { remote } from 'webdriverio';`, /may not import webdriverio/],
    ['harness/model/x.ts', `import { join } from 'node:path';`, /may not import node:path/],
    ['harness/x.ts', `const home = process.env.HOME;`, /only the cli/],
    ['harness/x.ts', `const t = app.truth;`, /truth/],
    ['hooks/agent/x.ts', `import { Buffer } from 'node:buffer';`, /nothing of Node/],
    ['scenarios/apps/x.ts', `import { createHash } from 'node:crypto';`, /may not import node:crypto/],
    ['harness/x.ts', Array.from({ length: 360 }, (_, i) => `export const a${i} = ${i};`).join('\n'), /at most 350/],
    ['harness/x.ts', `function long() {\n${'  one();\n'.repeat(60)}}\n`, /at most 50/],
  ];
  it.each(planted)('a fault planted in %s is found', (file, source, fault) => {
    const root = mkdtempSync(join(tmpdir(), 'jiejing-walls-'));
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), source);
    expect(faultsIn(root).join('\n')).toMatch(fault);
    rmSync(root, { recursive: true });
  });

  it('a file that keeps to the table is left alone', () => {
    const root = mkdtempSync(join(tmpdir(), 'jiejing-walls-'));
    mkdirSync(join(root, 'reports/rules'), { recursive: true });
    writeFileSync(join(root, 'reports/rules/x.ts'), `import type { Rule } from '../../harness/model/finding.js';\n`);
    expect(faultsIn(root)).toEqual([]);
    rmSync(root, { recursive: true });
  });
});
