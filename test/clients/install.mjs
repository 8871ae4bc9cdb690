// Puts undici and Python requests below .contenders, which git ignores: node test/clients/install.mjs
// What is there in the wanted version is left as it is. Ends with 1 when one cannot be had.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../.contenders', import.meta.url));
const UNDICI = { version: '7.30.2', folder: join(FOLDER, 'undici') };
const REQUESTS = { version: '2.34.2', folder: join(FOLDER, 'requests') };

function run(command, ...args) {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (done.status !== 0) throw new Error(done.error?.message ?? done.stderr.trim().split('\n').at(-1));
  return done.stdout.trim();
}

function installUndici({ version, folder }) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  run('npm', 'install', '--prefix', folder, '--no-audit', '--no-fund', '--save-exact', `undici@${version}`);
}

function installRequests({ version, folder }) {
  rmSync(folder, { recursive: true, force: true });
  run('python3', '-m', 'venv', folder);
  run(join(folder, 'bin/python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `requests==${version}`);
}

const undiciIn = ({ folder }) => run('node', '-p', `require(${JSON.stringify(join(folder, 'node_modules/undici/package.json'))}).version`);
const requestsIn = ({ folder }) => run(join(folder, 'bin/python'), '-I', '-c', 'import requests; print(requests.__version__)');

function has(version, client) {
  try {
    return version(client) === client.version;
  } catch {
    return false;
  }
}

/** One client: says what was there, what was done, or in one sentence why not. */
function install(name, client, { version, work }) {
  const had = has(version, client);
  try {
    if (!had) work(client);
    if (!has(version, client)) throw new Error(`${client.version} is not what was put there`);
    console.log(`${name.padEnd(8)} ${client.version} ${had ? 'was there' : 'installed'}`);
    return true;
  } catch (error) {
    console.log(`${name.padEnd(8)} not installed: ${error.message}`);
    return false;
  }
}

const done = [
  install('undici', UNDICI, { version: undiciIn, work: installUndici }),
  install('requests', REQUESTS, { version: requestsIn, work: installRequests }),
];
process.exitCode = done.every(Boolean) ? 0 : 1;
