// Starts and ends what the bench runs beside itself.
import { fork, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const START_MS = 30_000;
const STOP_MS = 30_000;
const PATIENCE_MS = 120_000;

const running = new Set();
// A bench that is broken off must not leave proxies behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

/** Spawns what ends with the bench at the latest. */
export function begin(command, args, options) {
  const child = spawn(command, args, options);
  running.add(child);
  child.once('exit', () => running.delete(child)).once('error', () => running.delete(child));
  return child;
}

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A child whose first line on stdout is JSON. Its stderr goes to `DIR/stderr`. `detail` is that JSON. */
export async function launch(command, args, { dir, env = {}, stdin = 'ignore' }) {
  const child = begin(command, args, { env: { ...process.env, ...env }, stdio: [stdin, 'pipe', openSync(join(dir, 'stderr'), 'a')] });
  const detail = await within(START_MS, `${args[0]} did not start`, (resolve, reject) => {
    const why = () => new Error(`${args.join(' ')} did not start; see ${join(dir, 'stderr')}`);
    child.once('error', reject).once('exit', () => reject(why()));
    createInterface({ input: child.stdout }).once('line', (line) => {
      try {
        resolve(JSON.parse(line));
      } catch {
        reject(why());
      }
    });
  }).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  child.stdout.resume();
  return { child, detail };
}

/** Asks a child to end; resolves to its exit code. */
export async function stop(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = within(STOP_MS, `process ${child.pid} did not end at ${signal}`, (resolve) => child.once('exit', resolve));
  child.kill(signal);
  return await ended.catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
}

export function within(ms, what, executor) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${what} within ${ms} ms`)), ms);
    executor(
      (value) => (clearTimeout(late), resolve(value)),
      (error) => (clearTimeout(late), reject(error)),
    );
  });
}

/** A script of ours that answers commands: `call(command, args)` resolves to what its command resolves to. One that died is started again at the next call. */
export function startHelper(script) {
  let child = null;
  const waiting = new Map();
  let n = 0;

  function start() {
    const started = fork(script, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    started.on('message', ({ n: to, result, error }) => {
      const asked = waiting.get(to);
      waiting.delete(to);
      if (error === undefined) asked?.resolve(result);
      else asked?.reject(new Error(error));
    });
    started.on('exit', () => {
      child = null;
      for (const { reject } of waiting.values()) reject(new Error(`${script} died`));
      waiting.clear();
    });
    return started;
  }

  return {
    /** Fails after `patienceMs`: a contender that hangs must not hang the bench. */
    call: (command, args = {}, patienceMs = PATIENCE_MS) =>
      within(patienceMs, `${command} was not done`, (resolve, reject) => {
        child ??= start();
        waiting.set(++n, { resolve, reject });
        child.send({ n, command, args }, (error) => error && reject(error));
      }),
    async close() {
      if (child !== null) await stop(child);
    },
  };
}

/** The other end of `startHelper`, in the script. */
export function answerCalls(commands) {
  process.on('message', async ({ n, command, args }) => {
    try {
      process.send({ n, result: (await commands[command](args)) ?? null });
    } catch (error) {
      process.send({ n, error: error instanceof Error ? error.message : String(error) });
    }
  });
  process.on('disconnect', () => process.exit(0));
}
