// The field of one bench run: a folder, the origin with its own CA, the load process.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startHelper } from './processes.mjs';

const at = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Files `ca.pem`, `origin.pem`, `origin.key`: one certificate for every `*.bench.test`, so that the origin mints nothing while it is measured. */
function certify(dir) {
  const openssl = (...args) => execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=bench origin CA',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  );
  openssl(
    'req',
    '-new',
    ...key.slice(0, 5),
    '-keyout',
    'origin.key',
    '-out',
    'origin.csr',
    '-subj',
    '/CN=*.bench.test',
    '-addext',
    'subjectAltName=DNS:*.bench.test',
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'origin.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '30',
    '-copy_extensions',
    'copy',
    '-out',
    'origin.pem',
  );
}

export async function openField(root) {
  const dir = join(root, 'origin');
  mkdirSync(dir);
  certify(dir);
  const origin = startHelper(at('./origin.mjs'));
  const load = startHelper(at('./load.mjs'));
  const originPort = await origin.call('listen', { dir });
  return {
    root,
    originPort,
    originCa: join(dir, 'ca.pem'),
    originCaPem: readFileSync(join(dir, 'ca.pem'), 'utf8'),
    call: load.call,
    /** TLS connections that the origin accepted so far. */
    accepted: () => origin.call('connections'),
    async close() {
      await load.close();
      await origin.close();
    },
  };
}
