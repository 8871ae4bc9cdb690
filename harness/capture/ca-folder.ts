import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { LabError } from '../model/errors.js';
import { codeOf, fromDisk, makeFolders, onDisk, readIfThere, writeWhole } from '../store/disk.js';
import { authorityOf, rootCertificate } from './ca.js';
import type { Authority } from './ca.js';
import { newRsaPair, spkiOf } from './keys.js';
import { issuerFields, keyIdOf, signatureAlgorithm, subjectHashOld } from './x509.js';

/** Names of the certificate and of its key in a CA folder. */
const CERT = 'ca.pem';
const KEY = 'ca.key';
const OWNER_ONLY = 0o600;
const READABLE = 0o644;
const OF_OTHERS = 0o077;
/** Shorter RSA keys are refused by clients of today. */
const SHORTEST_RSA = 2048;

/** A CA that stays, so that a handset needs to be told of it once. */
export interface CaFolder {
  readonly authority: Authority;
  readonly dir: string;
  /** Whether the CA was made just now. */
  readonly made: boolean;
  /** File name of the certificate in Android's system store, without its `.0`. */
  readonly subjectHashOld: string;
  /** Real time at which the certificate ends, ms since 1970. */
  readonly untilMs: number;
}

/**
 * Opens the CA in `dir`, made there (RSA, 2048 bits) when there is none; of several processes that do so at once all get the same one.
 * `ca.key` is only ever readable by its owner: one that others may read is refused, never mended, for they may have read it.
 * `wallMs` is real time, ms since 1970.
 * @throws LabError CA_KEY_MISSING, CA_KEY_OPEN, CA_KEY_MISMATCH, CA_EXPIRED, CA_UNFIT, NO_PERMISSION, NO_READ, BAD_PATH, STORE_FULL
 */
export function openCaFolder(dir: string, wallMs: number): CaFolder {
  const files = { cert: path.join(dir, CERT), key: path.join(dir, KEY) };
  // The certificate is read first, as it is written last: whoever sees it must then find the key as well.
  const found = readIfThere(files.cert);
  const made = readIfThere(files.key) === null;
  if (found !== null && made) throw new LabError('CA_KEY_MISSING', { dir });
  if (made) makeKey(dir, files.key);
  const key = keyIn(files.key);
  const cert = certificateIn(files.cert, found ?? makeCertificate(files.cert, key, wallMs));
  const fields = fit(files, cert, key);
  const [from, until] = [Date.parse(cert.validFrom), Date.parse(cert.validTo)];
  if (wallMs < from || wallMs > until) throw new LabError('CA_EXPIRED', { file: files.cert, from: day(from), until: day(until) });
  const authority = authorityOf({ cert, key }, wallMs);
  return { authority, dir, made, subjectHashOld: subjectHashOld(fields.subject), untilMs: until };
}

const day = (wallMs: number): string => new Date(wallMs).toISOString().slice(0, 10);

function makeKey(dir: string, file: string): void {
  const folders = makeFolders(dir);
  if (folders.length > 0) onDisk(dir, () => fs.chmodSync(dir, 0o700));
  const mine = placeOnce(file, newRsaPair().keyPem, OWNER_ONLY);
  try {
    keyIn(file);
  } catch (error) {
    // A disk without modes shows it to all: it must not stay there.
    if (mine) fs.rmSync(file, { force: true });
    throw error;
  }
}

/** Makes a certificate for the key, and returns the one that then lies in the folder. */
function makeCertificate(file: string, key: KeyObject, wallMs: number): Buffer {
  if (signatureAlgorithm(key) === undefined) throw unfit(path.join(path.dirname(file), KEY), 'kind');
  // Android names certificates by their subject: two CAs of one name could not be in its store together.
  const own = keyIdOf(spkiOf(key)).toString('hex').slice(0, 8).toUpperCase();
  const cert = rootCertificate(`Jiejing Lab CA ${own}`, key, wallMs);
  placeOnce(file, cert.toString(), READABLE);
  return fromDisk(file, () => fs.readFileSync(file));
}

/** Puts a whole file there unless something has that name; returns whether it did. */
function placeOnce(file: string, text: string, mode: number): boolean {
  const staged = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  return onDisk(file, () => {
    try {
      const fd = fs.openSync(staged, 'wx', mode);
      try {
        const { error } = writeWhole(fd, Buffer.from(text));
        if (error !== null) throw error;
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      return appear(staged, file);
    } finally {
      fs.rmSync(staged, { force: true });
    }
  });
}

/** A link appears with its content in one step. */
function appear(staged: string, file: string): boolean {
  try {
    fs.linkSync(staged, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(codeOf(error) ?? '')) throw error;
  }
  try {
    fs.copyFileSync(staged, file, fs.constants.COPYFILE_EXCL); // exFAT and some network disks have no links
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function keyIn(file: string): KeyObject {
  const pem = fromDisk(file, () => {
    const fd = fs.openSync(file, 'r');
    try {
      // Of the file that is then read, not of one that was put there in between. Windows has no such modes.
      const mode = fs.fstatSync(fd).mode & 0o777;
      if ((mode & OF_OTHERS) !== 0 && process.platform !== 'win32') throw new LabError('CA_KEY_OPEN', { file, mode: mode.toString(8) });
      return fs.readFileSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  });
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw unfit(file, /ENCRYPTED/.test(pem.toString('latin1')) ? 'locked' : 'key', error);
  }
}

function certificateIn(file: string, pem: Buffer): X509Certificate {
  // OpenSSL would take DER as well; the library's and our users' tools would not.
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw unfit(file, 'cert');
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw unfit(file, 'cert', error);
  }
}

/** Refuses a pair that could not sign what clients take. */
function fit(files: { readonly cert: string; readonly key: string }, cert: X509Certificate, key: KeyObject): { readonly subject: Buffer } {
  if (!cert.checkPrivateKey(key)) throw new LabError('CA_KEY_MISMATCH', files);
  if (!cert.ca) throw unfit(files.cert, 'not-ca');
  if (signatureAlgorithm(key) === undefined) throw unfit(files.key, 'kind');
  if ((key.asymmetricKeyDetails?.modulusLength ?? SHORTEST_RSA) < SHORTEST_RSA) throw unfit(files.key, 'short');
  const fields = issuerFields(cert.raw);
  if (fields === null) throw unfit(files.cert, 'cert');
  return fields;
}

/** What is wrong with a file of the pair, in words. */
const UNFIT = {
  cert: ['不是 PEM 格式的证书', 'it is no certificate in PEM'],
  key: ['不是 PEM 格式的私钥', 'it is no private key in PEM'],
  locked: ['私钥有口令，无法使用', 'the key has a pass phrase and cannot be used'],
  kind: ['只支持 RSA 和 EC 私钥', 'only RSA and EC keys can be used'],
  short: ['RSA 私钥不足 2048 位，客户端会拒绝', 'RSA keys below 2048 bits are refused by clients'],
  'not-ca': ['不是 CA 证书，不能签发其他证书', 'it is not a CA and may not sign certificates'],
} as const;

function unfit(file: string, why: keyof typeof UNFIT, cause?: unknown): LabError {
  const [what, whatEn] = UNFIT[why];
  return new LabError('CA_UNFIT', { file, what, whatEn }, { cause });
}
