import { assert, property, uint8Array } from 'fast-check';
import { expect, test } from 'vitest';
import type { ReceiverRow } from '../../harness/model/provision.js';
import { receiversFor, receiverTable } from '../../reports/receivers/receivers.js';
import simulated from '../../reports/receivers/simulated.json' with { type: 'json' };
import table from '../../reports/receivers/table.json' with { type: 'json' };
import { aliasesOf } from '../../reports/receivers/aliases.js';
import { HEAD, Story } from './link/story.js';

const REAL = receiversFor({ ...HEAD, handset: { ...HEAD.handset, simulated: false } }, new Map());

test.each([
  ['bugly.qq.com', 'third', 'bugly', 'qq.com'],
  ['a.b.bugly.qq.com', 'third', 'bugly', 'qq.com'],
  ['ULOGS.UMENG.COM.', 'third', 'umeng', 'umeng.com'],
  ['notumeng.com', 'unknown', null, 'notumeng.com'],
  ['umeng.com.evil.example', 'unknown', null, 'evil.example'],
  ['api.loan.example', 'first', null, 'loan.example'],
  ['loan.example', 'first', null, 'loan.example'],
  ['myloan.example', 'unknown', null, 'myloan.example'],
  ['203.107.1.1', 'unknown', null, '203.107.1.1'],
  ['localhost', 'unknown', null, 'localhost'],
  ['x.com.cn', 'unknown', null, 'x.com.cn'],
])('%s is %s, sdk %s, registrable %s', (host, party, sdk, registrable) => {
  expect(REAL.receiverOf(host)).toMatchObject({ party, sdk, registrable });
});

test('a company is named, and not as checked', () => {
  expect(REAL.receiverOf('ulogs.umeng.com').company).toEqual({ zh: '友盟同欣（北京）科技有限公司', checked: false });
});

test('the landlord of a cloud host is not its receiver', () => {
  const clouds = (table as readonly ReceiverRow[]).filter((r) => r.category === 'cloud' || r.category === 'cdn').flatMap((r) => r.domains);
  expect(clouds.length).toBeGreaterThan(20);
  for (const domain of clouds) expect(REAL.receiverOf(`tenant.${domain}`)).toMatchObject({ party: 'unknown', sdk: null, company: null });
  expect(REAL.receiverOf(`tenant.${clouds[0]}`).landlord).not.toBeNull();
});

test('94 a name of the operator that DNS makes another name of a third party is the third party', () => {
  const story = new Story();
  const flow = story.flow({ host: 'stat.loan.example' });
  const name = (text: string): Buffer =>
    Buffer.concat([...text.split('.').map((l) => Buffer.from([l.length, ...Buffer.from(l)])), Buffer.of(0)]);
  const target = name('ULOGS.umeng.com');
  const answer = Buffer.concat([
    Buffer.from('000081800001000200000000', 'hex'),
    Buffer.concat([name('stat.loan.example'), Buffer.of(0, 1, 0, 1)]),
    Buffer.concat([Buffer.of(0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, target.length), target]),
    Buffer.concat([name('ulogs.umeng.com'), Buffer.of(0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1)]),
  ]);
  story.files.set('bodies/dns', answer);
  const body = {
    of: 'response',
    sha256: '',
    bytes: answer.length,
    file: 'bodies/dns',
    offset: 0,
    length: answer.length,
    state: 'whole',
  } as const;
  const aliases = aliasesOf([{ ...flow, door: 'dns', bodies: [body] }], story.bodies);
  expect([...aliases]).toEqual([['stat.loan.example', 'ulogs.umeng.com']]);
  const head = { ...HEAD, handset: { ...HEAD.handset, simulated: false } };
  expect(receiversFor(head, aliases).receiverOf('stat.loan.example')).toMatchObject({
    party: 'third',
    sdk: 'umeng',
    alias: 'ulogs.umeng.com',
  });
  expect(receiversFor(head, new Map()).receiverOf('stat.loan.example')).toMatchObject({ party: 'first', alias: null });
});

test('an alias that leads round in a circle, and answers that are cut or random, end', () => {
  const circle = receiversFor(
    HEAD,
    new Map([
      ['a.b', 'c.d'],
      ['c.d', 'a.b'],
    ]),
  );
  expect(circle.receiverOf('a.b')).toMatchObject({ party: 'unknown' });
  const story = new Story();
  const flow = story.flow({});
  assert(
    property(uint8Array({ maxLength: 80 }), (bytes) => {
      story.files.set('bodies/dns', bytes);
      const body = {
        of: 'response',
        sha256: '',
        bytes: bytes.length,
        file: 'bodies/dns',
        offset: 0,
        length: bytes.length,
        state: 'whole',
      } as const;
      aliasesOf([{ ...flow, door: 'dns', bodies: [body] }], story.bodies);
    }),
  );
});

test.each([
  ['com.umeng.analytics.A.run', 'umeng'],
  ['com.umeng.analytics.A$1.run', 'umeng'],
  ['com.umengine.A.run', null],
  ['com.example.loan.MainActivity.onCreate', null],
  ['android.app.Activity.onCreate', null],
])('%s is of %s', (caller, sdk) => {
  expect(REAL.sdkOf(caller)).toBe(sdk);
});

const classRow = (id: string, prefix: string): ReceiverRow => ({
  id,
  sdk_zh: id,
  sdk_en: id,
  company_zh: null,
  category: 'ads',
  domains: [],
  class_prefixes: [prefix],
});

test('the longest prefix wins, the app’s own classes at equal length', () => {
  const { sdkOf } = receiverTable(
    [classRow('push', 'cn.x'), classRow('ads', 'cn.x.ads'), classRow('own', 'com.app.risk')],
    {
      domains: [],
      classes: ['com.app.'],
    },
    new Map(),
  );
  expect(['cn.x.ads.A.b', 'cn.x.A.b', 'com.app.A.b', 'com.app.risk.A.b'].map(sdkOf)).toEqual(['ads', 'push', null, 'own']);
});

test('simulated receivers are known to simulated runs alone', () => {
  for (const row of simulated as readonly ReceiverRow[]) {
    for (const domain of row.domains) {
      expect(receiversFor(HEAD, new Map()).receiverOf(domain)).toMatchObject({ sdk: row.id });
      expect(REAL.receiverOf(domain)).toMatchObject({ sdk: null, party: 'unknown' });
    }
  }
});

test('no domain or class prefix stands twice, and every row names its source', () => {
  const rows = [...table, ...(simulated as readonly ReceiverRow[])];
  for (const key of ['domains', 'class_prefixes'] as const) {
    const all = rows.flatMap((r) => r[key]);
    expect(new Set(all).size).toBe(all.length);
  }
  expect(new Set(rows.map((r) => r.id)).size).toBe(rows.length);
  for (const row of table) expect(row.source.length, row.id).toBeGreaterThan(5);
});
