// Whole processes, timed and weighed from outside.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** Runs a command to its end; returns its exit code, wall seconds, and the peak of the summed PSS of it and all its children, in MiB. */
export function run(command, args, { cwd, env, weigh = false } = {}) {
  return new Promise((done, fail) => {
    const began = performance.now();
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let peak = 0;
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const sampler = weigh ? setInterval(() => (peak = Math.max(peak, pssOf(family(child.pid)))), 50) : null;
    child.once('error', fail);
    child.once('close', (code) => {
      if (sampler) clearInterval(sampler);
      done({ code, seconds: (performance.now() - began) / 1000, peakMiB: peak / 1024, stdout, stderr, pid: child.pid });
    });
  });
}

/** A process and everything below it, by pid; Linux only. */
export function family(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const all = [pid];
  for (const one of all) for (const [child, parent] of parents) if (parent === one) all.push(child);
  return all;
}

/** Summed proportional set size of processes, in KiB. */
export function pssOf(pids) {
  let sum = 0;
  for (const pid of pids) {
    try {
      sum += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It ended while we looked.
    }
  }
  return sum;
}

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
