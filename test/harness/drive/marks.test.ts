import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab, TrialApp } from './lab.js';
import { button, failure, launch, openLab, page } from './lab.js';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(async () => {
  await lab.close();
});

const details = (act: string): readonly string[] =>
  lab.news.filter((one) => one.act === act && one.state !== 'begun').map((one) => one.detail);

describe('marks and gaps are data, codes or both languages', () => {
  const home: TrialApp = ({ ui }) => ui.activity('MainActivity', page('home', { type: 'CheckBox', id: 'cb', text: 'box', checked: true }));
  it('of acts that find nothing to do', async () => {
    await lab.perform(
      home,
      [
        'title: 试',
        'aims: []',
        'steps:',
        '- launch: { clean: true }',
        '- tick: box',
        '- when: { text: there, then: [{ tap: there }] }',
        '- optional: [{ tap: there }]',
        '- expect: { gone: there }',
        '',
      ].join('\n'),
    );
    const both = '屏幕上没有“there”，最接近的文字：home / "there" is not on the screen; nearest labels: home';
    expect(lab.news.filter((one) => one.state === 'done').map((one) => [one.act, one.detail])).toEqual([
      ['launch', 'clean'],
      ['tick', 'already · box'],
      ['when', 'absent · there'],
      ['tap', both],
      ['optional', `nothing-to-do · ${both}`],
      ['expect', 'gone: there'],
    ]);
  });
  it('of a failed step', async () => {
    await failure(lab.perform(home, [launch, { tap: 'there' }]));
    expect(details('tap')).toEqual(['屏幕上没有“there”，最接近的文字：home / "there" is not on the screen; nearest labels: home']);
  });
  it.each<readonly [string, readonly (string | null)[]]>([
    ['访问您的通讯录', ['contacts', 'accounts']],
    ['发送通知', [null]],
    ['做一件没人知道的事', [null]],
  ])('a prompt without the wanted button is a gap about what its group guards: %s', async (wants, data) => {
    const system = 'com.android.permissioncontroller';
    const message = `要允许“试验”${wants}吗？`;
    const only: TrialApp = ({ clock }) =>
      lab.windows
        .attach({ package: system, label: '权限', pid: 9 }, { click: () => undefined, resumed: () => undefined, paused: () => undefined })
        .activity(
          'GrantPermissionsActivity',
          page(
            { type: 'TextView', id: 'permission_message', text: message },
            { ...button('允许', () => clock.now()), id: 'permission_allow_button' },
          ),
        );
    await lab.perform(only, [{ permissions: { default: 'deny' } }, launch, { observe: 3 }]).finally(() => lab.windows.close(system, null));
    const found = lab.events.flatMap((e) => (e.kind === 'gap' ? [[e.what, e.why, e.scope.datum]] : []));
    expect(found).toEqual(data.map((datum) => ['permission-prompt', `no-button: deny · ${message}`, datum]));
  });
});
