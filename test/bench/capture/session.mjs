// One contender, started fresh for one measure of one round, then held against what was sent.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { check, checkUnused } from './check.mjs';
import { CONTENDERS } from './contenders.mjs';
import { stop } from './processes.mjs';
import { cpuMs, settled } from './weigh.mjs';

/** `drive(session)` makes the traffic and says what it measured, with `spans` of all that it sent. Resolves to that and `check`. */
export async function inSession({ field, options }, id, name, drive) {
  const dir = join(field.root, name);
  mkdirSync(dir, { recursive: true });
  const contender = CONTENDERS[id];
  const { child, port, ca } = await contender.start(
    dir,
    field,
    options.nodeArgs.map((one) => one.replaceAll('{dir}', dir)),
  );
  let measured;
  try {
    const to = { proxyPort: port, originPort: field.originPort, caPem: readFileSync(ca, 'utf8'), originCaPem: field.originCaPem };
    measured = await drive({ to, pid: child.pid, call: field.call });
  } catch (error) {
    await stop(child, 'SIGKILL');
    throw new Error(`${error.message}${lastWords(dir)}`, { cause: error });
  }
  const code = await stop(child);
  if (code !== 0) throw new Error(`${id} ended with ${code}; its folder is ${dir}`);
  const checked = await held(contender.records(dir), measured);
  if (!options.keep) rmSync(dir, { recursive: true, force: true });
  return { ...measured, check: checked };
}

/** The end of what the contender said on stderr. */
function lastWords(dir) {
  const file = join(dir, 'stderr');
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return text === '' ? '' : ` (${text.slice(-300)})`;
}

async function held(records, { spans, unused = null }) {
  if (unused !== null) return await checkUnused(records, unused);
  return spans.length === 0 ? null : await check(records, spans);
}

/** CPU of `work`, with what the process still does after it until it is at rest. */
export async function weighed(pid, work) {
  const before = cpuMs(pid);
  const result = await work();
  await settled(pid);
  return { result, cpuMs: cpuMs(pid) - before };
}
