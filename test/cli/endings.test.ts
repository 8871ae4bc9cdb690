import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../harness/model/finding.js';
import { alive, below, documentOf, folderOf, leftovers, run, STACK_TRACE, start, until, UNBOUND, type Running } from './cli.js';

const folder = folderOf('endings');
// A run of the eager app has violations as soon as this was said, and much is still to come.
const VIOLATED = /read IMEI/;

function report(dir: string): Report {
  return JSON.parse(readFileSync(join(folder, dir, 'report.json'), 'utf8'));
}

/** Whole lines of a run's log. */
function lines(dir: string): number {
  return readFileSync(join(folder, dir, 'events.jsonl'), 'utf8').split('\n').length - 1;
}

/** The Appium child of a command that is running. */
function appiumOf({ child }: Running): number {
  const found = below(child.pid ?? 0).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('appium-child.js'));
  if (found === undefined) throw new Error('no Appium child is there');
  return found;
}

async function gone(pids: readonly number[]): Promise<void> {
  expect(pids.length).toBeGreaterThan(0);
  await until('all children have ended', () => !pids.some(alive));
}

describe('Ctrl-C', () => {
  it('while the lab is being made closes the run as interrupted and leaves nothing', async () => {
    const audit = start(folder, ['audit', 'eager', '--out', 'early', '--json']);
    await until('the run folder is there', () => existsSync(join(folder, 'early/events.jsonl')));
    const children = below(audit.child.pid ?? 0);
    audit.child.kill('SIGINT');
    const ended = await audit.ended;
    expect(ended).toMatchObject({ code: 130, signal: null, stderr: '' });
    expect(documentOf(ended)).toMatchObject({
      outcome: 'interrupted',
      exit: 130,
      run: join(folder, 'early'),
      error: { code: 'INTERRUPTED' },
    });
    expect(children.filter(alive)).toEqual([]);
    expect(leftovers(folder)).toEqual([]);
    expect(await run(folder, ['judge', 'early'])).toMatchObject({ code: 4 });
  });

  it('while the scenario is performed keeps what was seen, and a second audit into the folder is refused meanwhile', async () => {
    const audit = start(folder, ['audit', 'eager', '--out', 'late'], { lang: 'zh' });
    await audit.said(/读取 IMEI/);
    // Held still, so that the second surely comes while the first is at work.
    audit.child.kill('SIGSTOP');
    const second = await run(folder, ['audit', 'eager', '--out', 'late'], { lang: 'zh' });
    const judged = await run(folder, ['judge', 'late'], { lang: 'zh' });
    const children = below(audit.child.pid ?? 0);
    audit.child.kill('SIGINT');
    audit.child.kill('SIGCONT');
    const ended = await audit.ended;
    expect(second).toMatchObject({ code: 2, stderr: expect.stringMatching(/late 已被占用/) });
    expect(judged).toMatchObject({ code: 2, stderr: expect.stringMatching(/late 已被占用/) });
    expect(ended).toMatchObject({
      code: 130,
      stdout: 'late\n',
      stderr: expect.stringMatching(/错误：已中断；记录已收尾，可用 npx jiejing judge late 判定。/),
    });
    expect(ended.stderr).not.toMatch(STACK_TRACE);
    expect(children.filter(alive)).toEqual([]);
    expect(leftovers(folder)).toEqual([]);
    const last = await run(folder, ['judge', 'late'], { lang: 'zh' });
    expect(last).toMatchObject({ code: 1, stdout: expect.stringMatching(/本次运行没有录完/) });
    expect(report('late').run.interrupted).toBe(true);
    expect(await run(folder, ['audit', 'eager', '--out', 'late'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/late is not empty and is never overwritten/),
    });
    expect(leftovers(folder)).toEqual([]);
  });
});

