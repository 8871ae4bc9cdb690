import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LabError } from '../../../harness/model/errors.js';
import { readChain } from '../../../harness/store/read-chain.js';
import { readRun } from '../../../harness/store/read.js';
import { verifyRun } from '../../../reports/verify.js';
import { tempFolder, writeSample } from './sample.js';

let dir = '';
beforeEach(async () => {
  dir = path.join(tempFolder(), 'run');
  await writeSample(dir);
});
afterEach(() => fs.rmSync(path.dirname(dir), { recursive: true, force: true }));

const log = (): string => path.join(dir, 'events.jsonl');
const linesOf = (): string[] => fs.readFileSync(log(), 'utf8').trimEnd().split('\n');
const writeLines = (lines: readonly string[]): void => fs.writeFileSync(log(), `${lines.join('\n')}\n`);

interface Fault {
  readonly code: string;
  readonly file: unknown;
  readonly line: unknown;
}
const fault = (): Fault => faultOf(() => readRun(dir));

function faultOf(call: () => unknown): Fault {
  try {
    call();
  } catch (error) {
    if (error instanceof LabError) return { code: error.code, file: error.facts['file'], line: error.facts['line'] };
    throw error;
  }
  return { code: 'none', file: null, line: null };
}

function flip(file: string, at: number): void {
  const bytes = fs.readFileSync(path.join(dir, file));
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  fs.writeFileSync(path.join(dir, file), bytes);
}

