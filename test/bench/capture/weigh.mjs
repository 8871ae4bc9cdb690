// What a process tree costs, from /proc; Linux only.
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { family } from '../processes.mjs';

const NS_PER_MS = 1e6;

function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // The process or thread ended while we looked.
    return '';
  }
}

const list = (path) => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};

/** CPU that all threads of a process and its children took so far, in ms, as the scheduler counted it. */
export function cpuMs(pid) {
  let ns = 0;
  for (const one of family(pid))
    for (const thread of list(`/proc/${one}/task`)) ns += Number(read(`/proc/${one}/task/${thread}/schedstat`).split(' ')[0] ?? 0);
  return ns / NS_PER_MS;
}

/** Waits until the tree is at rest (under 4 ms of CPU in 200 ms), 10 s at most, so that what it writes late is counted too. */
export async function settled(pid) {
  for (let i = 0; i < 50; i++) {
    const before = cpuMs(pid);
    await sleep(200);
    if (cpuMs(pid) - before < 4) return;
  }
}

function memory(pid, field) {
  let kib = 0;
  for (const one of family(pid)) kib += Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(read(`/proc/${one}/status`))?.[1] ?? 0);
  return kib / 1024;
}

/** Resident memory now, in MiB. */
export const rssMiB = (pid) => memory(pid, 'VmRSS');

/** Starts the watch for `peakMiB`: the kernel keeps the mark, so that no sample can miss it. */
export function resetPeak(pid) {
  for (const one of family(pid)) writeFileSync(`/proc/${one}/clear_refs`, '5');
}
export const peakMiB = (pid) => memory(pid, 'VmHWM');

/** Open descriptors and, among them, listening TCP ports. */
export function descriptors(pid) {
  let open = 0;
  let listening = 0;
  for (const one of family(pid)) {
    const inodes = new Set();
    for (const table of ['tcp', 'tcp6'])
      for (const line of read(`/proc/${one}/net/${table}`).split('\n').slice(1)) {
        const fields = line.trim().split(/\s+/);
        if (fields[3] === '0A') inodes.add(fields[9]);
      }
    for (const fd of list(`/proc/${one}/fd`)) {
      open += 1;
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${one}/fd/${fd}`))?.[1];
        if (inode !== undefined && inodes.has(inode)) listening += 1;
      } catch {
        open -= 1;
      }
    }
  }
  return { open, listening };
}
