// Times leaf certificates. Arguments: relay, stock or mockttp; that package's folder; a scratch folder; how many to make first; how many to time.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [id, home, dir, warm, count] = process.argv.slice(2);
const require = createRequire(import.meta.url);

const MAKERS = {
  /** Both with the RSA authority that the proxy signs with. */
  async relay() {
    const { createAuthority } = await import('../../../../dist/harness/capture/ca.js');
    const authority = createAuthority('bench', Date.now(), 'rsa');
    return (host) => authority.leaf(host);
  },
  stock() {
    const { CA } = require(join(home, 'dist/lib/ca.js'));
    return new Promise((resolve, reject) => {
      CA.create(dir, (error, ca) =>
        error ? reject(error) : resolve((host) => new Promise((done) => ca.generateServerCertificateKeys([host], done))),
      );
    });
  },
  async mockttp() {
    const { generateCACertificate, getCA } = require(join(home, 'dist/util/certificates.js'));
    const ca = await getCA(await generateCACertificate());
    return (host) => ca.generateCertificate(host);
  },
};

const make = await MAKERS[id]();
for (let i = 0; i < Number(warm); i++) await make(`warm${i}.bench.test`);
const times = [];
for (let i = 0; i < Number(count); i++) {
  const began = performance.now();
  await make(`leaf${i}.bench.test`);
  times.push(performance.now() - began);
}
times.sort((a, b) => a - b);
console.log(
  JSON.stringify({ p50Ms: times[Math.floor(times.length / 2)], p95Ms: times[Math.floor(times.length * 0.95)], count: times.length }),
);
