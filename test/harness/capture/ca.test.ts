import { execFileSync } from 'node:child_process';
import { X509Certificate, createHash, createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorityOf, createAuthority } from '../../../harness/capture/ca.js';

const NOW = Date.now();
const HOSTS = [
  'api.example.com',
  'a_b.example.com',
  '127.0.0.1',
  '::1',
  '2001:db8::7',
  '::ffff:1.2.3.4',
  `${'long-label.'.repeat(7)}example.com`,
  '例子.测试',
];
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jj-ca-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What `openssl verify` says of a leaf. */
function verified(caPem: string, leafPem: string): string {
  const [ca, leaf] = [join(folder, 'verify-ca.pem'), join(folder, 'verify-leaf.pem')];
  writeFileSync(ca, caPem);
  writeFileSync(leaf, leafPem);
  return execFileSync('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca, leaf], { encoding: 'utf8' });
}

describe.each(['rsa', 'ec'] as const)('an authority with a %s key', (kind) => {
  const authority = createAuthority('Jiejing Lab 测试', NOW, kind);

  test.each(['ec', 'rsa'] as const)('passes openssl verify -x509_strict, with every kind of host, for %s leaves', (leafKind) => {
    for (const host of HOSTS) expect(verified(authority.certPem, authority.leaf(host, leafKind).certPem)).toContain('OK');
  });

  test('names the host, an IP as an address, and lives for 90 days from the time it was told', () => {
    for (const host of HOSTS.slice(0, 6)) {
      const cert = new X509Certificate(authority.leaf(host).certPem);
      expect(
        host.includes(':') || /^[\d.]+$/.test(host)
          ? cert.checkIP(host === '::ffff:1.2.3.4' ? '::ffff:102:304' : host)
          : cert.checkHost(host),
        host,
      ).toBeTruthy();
      expect(Date.parse(cert.validTo) - NOW).toBeGreaterThan(89 * 86_400_000);
      expect(Date.parse(cert.validFrom)).toBeLessThan(NOW);
    }
  });

  test('has positive 128-bit serials and a key of its own for each host, the same at every asking', () => {
    const leaves = HOSTS.map((host) => authority.leaf(host));
    for (const leaf of leaves) expect(new X509Certificate(leaf.certPem).serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(new Set(leaves.map((leaf) => leaf.spkiSha256Base64)).size).toBe(HOSTS.length);
    expect(authority.leaf('API.example.com.')).toBe(leaves[0]);
  });

  test('its SPKI pin is what openssl computes', () => {
    const leaf = authority.leaf('pinned.example.com');
    const spki = execFileSync('sh', ['-c', 'openssl x509 -pubkey -noout | openssl pkey -pubin -outform der'], { input: leaf.certPem });
    expect(leaf.spkiSha256Base64).toBe(createHash('sha256').update(spki).digest('base64'));
  });

  test.each<[what: string, pem: () => string, keyBitsAt: number]>([
    ['its', () => authority.certPem, kind === 'rsa' ? 24 : 26],
    ["a leaf's", () => authority.leaf('id.example.com').certPem, 26],
    ["an RSA leaf's", () => authority.leaf('id.example.com', 'rsa').certPem, 24],
  ])('%s subject key id is the SHA-1 of the key bits', (_whose, pem, keyBitsAt) => {
    const text = execFileSync('openssl', ['x509', '-noout', '-ext', 'subjectKeyIdentifier'], { input: pem(), encoding: 'utf8' });
    const spki = execFileSync('sh', ['-c', 'openssl x509 -pubkey -noout | openssl pkey -pubin -outform der'], { input: pem() });
    expect(text.replace(/[^0-9A-F]/g, '')).toContain(createHash('sha1').update(spki.subarray(keyBitsAt)).digest('hex').toUpperCase());
  });

  test('a leaf belongs to its key, and is of the kind that was asked for', () => {
    for (const leafKind of ['ec', 'rsa'] as const) {
      const { certPem, keyPem } = authority.leaf('kind.example.com', leafKind);
      const [cert, key] = [new X509Certificate(certPem), createPrivateKey(keyPem)];
      expect(cert.checkPrivateKey(key)).toBe(true);
      expect(cert.checkIssued(new X509Certificate(authority.certPem))).toBe(true);
      expect(key.asymmetricKeyType).toBe(leafKind);
    }
  });
});

describe('leaves', () => {
  const authority = createAuthority('Lab', NOW, 'ec');

  test('with RSA keys share one, and only those may be sent secrets encrypted', () => {
    const usage = (pem: string): string =>
      execFileSync('openssl', ['x509', '-noout', '-ext', 'keyUsage'], { input: pem, encoding: 'utf8' });
    const [a, b] = [authority.leaf('a.example.com', 'rsa'), authority.leaf('b.example.com', 'rsa')];
    expect(a.spkiSha256Base64).toBe(b.spkiSha256Base64);
    expect(a.sha256).not.toBe(b.sha256);
    expect(usage(a.certPem)).toMatch(/Digital Signature, Key Encipherment\n/);
    expect(usage(authority.leaf('a.example.com').certPem)).toMatch(/Digital Signature\n/);
  });

  test('are kept, with their contexts, while among the 1,024 used last', () => {
    const [first, context] = [authority.leaf('kept.example.com'), authority.context('kept.example.com')];
    for (let i = 0; i < 1023; i += 1) authority.leaf(`${i}.example.com`);
    expect(authority.leaf('kept.example.com')).toBe(first);
    for (let i = 1023; i < 2047; i += 1) authority.leaf(`${i}.example.com`);
    expect(authority.leaf('kept.example.com')).not.toBe(first);
    expect(authority.context('KEPT.example.com')).toBe(context);
    expect(authority.context('kept.example.com', 'rsa')).not.toBe(context);
  });

  test('have their keys written as OpenSSL writes them, also those that begin with a zero', () => {
    for (let i = 0; i < 1500; i += 1) {
      const { keyPem } = authority.leaf(`key-${i}.example.com`);
      expect(createPrivateKey(keyPem).export({ type: 'sec1', format: 'pem' })).toBe(keyPem);
    }
  });

  test.each(['', 'a\0b', 'a b/c', '\u00ff\u00fe', '*', `${'x'.repeat(65_000)}.com`, '..', '[::1', '256.1.1.1', '<script>', 'a'.repeat(64)])(
    'are made for a name that no server has: %j',
    (name) => {
      expect(new X509Certificate(authority.leaf(name).certPem).checkIssued(new X509Certificate(authority.certPem))).toBe(true);
      expect(() => authority.context(name)).not.toThrow();
    },
  );
});

describe('an authority of a certificate that others made', () => {
  /** By openssl, with what the config says. */
  function made(
    extensions: string,
    args: readonly string[] = ['rsa:2048'],
  ): { readonly cert: X509Certificate; readonly pem: string; readonly key: string } {
    const config = join(folder, 'ca.cnf');
    writeFileSync(
      config,
      `[req]\ndistinguished_name=dn\nx509_extensions=ext\nprompt=no\nstring_mask=default\n[dn]\nC=CN\nO=Lab\nCN=Own CA\n[ext]\n${extensions}\n`,
    );
    const [pem, key] = [join(folder, 'own.pem'), join(folder, 'own.key')];
    execFileSync('openssl', ['req', '-x509', '-config', config, '-nodes', '-days', '30', '-newkey', ...args, '-keyout', key, '-out', pem], {
      stdio: 'ignore',
    });
    const text = readFileSync(pem, 'utf8');
    return { cert: new X509Certificate(text), pem: text, key: readFileSync(key, 'utf8') };
  }
  const USUAL = 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n';

  test.each([
    ['a key id of its own', `${USUAL}subjectKeyIdentifier=0102030405`, ['rsa:2048']],
    ['the usual key id', `${USUAL}subjectKeyIdentifier=hash`, ['rsa:3072']],
    ['an EC key', `${USUAL}subjectKeyIdentifier=hash`, ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384']],
  ])('signs leaves that openssl takes: %s', (_what, extensions, args) => {
    const { cert, pem, key } = made(extensions, args);
    const authority = authorityOf({ cert, key: createPrivateKey(key) }, NOW);
    expect(authority.name).toBe('Own CA');
    expect(verified(pem, authority.leaf('api.example.com').certPem)).toContain('OK');
    expect(verified(authority.certPem, authority.leaf('10.0.0.1', 'rsa').certPem)).toContain('OK');
  });

  test('signs none that outlives it', () => {
    const { cert, key } = made(`${USUAL}subjectKeyIdentifier=hash`);
    const leaf = new X509Certificate(authorityOf({ cert, key: createPrivateKey(key) }, NOW).leaf('api.example.com').certPem);
    expect(leaf.validTo).toBe(cert.validTo);
  });
});
