import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createRunClock } from '../../harness/clock.js';
import type { RunClock } from '../../harness/model/clock.js';

const open: RunClock[] = [];
function clock(): RunClock {
  const made = createRunClock({});
  open.push(made);
  return made;
}
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

const jumpsOf = (of: RunClock): { fromMs: number; toMs: number; why: string }[] => {
  const jumps: { fromMs: number; toMs: number; why: string }[] = [];
  of.onJump((jump) => jumps.push(jump));
  return jumps;
};

describe('run clock', () => {
  it('gives every stamp the next seq and never goes back', () => {
    const c = clock();
    const stamps = Array.from({ length: 200 }, () => c.now());
    expect(stamps.map((s) => s.seq)).toEqual(stamps.map((_, i) => i + 1));
    for (const [i, stamp] of stamps.entries()) expect(stamp.ms).toBeGreaterThanOrEqual(stamps[i - 1]?.ms ?? 0);
    expect(stamps[0]).toMatchObject({ clock: 'run', slackMs: 0 });
  });

  it('runs at real speed outside a wait', async () => {
    const c = clock();
    const jumps = jumpsOf(c);
    const began = performance.now();
    await new Promise<void>((done) => c.setTimer(done, 60));
    expect(performance.now() - began).toBeGreaterThanOrEqual(59);
    expect(jumps).toEqual([]);
  });

  it('jumps through an hour of waiting, to each timer in turn and no further than the end', async () => {
    const c = clock();
    const jumps = jumpsOf(c);
    const ran: [string, number][] = [];
    const note = (name: string) => () => void ran.push([name, Math.round(c.now().ms / 1000)]);
    c.setTimer(note('late'), 3_000_000);
    c.setTimer(note('early'), 10_000);
    c.setTimer(note('beyond'), 3_700_000);
    c.clearTimer(c.setTimer(note('cleared'), 20_000));
    const began = performance.now();
    await c.wait(3_600_000, 'observe');
    expect(performance.now() - began).toBeLessThan(2000);
    expect(ran).toEqual([
      ['early', 10],
      ['late', 3000],
    ]);
    expect(jumps.map((j) => Math.round(j.toMs / 1000))).toEqual([10, 3000, 3600]);
    expect(new Set(jumps.map((j) => j.why))).toEqual(new Set(['observe']));
    expect(c.now().ms).toBeGreaterThanOrEqual(3_600_000);
  });

  it('runs timers of one moment in the order they were set', async () => {
    const c = createRunClock({ realMonoMs: () => 5 });
    open.push(c);
    const ran: number[] = [];
    for (const n of [1, 2, 3, 4]) c.setTimer(() => void ran.push(n), 100);
    await c.wait(100, 'order');
    expect(ran).toEqual([1, 2, 3, 4]);
    expect(c.now().ms).toBe(100);
  });

  it('lets real time pass while something holds, then jumps on', async () => {
    const c = clock();
    const jumps = jumpsOf(c);
    const ran: number[] = [];
    c.setTimer(() => void ran.push(c.now().ms), 30);
    const release = c.hold('driver request');
    const began = performance.now();
    const waited = c.wait(100_000, 'background');
    // Not held, it would jump there at once.
    await new Promise<void>((done) => c.setTimer(done, 60));
    expect(performance.now() - began).toBeGreaterThanOrEqual(59);
    expect(jumps).toEqual([]);
    expect(ran).toHaveLength(1);
    release();
    release();
    await waited;
    expect(performance.now() - began).toBeLessThan(2000);
    expect(jumps).toHaveLength(1);
  });

  it('does not jump over an exchange that a timer starts', async () => {
    const server = createServer((_, response) => void setTimeout(() => response.end('ok'), 40));
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const c = clock();
    const marks: [string, number][] = [];
    c.setTimer(() => {
      // Promises and a turn of the loop lie between the timer and the hold, as in an app's own code.
      void Promise.resolve()
        .then(() => new Promise(setImmediate))
        .then(async () => {
          const release = c.hold('exchange');
          marks.push(['sent', c.now().ms]);
          await fetch(url).then((answer) => answer.text());
          marks.push(['answered', c.now().ms]);
          release();
        });
    }, 5000);
    c.setTimer(() => void marks.push(['next', c.now().ms]), 20_000);
    await c.wait(30_000, 'observe');
    server.close();
    const [sent, answered, next] = marks;
    expect(marks.map(([what]) => what)).toEqual(['sent', 'answered', 'next']);
    expect(sent?.[1]).toBeLessThan(5100);
    expect((answered?.[1] ?? 0) - (sent?.[1] ?? 0)).toBeLessThan(5000);
    expect(next?.[1]).toBeGreaterThanOrEqual(20_000);
  });

  it('keeps real-speed timers right after a jump', async () => {
    const c = clock();
    await c.wait(50_000, 'jump');
    const slow = new Promise<number>((done) => c.setTimer(() => done(performance.now()), 40));
    const began = performance.now();
    expect((await slow) - began).toBeGreaterThanOrEqual(38);
    let fired = 0;
    c.setTimer(() => void (fired += 1), 60_020);
    await c.wait(60_000, 'up to shortly before it');
    expect(fired).toBe(0);
    await new Promise<void>((done) => c.setTimer(done, 40));
    expect(fired).toBe(1);
  });

  it('runs timers at real speed under a hold that was taken after a jump', async () => {
    const c = clock();
    const holds: (() => void)[] = [];
    c.setTimer(() => void holds.push(c.hold('exchange')), 50_000);
    c.setTimer(() => holds.pop()?.(), 50_030);
    const began = performance.now();
    await c.wait(100_000, 'observe');
    expect(performance.now() - began).toBeGreaterThanOrEqual(25);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('serves two waits at once, each to its own end', async () => {
    const c = clock();
    const ended: [string, number][] = [];
    const ran: number[] = [];
    for (const s of [1, 5, 7, 9]) c.setTimer(() => void ran.push(s), s * 1000);
    await Promise.all([
      c.wait(8000, 'long').then(() => ended.push(['long', Math.round(c.now().ms / 1000)])),
      c.wait(2000, 'short').then(() => ended.push(['short', Math.round(c.now().ms / 1000)])),
    ]);
    expect(ended).toEqual([
      ['short', 2],
      ['long', 8],
    ]);
    expect(ran).toEqual([1, 5, 7]);
  });

  it('lets a timer that sets itself again for now neither stop the clock nor starve others', async () => {
    const c = clock();
    let turns = 0;
    const again = (): void => {
      turns += 1;
      c.setTimer(again, 0);
    };
    again();
    await c.wait(500, 'flood');
    expect(turns).toBeGreaterThan(50);
    expect(turns).toBeLessThanOrEqual(502);
  });

  it('rejects with the reason of its signal, before and during the wait', async () => {
    const c = clock();
    const release = c.hold('forever');
    const stop = new AbortController();
    const waited = c.wait(60_000, 'observe', stop.signal);
    stop.abort(new Error('Ctrl-C'));
    await expect(waited).rejects.toThrow('Ctrl-C');
    await expect(c.wait(1, 'again', stop.signal)).rejects.toThrow('Ctrl-C');
    release();
    await c.wait(1000, 'works on');
  });

  it('ends the wait under way when a timer throws, and when it is closed', async () => {
    const c = clock();
    let later = 0;
    c.setTimer(() => {
      throw new Error('bug in the app');
    }, 100);
    c.setTimer(() => void (later += 1), 100);
    await expect(c.wait(1000, 'observe')).rejects.toThrow('bug in the app');
    await c.wait(1000, 'observe');
    expect(later).toBe(1);
    const release = c.hold('x');
    const waited = c.wait(1000, 'observe');
    c.close();
    release();
    await expect(waited).rejects.toThrow(/closed/);
    await expect(c.wait(1, 'late')).rejects.toThrow(/closed/);
  });

  it('shows the handset jumps that the real wall clock does not have', async () => {
    const c = clock();
    const before = { wall: c.wallMs(), handset: c.handsetWallMs(), mono: c.monoMs() };
    await c.wait(86_400_000, 'a day');
    expect(c.handsetWallMs() - before.handset).toBeGreaterThanOrEqual(86_400_000 - 5);
    expect(c.wallMs() - before.wall).toBeLessThan(5000);
    expect(c.monoMs() - before.mono).toBeLessThan(5000);
  });
});
