// Scores contenders by the 47 situations: node test/situations/run.mjs jiejing jiejing-pipeline stock mockttp mitmproxy
// --only 6,7 picks situations, --jobs N runs N at once (2), --dump DIR keeps what was seen of each as JSON.
// Exit code 1: one of ours breaks a clause. Contenders are installed by contenders/install.mjs, ours is built by npm run prepare.
import { readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const NAMES = ['stock', 'mockttp', 'mitmproxy'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, jobs: { type: 'string', default: '2' }, dump: { type: 'string' } },
});
const found = readdirSync(join(folder, 'contenders')).filter((file) => NAMES.includes(file.replace(/\.ts$/, '')));
const { dir, file } = await bundle(['main.ts', 'origin/main.ts', 'blind/main.ts', ...found.map((name) => `contenders/${name}`)]);
try {
  const contenders = Object.fromEntries(found.map((name) => [name.slice(0, -3), require(file[`contenders/${name}`]).default]));
  process.exitCode = await require(file['main.ts']).main({
    folder,
    names: positionals.length > 0 ? positionals : ['jiejing', 'jiejing-pipeline'],
    only: values.only === undefined ? null : values.only.split(',').map(Number),
    jobs: Number(values.jobs),
    dump: values.dump === undefined ? null : resolve(values.dump),
    originProgram: file['origin/main.ts'],
    blindProgram: file['blind/main.ts'],
    contenders,
    say: (line) => console.log(line),
  });
} finally {
  rmSync(dir, { recursive: true, force: true });
}
