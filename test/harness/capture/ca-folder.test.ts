import { execFileSync, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCaFolder } from '../../../harness/capture/ca-folder.js';
import { LabError } from '../../../harness/model/errors.js';
import type { ErrorCode } from '../../../harness/model/errors.js';

const NOW = Date.now();
const YEAR_MS = 365 * 86_400_000;
let root: string;
/** A CA that was made by us; tests spoil copies of it. */
let good: string;
beforeAll(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'jj-ca-folder-'));
  good = join(root, 'good');
  openCaFolder(good, NOW);
});
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const modeOf = (file: string): string => (fs.statSync(file).mode & 0o777).toString(8);
function openssl(args: readonly string[], input?: string): string {
  return execFileSync('openssl', args, { encoding: 'utf8', ...(input === undefined ? {} : { input }), stdio: ['pipe', 'pipe', 'ignore'] });
}
/** The code that opening ends with, with its words. */
function refusal(dir: string, wallMs: number = NOW): { readonly code: ErrorCode; readonly zh: string; readonly en: string } {
  try {
    openCaFolder(dir, wallMs);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { code: error.code, zh: Object.values(error.words('zh')).join('\n'), en: Object.values(error.words('en')).join('\n') };
  }
  throw new Error('it was opened');
}

describe('a CA folder', () => {
  test('is made where none is, with a key that only its owner may read, and stays the same', () => {
    const dir = join(root, 'deep', 'er', 'ca');
    const first = openCaFolder(dir, NOW);
    expect(first.made).toBe(true);
    expect(fs.readdirSync(dir).toSorted()).toEqual(['ca.key', 'ca.pem']);
    expect([modeOf(dir), modeOf(join(dir, 'ca.key')), modeOf(join(dir, 'ca.pem'))]).toEqual(['700', '600', '644']);
    const second = openCaFolder(dir, NOW + YEAR_MS);
    expect(second).toMatchObject({ made: false, subjectHashOld: first.subjectHashOld, untilMs: first.untilMs });
    expect(second.authority.certPem).toBe(first.authority.certPem);
    const leaf = new X509Certificate(second.authority.leaf('api.example.com').certPem);
    expect(leaf.verify(new X509Certificate(first.authority.certPem).publicKey)).toBe(true);
    expect(Date.parse(leaf.validFrom)).toBeGreaterThan(NOW + YEAR_MS - 2 * 86_400_000);
  });

  test('says what openssl says of its certificate', () => {
    const { authority, subjectHashOld, untilMs } = openCaFolder(good, NOW);
    expect(`${subjectHashOld}\n`).toBe(openssl(['x509', '-noout', '-subject_hash_old'], authority.certPem));
    expect(openssl(['verify', '-x509_strict', '-CAfile', join(good, 'ca.pem'), join(good, 'ca.pem')])).toMatch(/OK/);
    expect(untilMs).toBe(Date.parse(openssl(['x509', '-noout', '-enddate'], authority.certPem).replace('notAfter=', '')));
    expect(openssl(['x509', '-noout', '-text'], authority.certPem)).toMatch(/RSA Public-Key: \(2048|Public-Key: \(2048/);
  });

  test('is named by its key, so that two can be in one store', () => {
    const [one, other] = [openCaFolder(good, NOW), openCaFolder(join(root, 'other'), NOW)];
    const keyId = openssl(['x509', '-noout', '-ext', 'subjectKeyIdentifier'], one.authority.certPem)
      .split('\n')[1]
      ?.replaceAll(/[: ]/g, '');
    expect(one.authority.name).toBe(`Jiejing Lab CA ${keyId?.slice(0, 8)}`);
    expect(one.authority.name).not.toBe(other.authority.name);
    expect(one.subjectHashOld).not.toBe(other.subjectHashOld);
  });

  test('whose making was cut short between key and certificate is completed', () => {
    const dir = join(root, 'torn');
    fs.mkdirSync(dir);
    fs.copyFileSync(join(good, 'ca.key'), join(dir, 'ca.key'));
    const opened = openCaFolder(dir, NOW);
    expect(opened.made).toBe(false);
    expect(opened.authority.publicKeyPem).toBe(openCaFolder(good, NOW).authority.publicKeyPem);
  });

  test('opened for the first time by many processes at once is one CA', async () => {
    const program = join(root, 'open.mjs');
    const contents = `
      import { openCaFolder } from './harness/capture/ca-folder.js';
      process.stdin.once('data', () => {
        const { authority, made } = openCaFolder(process.argv[2], Date.now());
        console.log(JSON.stringify({ sha256: authority.sha256, key: authority.keyPem, made }));
        process.exit();
      });
      console.log('ready');`;
    const stdin = { contents, resolveDir: process.cwd(), loader: 'ts' } as const;
    buildSync({ stdin, outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
    for (const name of ['race-1', 'race-2']) {
      const dir = join(root, name);
      const children = Array.from({ length: 5 }, () => spawn(process.execPath, [program, dir], { stdio: ['pipe', 'pipe', 'inherit'] }));
      const said = children.map(() => '');
      const ended = children.map((child, i) => {
        child.stdout.setEncoding('utf8').on('data', (text: string) => (said[i] += text));
        return new Promise((done) => child.once('close', done));
      });
      await Promise.all(children.map((child) => new Promise((done) => child.stdout.once('data', done))));
      for (const child of children) child.stdin.write('go\n');
      await Promise.all(ended);
      const all = said.map((text) => JSON.parse(text.replace('ready\n', '')) as { readonly sha256: string; readonly key: string });
      expect(new Set(all.map(({ sha256 }) => sha256)).size).toBe(1);
      expect(new Set(all.map(({ key }) => key)).size).toBe(1);
      expect(openCaFolder(dir, NOW).authority.sha256).toBe(all[0]?.sha256);
      expect(fs.readdirSync(dir).toSorted()).toEqual(['ca.key', 'ca.pem']);
    }
  }, 60_000);
});

describe('a CA that others made', () => {
  test.each([
    ['rsa:3072', []],
    ['ec', ['-pkeyopt', 'ec_paramgen_curve:P-256']],
  ])('with a key by openssl (%s) is taken', (kind, more) => {
    const dir = join(root, `own-${kind.replace(':', '-')}`);
    fs.mkdirSync(dir);
    const [key, cert] = [join(dir, 'ca.key'), join(dir, 'ca.pem')];
    const subject = ['-subj', '/C=CN/O=测试/CN=Own', '-addext', 'keyUsage=critical,keyCertSign'];
    openssl(['req', '-x509', '-nodes', '-days', '30', ...subject, '-newkey', kind, ...more, '-keyout', key, '-out', cert]);
    fs.chmodSync(key, 0o600);
    const { authority, subjectHashOld, made } = openCaFolder(dir, Date.now()); // it begins after NOW
    expect(made).toBe(false);
    expect(`${subjectHashOld}\n`).toBe(openssl(['x509', '-noout', '-subject_hash_old', '-in', cert]));
    const leaf = join(dir, 'leaf.pem');
    fs.writeFileSync(leaf, authority.leaf('api.example.com').certPem);
    expect(openssl(['verify', '-x509_strict', '-CAfile', cert, leaf])).toMatch(/OK/);
  });
});

describe('a CA folder is refused, and why is said', () => {
  /** A copy of the good one, spoilt. */
  function spoilt(name: string, spoil: (files: { readonly cert: string; readonly key: string }) => void): string {
    const dir = join(root, `spoilt-${name}`);
    fs.cpSync(good, dir, { recursive: true });
    spoil({ cert: join(dir, 'ca.pem'), key: join(dir, 'ca.key') });
    return dir;
  }
  const newPair = (key: string, cert: string, kind: readonly string[], more: readonly string[]): string =>
    openssl(['req', '-x509', '-nodes', '-subj', '/CN=Own', '-days', '30', '-newkey', ...kind, ...more, '-keyout', key, '-out', cert]);
  const RSA = ['rsa:2048'];

  test.each<
    [what: string, code: ErrorCode, zh: RegExp, en: RegExp, spoil: (files: { readonly cert: string; readonly key: string }) => void]
  >([
    ['no key', 'CA_KEY_MISSING', /没有私钥 ca\.key/, /no key, ca\.key/, ({ key }) => fs.rmSync(key)],
    [
      'a key that the group may read',
      'CA_KEY_OPEN',
      /权限 640.*\n.*chmod 600/,
      /mode 640.*\n.*chmod 600/,
      ({ key }) => fs.chmodSync(key, 0o640),
    ],
    ['a key that all may read', 'CA_KEY_OPEN', /权限 604/, /mode 604/, ({ key }) => fs.chmodSync(key, 0o604)],
    ["another CA's key", 'CA_KEY_MISMATCH', /不是一对/, /does not belong/, ({ key }) => newPair(key, `${key}.pem`, RSA, [])],
    ['a certificate that is no PEM', 'CA_UNFIT', /不是 PEM 格式的证书/, /no certificate in PEM/, ({ cert }) => fs.writeFileSync(cert, 'x')],
    [
      'a certificate in DER',
      'CA_UNFIT',
      /不是 PEM 格式的证书/,
      /no certificate in PEM/,
      ({ cert }) => void openssl(['x509', '-in', cert, '-outform', 'der', '-out', cert]),
    ],
    ['a torn certificate', 'CA_UNFIT', /不是 PEM 格式的证书/, /no certificate in PEM/, ({ cert }) => fs.truncateSync(cert, 400)],
    ['an empty key', 'CA_UNFIT', /不是 PEM 格式的私钥/, /no private key in PEM/, ({ key }) => fs.truncateSync(key, 0)],
    [
      'a key with a pass phrase',
      'CA_UNFIT',
      /有口令/,
      /pass phrase and/,
      ({ key }) => fs.writeFileSync(key, openssl(['pkey', '-in', key, '-aes256', '-passout', 'pass:made-up'])),
    ],
    [
      'a certificate that may not sign',
      'CA_UNFIT',
      /不是 CA 证书/,
      /not a CA/,
      ({ key, cert }) => newPair(key, cert, RSA, ['-addext', 'basicConstraints=critical,CA:false']),
    ],
    [
      'a CA that may not sign certificates',
      'CA_UNFIT',
      /不是 CA 证书/,
      /not a CA/,
      ({ key, cert }) => newPair(key, cert, RSA, ['-addext', 'keyUsage=critical,digitalSignature']),
    ],
    ['a key of another kind', 'CA_UNFIT', /只支持 RSA 和 EC/, /only RSA and EC/, ({ key, cert }) => newPair(key, cert, ['ed25519'], [])],
    ['a short key', 'CA_UNFIT', /不足 2048 位/, /below 2048 bits/, ({ key, cert }) => newPair(key, cert, ['rsa:1024'], [])],
  ])('%s', (what, code, ...[zh, en, spoil]) => {
    const dir = spoilt(what.replaceAll(/\W/g, '-'), (files) => {
      spoil(files);
      if (fs.existsSync(files.key) && code !== 'CA_KEY_OPEN') fs.chmodSync(files.key, 0o600);
    });
    const before = fs.readdirSync(dir).map((name) => [name, fs.readFileSync(join(dir, name), 'latin1')]);
    const said = refusal(dir);
    expect(said).toEqual({ code, zh: expect.stringMatching(zh), en: expect.stringMatching(en) });
    expect(`${said.zh}${said.en}`).not.toMatch(/\{|undefined/);
    expect(fs.readdirSync(dir).map((name) => [name, fs.readFileSync(join(dir, name), 'latin1')])).toEqual(before);
  });

  test.each([
    ['before', NOW - YEAR_MS],
    ['after', NOW + 3 * YEAR_MS],
  ])('one that is opened %s its time', (_when, wallMs) => {
    expect(refusal(good, wallMs)).toEqual({
      code: 'CA_EXPIRED',
      zh: expect.stringMatching(/有效期内（\d{4}-\d\d-\d\d 至 \d{4}-\d\d-\d\d）/),
      en: expect.stringMatching(/from \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d/),
    });
  });

  test('a file where the folder should be', () => {
    const file = join(root, 'a-file');
    fs.writeFileSync(file, '');
    expect(refusal(file).code).toBe('BAD_PATH');
    expect(refusal(join(file, 'ca')).code).toBe('BAD_PATH');
  });
});
