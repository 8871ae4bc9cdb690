import { describe, expect, test } from 'vitest';
import { sniffClientHello } from '../../../harness/capture/client-hello.js';
import type { ClientHello } from '../../../harness/capture/client-hello.js';
import { fingerprintOf } from '../../../harness/capture/fingerprint.js';
// Hellos as these clients sent them; the expected values are by the npm package read-tls-client-hello 2.0.0.
import recorded from './client-hellos.json' with { type: 'json' };

const BARE: ClientHello = {
  sni: null,
  alpn: [],
  legacyVersion: 0x0303,
  versions: [],
  cipherSuites: [],
  extensions: [],
  groups: [],
  pointFormats: [],
  signatureSchemes: [],
};
const hex = (list: string): readonly number[] => list.split(',').map((value) => parseInt(value, 16));

describe('hellos of real clients', () => {
  test.each(recorded)('$client', ({ hex: bytes, ja3, ja3Text, ja4, sni, alpn }) => {
    const sniffed = sniffClientHello(Buffer.from(bytes, 'hex'));
    if (sniffed.kind !== 'hello') throw new Error(sniffed.kind);
    expect(fingerprintOf(sniffed.hello)).toEqual({ ja3, ja3Text, ja4 });
    expect(sniffed.hello).toMatchObject({ sni, alpn });
  });
});

describe('JA3', () => {
  /** Taken apart from the published text, which has no GREASE. */
  const fromText = (text: string): ClientHello => {
    const [[version = 0] = [], cipherSuites = [], extensions = [], groups = [], pointFormats = []] = text
      .split(',')
      .map((field) => (field === '' ? [] : field.split('-').map(Number)));
    return { ...BARE, legacyVersion: version, cipherSuites, extensions, groups, pointFormats };
  };
  // The first two from the specification's own text, the third from that of its Python program.
  test.each([
    ['ada70206e40642a3e4461f35503241d5', '769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0'],
    ['de350869b8c85de67a350c8d186f11e6', '769,4-5-10-9-100-98-3-6-19-18-99,,,'],
    [
      '2aef69b4ba1938c3a400de4188743185',
      '769,255-49162-49172-136-135-57-56-49167-49157-132-53-49159-49161-49169-49171-69-68-51-50-49164-49166-49154-49156-150-65-4-5-47-' +
        '49160-49170-22-19-49165-49155-65279-10,0-10-11-35,23-24-25,0',
    ],
  ])('%s is what is published', (ja3, text) => {
    expect(fingerprintOf(fromText(text))).toMatchObject({ ja3, ja3Text: text });
  });

  test('GREASE is left out wherever it may stand, and nothing else is', () => {
    const plain = { ...BARE, cipherSuites: [0x1301, 0x1a2a], extensions: [10, 43], groups: [29] };
    const greased = {
      ...plain,
      cipherSuites: [0x0a0a, ...plain.cipherSuites, 0xfafa],
      extensions: [0xaaaa, 10, 0x1a1a, 43],
      groups: [0x3a3a, 29],
    };
    expect(fingerprintOf(greased)).toEqual(fingerprintOf(plain));
    expect(fingerprintOf(plain).ja3Text).toBe(`771,${0x1301}-${0x1a2a},10-43,29,`);
  });
});

describe('JA4', () => {
  /** The example of the specification. */
  const EXAMPLE: ClientHello = {
    ...BARE,
    sni: 'example.com',
    alpn: ['h2', 'http/1.1'],
    versions: [0x2a2a, 0x0304, 0x0303],
    cipherSuites: hex('1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035'),
    extensions: hex('001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015'),
    signatureSchemes: hex('0403,0804,0401,0503,0805,0501,0806,0601'),
  };
  const ja4 = (changed: Partial<ClientHello>): string => fingerprintOf({ ...EXAMPLE, ...changed }).ja4;

  test.each<[what: string, changed: Partial<ClientHello>, expected: string]>([
    ['the example', {}, 't13d1516h2_8daaf6152771_e5627efa2ab1'],
    ['the example without signature algorithms', { signatureSchemes: [] }, 't13d1516h2_8daaf6152771_6d807ffa2a79'],
    [
      'GREASE among signature algorithms',
      { signatureSchemes: [0x4a4a, ...EXAMPLE.signatureSchemes] },
      't13d1516h2_8daaf6152771_e5627efa2ab1',
    ],
    ['no extension at all', { extensions: [], versions: [], sni: null, alpn: [] }, 't12i150000_8daaf6152771_000000000000'],
    ['no suite', { cipherSuites: [0x0a0a] }, 't13d0016h2_000000000000_e5627efa2ab1'],
    ['more than 99 suites', { cipherSuites: Array.from({ length: 120 }, () => 0x1301) }, 't13d9916h2_'],
    ['SSL 3.0', { versions: [], legacyVersion: 0x0300 }, 'ts3d'],
    ['a version that nobody knows', { versions: [0x7f1c] }, 't00d'],
    ['a server_name that names no host', { sni: null }, 't13d'],
  ])('%s', (_what, changed, expected) => {
    expect(ja4(changed).startsWith(expected), ja4(changed)).toBe(true);
  });

  test.each([
    ['h2', 'h2'],
    ['http/1.1', 'h1'],
    ['x', 'xx'],
    ['', '00'],
    ['\u00ab', 'ab'],
    ['\u00ab\u00cd', 'ad'],
    ['0\u00ab', '3b'],
    ['01\u00ab\u00cd', '3d'],
    ['0\u00ab\u00cd1', '01'],
  ])('the protocol %j is shown as %s', (protocol, shown) => {
    expect(ja4({ alpn: [protocol] }).slice(8, 10)).toBe(shown);
  });
});
