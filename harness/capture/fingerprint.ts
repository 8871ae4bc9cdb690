import { createHash } from 'node:crypto';
import type { ClientHello } from './client-hello.js';
import { isGrease } from './client-hello.js';

const SERVER_NAME = 0;
const ALPN = 16;
const MOST = 99;
/** A list of nothing, in JA4. */
const NONE = '000000000000';
/** JA4's names of versions. */
const VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x0304, '13'],
  [0x0303, '12'],
  [0x0302, '11'],
  [0x0301, '10'],
  [0x0300, 's3'],
  [0x0002, 's2'],
  [0xfeff, 'd1'],
  [0xfefd, 'd2'],
  [0xfefc, 'd3'],
]);

/** How a client's ClientHello looks, whatever it says in it: two clients with one library look the same. */
export interface Fingerprint {
  /** MD5 of `ja3Text`, hex. Specification: github.com/salesforce/ja3. */
  readonly ja3: string;
  readonly ja3Text: string;
  /** Specification: github.com/FoxIO-LLC/ja4, technical_details/JA4.md. */
  readonly ja4: string;
}

/** JA3 and JA4 of a ClientHello that came over TCP. */
export function fingerprintOf(hello: ClientHello): Fingerprint {
  const ja3Text = ja3TextOf(hello);
  return { ja3: createHash('md5').update(ja3Text).digest('hex'), ja3Text, ja4: ja4Of(hello) };
}

const real = (values: readonly number[]): readonly number[] => values.filter((value) => !isGrease(value));

function ja3TextOf({ legacyVersion, cipherSuites, extensions, groups, pointFormats }: ClientHello): string {
  return [[legacyVersion], real(cipherSuites), real(extensions), real(groups), pointFormats].map((values) => values.join('-')).join(',');
}

function ja4Of({ legacyVersion, versions, cipherSuites, extensions, alpn, signatureSchemes }: ClientHello): string {
  const suites = real(cipherSuites);
  const types = real(extensions);
  const offered = real(versions);
  const version = VERSIONS.get(offered.length === 0 ? legacyVersion : Math.max(...offered)) ?? '00';
  const first = `t${version}${types.includes(SERVER_NAME) ? 'd' : 'i'}${count(suites)}${count(types)}${ends(alpn[0] ?? '')}`;
  const listed = sortedHex(types.filter((type) => type !== SERVER_NAME && type !== ALPN));
  const schemes = real(signatureSchemes).map(hex4).join(',');
  return `${first}_${short(sortedHex(suites))}_${listed === '' ? NONE : short(schemes === '' ? listed : `${listed}_${schemes}`)}`;
}

const hex4 = (value: number): string => value.toString(16).padStart(4, '0');
const sortedHex = (values: readonly number[]): string =>
  values
    .toSorted((a, b) => a - b)
    .map(hex4)
    .join(',');
const count = (values: readonly number[]): string => String(Math.min(values.length, MOST)).padStart(2, '0');
const short = (text: string): string => (text === '' ? NONE : createHash('sha256').update(text).digest('hex').slice(0, NONE.length));

/** First and last character of a protocol's name; of its hex when one of the two is neither letter nor digit. */
function ends(protocol: string): string {
  if (protocol === '') return '00';
  const plain = /^[0-9A-Za-z](?:.*[0-9A-Za-z])?$/s.test(protocol);
  const text = plain ? protocol : Buffer.from(protocol, 'latin1').toString('hex');
  return `${text.at(0)}${text.at(-1)}`;
}