describe('kill -9', () => {
  // Who is killed so cannot sweep.
  const unswept = { env: { TMPDIR: join(folder, 'home') } };

  it('before the first violation: report ends with 4, and no process stays', async () => {
    const audit = start(folder, ['audit', 'eager', '--out', 'killed-early'], unswept);
    await until('the run has begun', () => existsSync(join(folder, 'killed-early/events.jsonl')) && below(audit.child.pid ?? 0).length > 0);
    const children = below(audit.child.pid ?? 0);
    audit.child.kill('SIGKILL');
    expect((await audit.ended).signal).toBe('SIGKILL');
    await gone(children);
    const ended = await run(folder, ['report', 'killed-early'], { lang: 'zh' });
    expect(ended).toMatchObject({ code: 4, stdout: expect.stringMatching(/本次运行没有录完/) });
    expect(report('killed-early').run.interrupted).toBe(true);
  });

  it('leaves its temporary folder to the next start, which removes it', async () => {
    const audit = start(folder, ['audit', 'eager', '--out', 'killed-swept']);
    await until('Appium is starting', () => below(audit.child.pid ?? 0).length > 0);
    const children = below(audit.child.pid ?? 0);
    audit.child.kill('SIGKILL');
    await audit.ended;
    await gone(children);
    expect(leftovers(folder)).toHaveLength(1);
    await run(folder, ['record', 'honest', '--scenario', 'observe-only', '--out', 'sweeping']);
    expect(leftovers(folder)).toEqual([]);
  });

  it('after it: report ends with 1, marked interrupted, with everything up to the cut', async () => {
    const audit = start(folder, ['audit', 'eager', '--out', 'killed-late'], unswept);
    await audit.said(VIOLATED);
    const children = below(audit.child.pid ?? 0);
    audit.child.kill('SIGKILL');
    await audit.ended;
    await gone(children);
    const whole = lines('killed-late');
    const ended = await run(folder, ['report', 'killed-late', '--json']);
    expect(ended.code).toBe(1);
    expect(documentOf(ended)).toMatchObject({ exit: 1, interrupted: true });
    expect(report('killed-late').run).toMatchObject({ interrupted: true, events: whole });
    expect(
      report('killed-late')
        .findings.filter((f) => f.verdict === 'violation')
        .map((f) => f.rule),
    ).toContain('LA-C01');
    const page = readFileSync(join(folder, 'killed-late/report.html'), 'utf8');
    expect(page).toMatch(/没有录完|被中断|未录完/);
    expect((await run(folder, ['runs', '--in', '.'], { lang: 'zh' })).stdout).toMatch(/^killed-late +中断/m);
  });

  it('inside a line: the torn line is left out, the rest stands, and it is no integrity failure', async () => {
    cpSync(join(folder, 'killed-late'), join(folder, 'torn'), { recursive: true });
    const file = join(folder, 'torn/events.jsonl');
    const whole = lines('torn');
    const text = readFileSync(file, 'utf8').trimEnd();
    writeFileSync(file, text.slice(0, text.lastIndexOf('\n') + 90));
    expect(await run(folder, ['report', 'torn'])).toMatchObject({ code: 1 });
    expect(report('torn').run).toMatchObject({ interrupted: true, events: whole - 1 });
  });
});

describe('a driver that fails', () => {
  it('lost after the first violation: exit 1, the run closed as failed and judged', async () => {
    const audit = start(folder, ['audit', 'eager', '--out', 'lost-late'], { lang: 'zh' });
    await audit.said(/读取 IMEI/);
    process.kill(appiumOf(audit), 'SIGKILL');
    const ended = await audit.ended;
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/错误：与手机的驱动连接中断/) });
    expect(ended.stderr).not.toMatch(STACK_TRACE);
    expect(report('lost-late').run.interrupted).toBe(true);
    expect(leftovers(folder)).toEqual([]);
  });

  it('lost before any: exit 3, never "no violations"', async () => {
    const audit = start(folder, ['audit', 'honest', '--out', 'lost-early']);
    await audit.said(/notice shown/);
    process.kill(appiumOf(audit), 'SIGKILL');
    const ended = await audit.ended;
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringMatching(/error: the driver lost the handset/) });
    expect(ended.stdout).toMatch(/this run is not complete/);
    expect(report('lost-early').findings.some((f) => f.verdict === 'clear')).toBe(false);
    expect(leftovers(folder)).toEqual([]);
  });

  /** A module that Node loads before the Appium child's own. */
  function preload(name: string, body: string): Readonly<Record<string, string>> {
    writeFileSync(join(folder, `${name}.cjs`), `if (process.argv[1]?.endsWith('appium-child.js')) { ${body} }`);
    return { NODE_OPTIONS: `--require ${join(folder, `${name}.cjs`)}` };
  }

  it('that does not start: exit 3, with a way out', async () => {
    const env = preload('broken', `console.error('no such driver'); process.exit(7);`);
    const ended = await run(folder, ['audit', 'honest', '--out', 'unstarted', '--json'], { env });
    expect(ended.code).toBe(3);
    expect(documentOf(ended)).toMatchObject({
      outcome: 'failed',
      exit: 3,
      error: { code: 'APPIUM_FAILED', what: expect.stringMatching(/7: no such driver/), remedy: expect.stringMatching(/jiejing doctor/) },
    });
    expect(leftovers(folder)).toEqual([]);
  });

  it('whose port another program took meanwhile: another port is tried', async () => {
    const taken = join(folder, 'taken');
    const env = preload(
      'taken',
      `const fs = require('node:fs'); if (!fs.existsSync(${JSON.stringify(taken)})) { fs.writeFileSync(${JSON.stringify(taken)}, ''); require('node:net').createServer().listen(Number(process.argv[3]), '127.0.0.1'); }`,
    );
    expect(await run(folder, ['record', 'honest', '--scenario', 'observe-only', '--out', 'retried'], { env })).toMatchObject({
      code: 0,
      stdout: 'retried\n',
      stderr: expect.stringMatching(/next: npx jiejing judge retried/),
    });
    expect(existsSync(taken)).toBe(true);
    expect(leftovers(folder)).toEqual([]);
  });
});

