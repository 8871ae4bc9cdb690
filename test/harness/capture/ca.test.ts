import { execFileSync } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../harness/capture/ca.js';

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

describe.each(['rsa', 'ec'] as const)('an authority with a %s key', (kind) => {
  const authority = createAuthority('Jiejing Lab 测试', NOW, kind);

  test('passes openssl verify -x509_strict, with every kind of host', () => {
    const ca = join(folder, `${kind}.pem`);
    writeFileSync(ca, authority.certPem);
    HOSTS.forEach((host, i) => {
      const file = join(folder, `${kind}-${i}.pem`);
      writeFileSync(file, authority.leaf(host).certPem);
      expect(
        execFileSync('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca, file], { encoding: 'utf8' }),
      ).toContain('OK');
    });
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

  test('its subject key id is the SHA-1 of the key bits', () => {
    const text = execFileSync('openssl', ['x509', '-noout', '-ext', 'subjectKeyIdentifier'], {
      input: authority.certPem,
      encoding: 'utf8',
    });
    const asn1 = execFileSync('openssl', ['x509', '-pubkey', '-noout'], { input: authority.certPem });
    const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'der'], { input: asn1 });
    const bits = der.subarray(kind === 'rsa' ? 24 : 26);
    expect(text.replace(/[^0-9A-F]/g, '')).toContain(createHash('sha1').update(bits).digest('hex').toUpperCase());
  });
});
