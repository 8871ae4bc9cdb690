import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, lstatSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './processes.mjs';

export async function measure() {
  const root = mkdtempSync(join(tmpdir(), 'jiejing-bench-'));
  try {
    const env = { HOME: join(root, 'home'), npm_config_cache: join(root, 'home/.npm') };
    mkdirSync(env.HOME);
    await must('git', ['clone', '-q', '.', join(root, 'clone')], {});
    const ci = await must('npm', ['ci'], { cwd: join(root, 'clone'), env });
    const packed = await must('npm', ['pack', '--pack-destination', root], { cwd: join(root, 'clone'), env });
    const tarball = readdirSync(root).find((name) => name.endsWith('.tgz'));
    if (!tarball) throw new Error(packed.stderr);
    mkdirSync(join(root, 'user'));
    await must('npm', ['init', '-y'], { cwd: join(root, 'user'), env });
    await must('npm', ['i', '--omit=dev', join(root, tarball)], { cwd: join(root, 'user'), env });
    const works = await run(join(root, 'user/node_modules/.bin/jiejing'), ['apps'], { cwd: join(root, 'user'), env });
    if (works.code !== 0) throw new Error(`the installed program does not start\n${works.stderr}`);
    return [
      { what: 'npm ci with an empty cache', goal: 60, reached: ci.seconds, unit: 's', note: 'fresh clone, build included' },
      {
        what: 'what a user installs (npm pack, npm i --omit=dev)',
        goal: 180,
        reached: bytesIn(join(root, 'user/node_modules')) / 1e6,
        unit: 'MB',
        note: '',
      },
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function must(command, args, options) {
  const done = await run(command, args, options);
  if (done.code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${done.code}\n${done.stderr}`);
  return done;
}

/** Disk blocks of all files below a folder, in bytes, as `du` counts them. */
function bytesIn(folder) {
  if (!existsSync(folder)) return 0;
  let sum = 0;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = lstatSync(path);
    sum += stat.isDirectory() ? bytesIn(path) : stat.blocks * 512;
  }
  return sum;
}
