import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import * as der from '../../harness/capture/der.js';

const DAY_MS = 86_400_000;
const ECDSA_SHA256 = der.sequence(der.oid('1.2.840.10045.4.3.2'));

/** A certificate and its key, both PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** What the origins show. */
export interface Certificates {
  readonly caPem: string;
  /** bench.test, *.bench.test, localhost, 127.0.0.1 and ::1. */
  readonly good: Pair;
  /** selfsigned.bench.test, signed by itself. */
  readonly selfSigned: Pair;
  /** As `good`, ended yesterday. */
  readonly expired: Pair;
}

interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}
interface Shape {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly names: readonly Buffer[] | null;
}

/** A CA and the leaves of one suite, all P-256; `wallMs` is now. Profile: RFC 5280. */
export function makeCertificates(wallMs: number): Certificates {
  const ca = pair();
  const now = { fromMs: wallMs - DAY_MS, toMs: wallMs + 30 * DAY_MS };
  const caName = 'Situation suite CA';
  const names = [dns('bench.test'), dns('*.bench.test'), dns('localhost'), ip([127, 0, 0, 1]), ip([...new Uint8Array(15), 1])];
  const leaf = (shape: Omit<Shape, 'name'>): Pair => {
    const keys = pair();
    return { cert: certificate({ name: caName, keys: ca }, keys, { name: 'bench.test', ...shape }), key: keyPem(keys) };
  };
  const own = pair();
  const ownName = 'selfsigned.bench.test';
  return {
    caPem: certificate({ name: caName, keys: ca }, ca, { name: caName, ...now, names: null }),
    good: leaf({ ...now, names }),
    selfSigned: {
      cert: certificate({ name: ownName, keys: own }, own, { name: ownName, ...now, names: [dns(ownName)] }),
      key: keyPem(own),
    },
    expired: leaf({ fromMs: wallMs - 30 * DAY_MS, toMs: wallMs - DAY_MS, names }),
  };
}

/** `names: null` makes a CA. */
function certificate(issuer: { name: string; keys: Keys }, subject: Keys, shape: Shape): string {
  const ca = shape.names === null;
  const tbs = der.sequence(
    der.tagged(0, der.integer(Buffer.from([2]))),
    der.integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    ECDSA_SHA256,
    named(issuer.name),
    der.sequence(der.time(shape.fromMs), der.time(shape.toMs)),
    named(shape.name),
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    der.tagged(
      3,
      der.sequence(
        extension('2.5.29.19', true, der.sequence(...(ca ? [der.yes] : []))),
        extension('2.5.29.15', true, ca ? der.bits(Buffer.from([0x06]), 1) : der.bits(Buffer.from([0x80]), 7)),
        extension('2.5.29.14', false, der.octets(keyId(subject))),
        extension('2.5.29.35', false, der.sequence(der.implicit(0, keyId(issuer.keys)))),
        ...(shape.names === null
          ? []
          : [
              extension('2.5.29.37', false, der.sequence(der.oid('1.3.6.1.5.5.7.3.1'))),
              extension('2.5.29.17', false, der.sequence(...shape.names)),
            ]),
      ),
    ),
  );
  const bytes = der.sequence(tbs, ECDSA_SHA256, der.bits(sign('sha256', tbs, issuer.keys.privateKey), 0));
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}

const pair = (): Keys => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyPem = (keys: Keys): string => keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const dns = (name: string): Buffer => der.implicit(2, Buffer.from(name, 'latin1'));
const ip = (bytes: readonly number[]): Buffer => der.implicit(7, Buffer.from(bytes));
const named = (name: string): Buffer => der.sequence(der.setOf(der.sequence(der.oid('2.5.4.3'), der.utf8(name))));
const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  der.sequence(der.oid(id), ...(critical ? [der.yes] : []), der.octets(value));
/** SHA-1 of the point, which is the last 65 bytes of a P-256 SPKI. */
const keyId = ({ publicKey }: Keys): Buffer =>
  createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }).subarray(-65))
    .digest();
