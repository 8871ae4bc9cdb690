import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { ServerRequest, SimulatedApp } from '../../harness/model/app.js';
import receivers from '../../reports/receivers/simulated.json' with { type: 'json' };
import { openRig } from '../harness/handset/rig.js';
import type { Rig } from '../harness/handset/rig.js';
import honest from '../../scenarios/apps/honest.js';

const FOLDER = new URL('../../scenarios/apps/', import.meta.url);
const APPS = await Promise.all(
  readdirSync(FOLDER).map(async (file): Promise<readonly [string, SimulatedApp]> => {
    const module: { readonly default: SimulatedApp } = await import(new URL(file, FOLDER).href);
    return [file.replace(/\.ts$/, ''), module.default];
  }),
);
const hostsOf = (app: SimulatedApp): readonly string[] => Object.keys(app.servers).map((key) => key.replace(/:\d+$/, ''));
const isOwn = (app: SimulatedApp, host: string): boolean =>
  app.firstParty.domains.some((domain) => host === domain || host.endsWith(`.${domain}`));

describe.each(APPS)('%s', (id, app) => {
  test('accuses nobody real: package, hosts and classes are reserved or invented names', () => {
    expect(app.id).toBe(id);
    expect(app.package).toBe(`com.example.${id}.loan`);
    for (const name of [...hostsOf(app), ...app.firstParty.domains]) expect(name).toMatch(/\.(example|test)$/);
    expect(app.label.zh).toContain('虚构');
  });
  test('sends to its own servers and to receivers of the invented table, and its truth names no other', () => {
    const known = receivers.flatMap((row) => row.domains);
    for (const host of hostsOf(app)) expect(isOwn(app, host) || known.some((domain) => host.endsWith(domain)), host).toBe(true);
    for (const { receiver, sdk } of app.truth) {
      if (receiver !== '-') expect(hostsOf(app)).toContain(receiver);
      if (sdk !== '-') expect(receivers.map((row) => row.id)).toContain(sdk);
    }
  });
});

describe('the honest app', () => {
  let rig: Rig;
  afterEach(() => rig.close());
  const asked: ServerRequest[] = [];
  const watched = {
    ...honest,
    servers: {
      'api.honest-loan.example': (request: ServerRequest) => {
        asked.push(request);
        return honest.servers['api.honest-loan.example'](request);
      },
    },
  };
  const bodyOf = (path: string): unknown =>
    asked.flatMap((request) => (request.url.endsWith(path) ? [JSON.parse(Buffer.from(request.body).toString())] : []))[0];
  const shown = (text: string): Promise<void> => expect.poll(async () => rig.source(), { timeout: 5000 }).toContain(`text="${text}"`);

  async function toApplication(): Promise<void> {
    asked.length = 0;
    rig = await openRig(watched);
    await rig.handset.launch();
    await shown('同意并继续');
    await rig.tap('同意并继续');
    await rig.type('et_phone', '14012345678');
    await rig.type('et_code', '246810');
    await rig.tap('登录');
    // Nothing is sent while the box is not ticked.
    expect(bodyOf('/v1/login')).toBeUndefined();
    await rig.tick('cb_agree');
    await rig.tap('登录');
    await shown('下一步');
    await rig.type('et_name', '试验人');
    await rig.type('et_idno', '990101187002300011');
    await rig.type('et_card', '6200000000000000');
    await rig.tap('下一步');
    await rig.type('et_amount', '5000');
  }

  test('asks for the place only when the user wants it, says why, and sends what was picked and nothing beside', async () => {
    await toApplication();
    const contact = rig.manifest.values.find((value) => value.type === 'contact_name');
    const phone = rig.manifest.values.find((value) => value.type === 'contact_phone');
    await rig.tap('从通讯录选择');
    await rig.tap(contact?.text ?? '');
    await rig.tap('定位所在城市');
    expect(await rig.source()).toContain('位置权限使用说明');
    await rig.tap('去授权');
    await rig.tap('仅在使用该应用时允许');
    await rig.tap('提交申请');
    await shown('审核中');
    const [lat, lon] = rig.manifest.values.find((value) => value.type === 'location')?.text.split(',') ?? [];
    expect(bodyOf('/v1/apply')).toEqual({
      name: '试验人',
      idNumber: '990101187002300011',
      bankCard: '6200000000000000',
      contactName: contact?.text,
      contactPhone: phone?.text,
      amount: '5000',
      lat,
      lon,
    });
    expect([...new Set(rig.of('observation').map((o) => o.datum))].toSorted()).toEqual(['android-id', 'location']);
  });

  test('takes the application without the place when it is refused', async () => {
    await toApplication();
    await rig.type('et_contact_name', '联络人');
    await rig.type('et_contact_phone', '15412345678');
    await rig.tap('定位所在城市');
    await rig.tap('去授权');
    await rig.tap('拒绝');
    await rig.tap('提交申请');
    await shown('审核中');
    expect(bodyOf('/v1/apply')).not.toHaveProperty('lat');
  });
});
