import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf, folderOf, run, STACK_TRACE } from './cli.js';

const folder = folderOf('doctored');
const RUN = 'runs/whole';
const NO_BROWSER = { env: { PATH: join(folder, 'home') } };

beforeAll(async () => {
  expect(await run(folder, ['audit', 'eager', '--scenario', 'observe-only', '--out', RUN])).toMatchObject({ code: 1 });
});

function copyOf(name: string): string {
  cpSync(join(folder, RUN), join(folder, 'copies', name), { recursive: true });
  return `copies/${name}`;
}

function edit(file: string, from: RegExp, to: string): void {
  const text = readFileSync(join(folder, file), 'utf8');
  expect(text).toMatch(from);
  writeFileSync(join(folder, file), text.replace(from, to));
}

/** Makes a judgement look like one of another version of this program. */
function aged(dir: string): void {
  edit(`${dir}/judgements/1/judged.json`, /"version": "[^"]+"/, '"version": "0.0.1"');
}

describe('seal', () => {
  it.each([
    ['report.json', 'report.json'],
    ['report.html', 'report.html'],
    ['judgements/1/report.json', 'judgements/1/report.json'],
    ['judgements/1/report.html', 'judgements/1/report.html'],
  ])('does not pack an edited %s: exit 5, the file named', async (file, named) => {
    const dir = copyOf(file.replaceAll('/', '-'));
    edit(`${dir}/${file}`, /violation|违规/, 'clear');
    const ended = await run(folder, ['seal', dir, '--out', `packets/${dir}`, '--json']);
    expect(ended).toMatchObject({ code: 5 });
    expect(ended.stderr).toContain(named);
    expect(ended.stderr).toMatch(/jiejing judge/);
    expect(documentOf(ended)).toMatchObject({ error: { code: 'RUN_FILE_BROKEN', exit: 5 } });
    expect(existsSync(join(folder, 'packets', dir))).toBe(false);
    // A new judgement is what the run itself says.
    expect(await run(folder, ['judge', dir])).toMatchObject({ code: 1 });
    expect(await run(folder, ['seal', dir, '--out', `packets/${dir}`])).toMatchObject({ code: 0 });
  });

  it('packs only the newest judgement, whose files also stand at the top', async () => {
    const dir = copyOf('twice');
    expect(await run(folder, ['judge', dir], { lang: 'zh' })).toMatchObject({ code: 1 });
    // Older judgements are not looked at, so they must not travel either.
    edit(`${dir}/judgements/1/report.json`, /violation/, 'clear');
    expect(await run(folder, ['seal', dir, '--out', 'packets/twice'])).toMatchObject({ code: 0 });
    const data = join(folder, 'packets/twice/data');
    expect(readdirSync(join(data, 'judgements'))).toEqual(['2']);
    for (const name of ['report.json', 'report.html'])
      expect(readFileSync(join(data, name))).toEqual(readFileSync(join(data, 'judgements/2', name)));
    expect(readFileSync(join(folder, 'packets/twice/bag-info.txt'), 'utf8')).toContain('Judgement: 2\n');
  });

  it('judges again when the newest judgement is that of another version', async () => {
    const dir = copyOf('aged');
    aged(dir);
    edit(`${dir}/report.json`, /violation/, 'clear');
    edit(`${dir}/judgements/1/report.json`, /violation/, 'clear');
    expect(await run(folder, ['seal', dir, '--out', 'packets/aged'])).toMatchObject({ code: 0 });
    const data = join(folder, 'packets/aged/data');
    expect(readdirSync(join(data, 'judgements'))).toEqual(['2']);
    expect(readFileSync(join(data, 'report.json'))).toEqual(readFileSync(join(folder, RUN, 'report.json')));
  });

  it('never takes an empty judgement for one, and makes one where there is none', async () => {
    const dir = copyOf('empty');
    mkdirSync(join(folder, dir, 'judgements/7'));
    expect(await run(folder, ['seal', dir, '--out', 'packets/empty'])).toMatchObject({ code: 0 });
    expect(readdirSync(join(folder, 'packets/empty/data/judgements'))).toEqual(['1']);
    const bare = copyOf('bare');
    for (const name of ['judgements', 'report.json', 'report.html']) rmSync(join(folder, bare, name), { recursive: true });
    expect(await run(folder, ['seal', bare, '--out', 'packets/bare'])).toMatchObject({ code: 0 });
    expect(readdirSync(join(folder, 'packets/bare/data/judgements'))).toEqual(['1']);
    expect(existsSync(join(folder, 'packets/bare/data/report.html'))).toBe(true);
  });

  it('and verify say that the reports are not bound to the chain and can be made again', async () => {
    expect(await run(folder, ['seal', RUN, '--out', 'packets/said'])).toMatchObject({ code: 0 });
    expect(await run(folder, ['verify', 'packets/said'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/not bound to the chain[^]*jiejing judge/),
    });
    expect(await run(folder, ['verify', 'packets/said'], { lang: 'zh' })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/报告不在事件链内[^]*jiejing judge/),
    });
  });
});

describe('open', () => {
  it('makes an edited report again and says so', async () => {
    const dir = copyOf('opened');
    const whole = readFileSync(join(folder, dir, 'report.html'));
    edit(`${dir}/report.html`, /违规/, '合规');
    const ended = await run(folder, ['open', dir], NO_BROWSER);
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/was not what follows from the run .*; it was made again/) });
    expect(readFileSync(join(folder, dir, 'report.html'))).toEqual(whole);
  });
});

describe('a run whose events are gone', () => {
  it.each([
    ['emptied', (file: string) => writeFileSync(file, '')],
    ['deleted', (file: string) => rmSync(file)],
    ['cut inside line 1', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 40))],
  ])('%s is broken at line 1, not interrupted, to every command', async (name, empty) => {
    const dir = copyOf(`gone-${name.replaceAll(' ', '-')}`);
    expect(await run(folder, ['seal', dir, '--out', `packets/${dir}`])).toMatchObject({ code: 0 });
    empty(join(folder, dir, 'events.jsonl'));
    for (const args of [
      ['judge', dir],
      ['show', dir, 'e1'],
      ['seal', dir, '--out', `packets/${dir}-2`],
    ]) {
      const ended = await run(folder, args);
      expect(ended).toMatchObject({ code: 5, stderr: expect.stringMatching(/events\.jsonl, line 1,/) });
      expect(ended.stderr).not.toMatch(STACK_TRACE);
    }
  });

  it('with nothing else in the folder is one that was killed before line 1: it can be judged, sealed and verified, more than once', async () => {
    const dir = copyOf('killed');
    for (const name of readdirSync(join(folder, dir)))
      if (name !== 'run.json' && name !== 'values') rmSync(join(folder, dir, name), { recursive: true });
    for (const name of readdirSync(join(folder, dir, 'values'))) if (name !== 'manifest.json') rmSync(join(folder, dir, 'values', name));
    for (const name of ['bodies', 'screens', 'ui']) mkdirSync(join(folder, dir, name));
    expect(await run(folder, ['judge', dir])).toMatchObject({ code: 4 });
    expect(await run(folder, ['judge', dir])).toMatchObject({ code: 4 });
    expect(await run(folder, ['seal', dir, '--out', 'packets/killed'])).toMatchObject({ code: 0 });
    expect(await run(folder, ['verify', 'packets/killed'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/cut short/) });
  });
});
