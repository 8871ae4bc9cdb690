import { expect, test } from 'vitest';
import type { ReceiverRow } from '../../harness/model/provision.js';
import { receiversFor, receiverTable } from '../../reports/receivers/receivers.js';
import simulated from '../../reports/receivers/simulated.json' with { type: 'json' };
import table from '../../reports/receivers/table.json' with { type: 'json' };
import { HEAD } from './link/story.js';

const REAL = receiversFor({ ...HEAD, handset: { ...HEAD.handset, simulated: false } });

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
  for (const domain of clouds) expect(REAL.receiverOf(`tenant.${domain}`)).toMatchObject({ sdk: null, company: null });
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
  const { sdkOf } = receiverTable([classRow('push', 'cn.x'), classRow('ads', 'cn.x.ads'), classRow('own', 'com.app.risk')], {
    domains: [],
    classes: ['com.app.'],
  });
  expect(['cn.x.ads.A.b', 'cn.x.A.b', 'com.app.A.b', 'com.app.risk.A.b'].map(sdkOf)).toEqual(['ads', 'push', null, 'own']);
});

test('simulated receivers are known to simulated runs alone', () => {
  for (const row of simulated as readonly ReceiverRow[]) {
    for (const domain of row.domains) {
      expect(receiversFor(HEAD).receiverOf(domain)).toMatchObject({ sdk: row.id });
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
