// ripgrep and TrackHAR below .contenders, which git ignores: node test/bench/link/contenders.mjs puts them there.
// Neither package has an install script. Hyperscan comes from the system (Debian: libhyperscan-dev).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../.contenders', import.meta.url));
const WANTED = [
  { name: '@vscode/ripgrep', version: '1.18.0', folder: join(ROOT, 'ripgrep') },
  { name: 'trackhar', version: '1.0.0', folder: join(ROOT, 'trackhar') },
];

function versionIn({ name, folder }) {
  const file = join(folder, 'node_modules', name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : null;
}

/** The program or module of each contender; null for one that is not there. */
export function contenders() {
  const [ripgrep, trackhar] = WANTED.map((one) => (versionIn(one) === one.version ? join(one.folder, 'node_modules') : null));
  const rg = ripgrep === null ? null : join(ripgrep, `@vscode/ripgrep-${platform()}-${arch()}/bin/rg`);
  return {
    ripgrep: rg !== null && existsSync(rg) ? rg : null,
    trackhar: trackhar === null ? null : join(trackhar, 'trackhar/dist/index.js'),
  };
}

/** Compiles a small program around Hyperscan; null where there is no compiler or no library. */
export function hyperscan(folder) {
  const program = join(folder, 'hyperscan');
  const source = fileURLToPath(new URL('./hyperscan.c', import.meta.url));
  const done = spawnSync('cc', ['-O2', '-o', program, source, '-lhs'], { encoding: 'utf8' });
  return done.status === 0 ? program : null;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const one of WANTED) {
    if (versionIn(one) === one.version) continue;
    mkdirSync(one.folder, { recursive: true });
    writeFileSync(join(one.folder, 'package.json'), '{ "private": true }\n');
    const args = [
      'install',
      '--prefix',
      one.folder,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--save-exact',
      `${one.name}@${one.version}`,
    ];
    const done = spawnSync('npm', args, { encoding: 'utf8' });
    console.log(
      done.status === 0 ? `${one.name} ${one.version} installed` : `${one.name} not installed: ${done.stderr.trim().split('\n').at(-1)}`,
    );
    if (done.status !== 0) process.exitCode = 1;
  }
  console.log(contenders());
}