describe('a recorded run', () => {
  it('is read as it was written, and says that it is whole', () => {
    const run = readRun(dir);
    expect(run).toMatchObject({ interrupted: false, recording: false, tornTail: 0, schema: run.head.schema });
    expect(run.events.map((event) => [event.id, event.kind])).toEqual([
      ['e1', 'lifecycle'],
      ['e2', 'step'],
      ['e3', 'observation'],
      ['e4', 'flow'],
      ['e5', 'gap'],
      ['e6', 'end'],
    ]);
    expect(run.events[0]).toMatchObject({ head: run.headSha256, what: 'opened' });
    expect(run.events[2]).toMatchObject({ values: [{ value: 'v1' }, { bytes: 14 }] });
    expect(run.events.every((event) => !('prev' in event))).toBe(true);
  });

  it('keeps values from other users', () => {
    expect(fs.statSync(path.join(dir, 'values')).mode & 0o777).toBe(0o700);
    for (const file of fs.readdirSync(path.join(dir, 'values')))
      expect(fs.statSync(path.join(dir, 'values', file)).mode & 0o777).toBe(0o600);
  });

  it('names the file in which a byte was flipped', () => {
    const files = fs
      .readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((name) => fs.statSync(path.join(dir, name)).isFile() && name !== 'events.jsonl');
    expect(files.map((name) => path.dirname(name)).toSorted()).toEqual(['.', 'bodies', 'bodies', 'screens', 'ui', 'values', 'values']);
    for (const file of files) {
      const whole = fs.readFileSync(path.join(dir, file));
      for (const at of [0, Math.floor(whole.length / 2), whole.length - 1]) {
        flip(file, at);
        expect([file, at, fault()]).toEqual([file, at, { code: 'RUN_FILE_BROKEN', file, line: undefined }]);
        fs.writeFileSync(path.join(dir, file), whole);
      }
      fs.rmSync(path.join(dir, file));
      if (file !== 'run.json') expect(fault()).toMatchObject({ code: 'RUN_FILE_BROKEN', file });
      fs.writeFileSync(path.join(dir, file), whole);
    }
    expect(fault().code).toBe('none');
  });

  it('names the line in which a byte was flipped, whichever byte', () => {
    const whole = fs.readFileSync(log());
    const { headSha256 } = readRun(dir);
    let number = 1;
    for (let at = 0; at < whole.length; at += 1) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      const found = faultOf(() => readChain(bytes, headSha256));
      expect([at, found.code, found.file]).toEqual([at, 'RUN_BROKEN', 'events.jsonl']);
      // Without the newline two lines are one: either number is right.
      if (whole[at] === 10) number += 1;
      else expect([at, found.line]).toEqual([at, number]);
    }
    fs.writeFileSync(log(), whole.toString('utf8').replace('telephony.imei', 'telephony.imsi'));
    expect(fault()).toEqual({ code: 'RUN_BROKEN', file: 'events.jsonl', line: 3 });
  });

  const tamperings: readonly (readonly [string, (lines: readonly string[], i: number) => readonly string[], (i: number) => number])[] = [
    ['missing', (lines, i) => lines.toSpliced(i, 1), (i) => i + 1],
    ['doubled', (lines, i) => lines.toSpliced(i, 0, lines[i] ?? ''), (i) => i + 2],
    ['swapped with the next', (lines, i) => lines.toSpliced(i, 2, lines[i + 1] ?? '', lines[i] ?? ''), (i) => i + 1],
    ['put in, empty', (lines, i) => lines.toSpliced(i, 0, ''), (i) => i + 1],
  ];
  for (const [what, tamper, named] of tamperings) {
    it(`names the line that is ${what}`, () => {
      const whole = linesOf();
      for (let i = 0; i < whole.length - 1; i += 1) {
        writeLines(tamper(whole, i));
        expect([i, fault()]).toEqual([i, { code: 'RUN_BROKEN', file: 'events.jsonl', line: named(i) }]);
      }
    });
  }

  it('does not take a line after the end', () => {
    const whole = linesOf();
    writeLines([...whole, whole.at(-1) ?? '']);
    expect(fault()).toMatchObject({ code: 'RUN_BROKEN', line: whole.length + 1 });
    fs.writeFileSync(log(), `${whole.join('\n')}\n{"prev`);
    expect(fault()).toMatchObject({ code: 'RUN_BROKEN', line: whole.length + 1 });
  });

  it('reads as interrupted up to the last whole line, wherever it was cut off', () => {
    const whole = fs.readFileSync(log());
    const count = linesOf().length;
    const { headSha256 } = readRun(dir);
    for (let length = whole.length - 1; length >= 0; length -= 1) {
      const chain = readChain(whole.subarray(0, length), headSha256);
      const lines = whole.subarray(0, length).toString('latin1').split('\n');
      expect([length, chain.ended, chain.events.length, chain.tornBytes]).toEqual([length, false, lines.length - 1, lines.at(-1)?.length]);
      expect(chain.events.length).toBeLessThan(count);
    }
    fs.writeFileSync(log(), whole.subarray(0, -5));
    expect(readRun(dir)).toMatchObject({ interrupted: true, end: null });
  });

  it('without line 1 is broken while anything is there that came after it, and interrupted when nothing is', () => {
    const whole = fs.readFileSync(log());
    for (const cut of [0, 40, whole.indexOf(10)]) {
      fs.writeFileSync(log(), whole.subarray(0, cut));
      expect(fault()).toEqual({ code: 'RUN_BROKEN', file: 'events.jsonl', line: 1 });
      expect(verifyRun(dir)).toMatchObject({ ok: false, file: 'events.jsonl', line: 1 });
    }
    fs.rmSync(log());
    expect(fault()).toEqual({ code: 'RUN_BROKEN', file: 'events.jsonl', line: 1 });
    expect(verifyRun(dir)).toMatchObject({ ok: false, file: 'events.jsonl', line: 1 });
    const others = ['bodies', 'screens', 'ui'].flatMap((name) =>
      fs.readdirSync(path.join(dir, name)).map((file) => path.join(dir, name, file)),
    );
    const values = fs.readdirSync(path.join(dir, 'values')).filter((name) => name !== 'manifest.json');
    for (const file of [...others, ...values.map((name) => path.join(dir, 'values', name))]) {
      expect([file, fault().code]).toEqual([file, 'RUN_BROKEN']);
      expect([file, verifyRun(dir).ok]).toEqual([file, false]);
      fs.rmSync(file);
    }
    fs.writeFileSync(path.join(dir, '.reserve'), '');
    expect(readRun(dir)).toMatchObject({ interrupted: true, end: null, events: [] });
    expect(verifyRun(dir)).toMatchObject({ ok: true, ended: false, events: 0 });
    fs.writeFileSync(path.join(dir, 'report.json'), '{"run":{"events":3}}');
    expect(fault().code).toBe('RUN_BROKEN');
    expect(verifyRun(dir).ok).toBe(false);
  });

  it('tells a torn line from one that was altered', () => {
    const lines = linesOf();
    const torn = (lines.at(-1) ?? '').slice(0, 90);
    const write = (tail: string): void => fs.writeFileSync(log(), `${lines.slice(0, -1).join('\n')}\n${tail}`);
    write(torn);
    expect(fault().code).toBe('none');
    write(torn.replace(/[0-9a-f]"/, 'x"'));
    expect(fault()).toMatchObject({ code: 'RUN_BROKEN', line: lines.length });
  });
});