describe('a scenario that does not fit the app', () => {
  it('names file, line and what was on the screen instead', async () => {
    writeFileSync(
      join(folder, 'wrong.yaml'),
      'title: 试\naims: [launched]\nsteps:\n  - launch: { clean: true }\n  - privacy: agree\n  - tap: 立即提现\n',
    );
    const ended = await run(folder, ['audit', 'honest', '--scenario', 'wrong.yaml', '--out', 'wrong'], { lang: 'zh' });
    expect(ended).toMatchObject({ code: 3 });
    expect(ended.stderr).toMatch(/错误：场景 wrong\.yaml 第 6 行，第 3 步（tap）：/);
    expect(ended.stderr).toMatch(/办法：屏幕上可点的文字：.*获取验证码/);
    expect(report('wrong').run.interrupted).toBe(true);
    expect(leftovers(folder)).toEqual([]);
  });
});

describe('a disk', () => {
  it('without permission to write ends with 3 and names the folder', async (context) => {
    if (UNBOUND !== null) return context.skip(UNBOUND);
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o555 });
    const [record, nightly, scenario] = await Promise.all([
      run(folder, ['audit', 'eager', '--out', 'closed/run', '--json'], { bound: true }),
      (writeFileSync(join(folder, 'one.yaml'), '- app: eager\n'),
      run(folder, ['nightly', 'one.yaml', '--out', 'closed/nights'], { bound: true, lang: 'zh' })),
      run(folder, ['scenarios', 'new', 'closed/mine.yaml'], { bound: true, lang: 'zh' }),
    ]);
    expect(record.code).toBe(3);
    expect(documentOf(record)).toMatchObject({ error: { code: 'NO_PERMISSION', what: expect.stringContaining('closed/run') } });
    for (const ended of [nightly, scenario])
      expect(ended).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(/错误：没有写入 closed\/.+ 的权限/) });
    expect(leftovers(folder)).toEqual([]);
  });

  const disk = join(folder, 'disk');
  it('that fills up in the middle: what was seen stands, and can be judged elsewhere', async (context) => {
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=448k', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      console.log('skipped: a small disk cannot be mounted here');
      return context.skip('a small disk cannot be mounted here');
    }
    context.onTestFinished(() => void execFileSync('umount', [disk]));
    const ended = await run(folder, ['audit', 'eager', '--out', 'disk/run'], { lang: 'zh' });
    expect(ended.stderr).toMatch(/错误：磁盘已满，无法写入 disk\/run\//);
    expect(ended.stderr).not.toMatch(STACK_TRACE);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/本次运行没有录完/);
    // A report that did not fit is not there at all.
    for (const name of ['report.json', 'report.html'])
      if (existsSync(join(disk, 'run', name))) expect(readFileSync(join(disk, 'run', name), 'utf8')).toMatch(/(\}|<\/html>)\s*$/);
    cpSync(join(disk, 'run'), join(folder, 'moved'), { recursive: true });
    expect(await run(folder, ['report', 'moved'])).toMatchObject({ code: 1 });
    expect(report('moved').run.interrupted).toBe(true);
    expect(leftovers(folder)).toEqual([]);
    expect(readdirSync(disk)).toEqual(['run']);
  });
});
