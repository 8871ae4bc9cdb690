// Puts the contenders below .contenders, which git ignores: node test/situations/contenders/install.mjs
// What is there in the wanted version is left as it is. Ends with 1 when a contender cannot be had.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WANTED, contenderHome } from './home.mjs';

export { contenderHome } from './home.mjs';

/** mitmproxy 11 runs on nothing older. */
const OLDEST_PYTHON = [3, 10];
const PYTHONS = ['/usr/bin/python3', '/usr/local/bin/python3', 'python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
/** What a Python says of itself, and the best of five turns of a loop like a proxy's own work: calls, dictionaries, text. */
const PROBE = `
import json, sys, sysconfig, time
class Part:
    def __init__(self, n): self.n = n
    def put(self, d): return {**d, 'n': self.n}
def turn():
    began = time.perf_counter()
    part, total = Part(1), 0
    for i in range(200000):
        d = part.put({'i': i})
        total += d['n'] * i % 7
        if isinstance(d, dict): total ^= len(str(i))
    return time.perf_counter() - began
print(json.dumps({'path': sys.executable, 'version': list(sys.version_info[:3]), 'prefix': sys.base_prefix,
  'configured': '--enable-optimizations' in (sysconfig.get_config_var('CONFIG_ARGS') or ''),
  'seconds': min(turn() for _ in range(5))}))
`;

function run(command, args) {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  return { ok: done.status === 0, stdout: done.stdout ?? '', why: done.error?.message ?? lastLine(done.stderr) };
}

function lastLine(text) {
  return (text ?? '').trim().split('\n').at(-1) ?? '';
}

function installNode(name, packageName, version) {
  const folder = join(contenderHome().folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const done = run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--save-exact', `${packageName}@${version}`]);
  if (!done.ok) throw new Error(`npm could not install ${packageName} ${version}: ${done.why}`);
}

/** All Pythons that mitmproxy can run on, the one to take first. */
function pythons() {
  const found = new Map();
  for (const name of PYTHONS) {
    const probe = run(name, ['-I', '-c', PROBE]);
    if (!probe.ok) continue;
    const told = JSON.parse(probe.stdout);
    // A distribution builds with profiles by its own make target and does not pass the flag to configure.
    const build = told.configured ? 'configured with --enable-optimizations' : told.prefix === '/usr' ? 'the distribution’s build' : null;
    const [major, minor] = told.version;
    if (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]) found.set(told.path, { ...told, build });
  }
  return [...found.values()].toSorted((a, b) => Number(b.build !== null) - Number(a.build !== null) || a.seconds - b.seconds);
}

function installMitmproxy() {
  const all = pythons();
  const [best] = all;
  if (best === undefined)
    throw new Error(`mitmproxy ${WANTED.mitmproxy} needs Python ${OLDEST_PYTHON.join('.')} or newer, and none was found`);
  const folder = join(contenderHome().folder, 'mitmproxy');
  rmSync(folder, { recursive: true, force: true });
  const { python, pythonPath } = environment(best.path, folder);
  const speed = all.map((one) => `${one.path} ${(one.seconds * 1000).toFixed(0)} ms`).join(', ');
  const build = `Python ${best.version.join('.')} (${best.path}, ${best.build ?? 'NOT an optimised build: its figures are too low'}; loop: ${speed})`;
  const installed = { version: WANTED.mitmproxy, python, pythonPath, build };
  writeFileSync(join(folder, 'installed.json'), `${JSON.stringify(installed, null, 2)}\n`);
}

/** A Python with mitmproxy in it: an environment where `venv` or `virtualenv` can make one, else a folder for PYTHONPATH. */
function environment(base, folder) {
  const wanted = `mitmproxy==${WANTED.mitmproxy}`;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const reasons = [];
  for (const module of ['venv', 'virtualenv']) {
    const made = run(base, ['-m', module, folder]);
    if (made.ok) {
      const python = join(folder, 'bin/python');
      const done = run(python, [...pip, wanted]);
      if (!done.ok) throw new Error(`pip could not install ${wanted}: ${done.why}`);
      return { python, pythonPath: null };
    }
    reasons.push(`${module}: ${made.why}`);
    rmSync(folder, { recursive: true, force: true });
  }
  const pythonPath = join(folder, 'packages');
  const done = run(base, [...pip, '--target', pythonPath, wanted]);
  if (!done.ok) throw new Error(`no environment for mitmproxy could be made (${reasons.join('; ')}; pip: ${done.why})`);
  return { python: base, pythonPath };
}

/** One contender: says what was there, what was done, or in one sentence why not. */
function install(name, work) {
  const had = contenderHome()[name];
  try {
    if (had === null) work();
  } catch (error) {
    console.log(`${name.padEnd(10)} not installed: ${error.message}`);
    return false;
  }
  const has = contenderHome()[name];
  if (has === null) console.log(`${name.padEnd(10)} not installed: the wanted version ${WANTED[name]} is not what was put there`);
  else console.log(`${name.padEnd(10)} ${has.version} ${had === null ? 'installed' : 'was there'}: ${has.build ?? has.folder}`);
  return has !== null;
}

/** Installs all that is missing; true when all three are there. */
export function installAll() {
  const done = [
    install('stock', () => installNode('stock', 'http-mitm-proxy', WANTED.stock)),
    install('mockttp', () => installNode('mockttp', 'mockttp', WANTED.mockttp)),
    install('mitmproxy', installMitmproxy),
  ];
  return done.every(Boolean);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = installAll() ? 0 : 1;
