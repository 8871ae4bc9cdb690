import { afterAll, beforeAll, expect, it } from 'vitest';
import { readNotice } from '../../../harness/drive/consent.js';
import type { Lab, TrialApp } from './lab.js';
import { launch, noticeView, openLab, page } from './lab.js';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(async () => {
  await lab.close();
});

/** Takes only the second tap on what agrees. */
const wantsItRead: TrialApp = ({ ui }) => {
  ui.activity('MainActivity', page('首页'));
  let taps = 0;
  const shown = ui.dialog(
    noticeView({
      agree: () => {
        taps += 1;
        if (taps === 1) return ui.toast('请滑动到底部');
        shown.dismiss();
        ui.activity('LoginActivity', page('欢迎'));
      },
    }),
  );
};

it('a click that the app saw and did not take is written, and that it may be no consent is written beside it', async () => {
  await lab.perform(wantsItRead, [launch, { privacy: 'agree' }, { expect: { text: '欢迎' } }]);
  expect(lab.consents().filter((c) => c.act === 'agreed')).toHaveLength(2);
  expect(lab.events.flatMap((e) => (e.kind === 'gap' ? [[e.source, e.what, e.why]] : []))).toEqual([
    ['driver', 'agreement-unsettled', '同意并继续'],
  ]);
});

const login = (
  packageName: string,
  typed: string,
): string => `<hierarchy index="0" class="hierarchy" rotation="0" width="1080" height="2280">
<android.widget.FrameLayout index="0" package="${packageName}" class="android.widget.FrameLayout" text="" enabled="true" bounds="[0,0][1080,2280]" displayed="true">
<android.widget.EditText index="0" package="${packageName}" class="android.widget.EditText" text="${typed}" enabled="true" clickable="true" bounds="[40,200][1040,320]" displayed="true"/>
<android.widget.CheckBox index="1" package="${packageName}" class="android.widget.CheckBox" text="我已阅读并同意《用户协议》《隐私政策》" checkable="true" checked="false" enabled="true" clickable="true" bounds="[40,400][1040,480]" displayed="true"/>
<android.widget.Button index="2" package="${packageName}" class="android.widget.Button" text="登录" enabled="true" clickable="true" bounds="[40,600][1040,700]" displayed="true"/>
</android.widget.FrameLayout></hierarchy>`;

it('what the user typed is never the title of a page that asks', () => {
  expect(readNotice(login('com.example.loan', '14012345678'))?.title).not.toContain('14012345678');
});

it.each(['com.example.launcher.loan', 'com.example.packageinstaller', 'cn.systemmanager.loan'])(
  'an app may be called %s and is still an app',
  (name) => {
    expect(readNotice(login(name, ''))).not.toBeNull();
  },
);
