import { readFileSync } from 'node:fs';

/** Kept free for the run's own files, for libraries, and for servers that are asked twice. */
const KEPT_FREE = 32;
const LEAST = 1;

/**
 * How many apps' connections fit, each with one to its server, into the descriptors that this process may open; null: no limit is known.
 * Past the last descriptor the system ends connections of which nobody here hears (libuv accepts and closes them), and the run's files
 * could not be opened either: so we stop before that.
 */
export function roomForConnections(): number | null {
  const limit = openFilesLimit();
  return limit === null ? null : Math.max(LEAST, Math.floor((limit - KEPT_FREE) / 2));
}

/** RLIMIT_NOFILE as Linux tells it; Node has raised the soft one to the hard one. */
function openFilesLimit(): number | null {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null; // not Linux
  }
}
