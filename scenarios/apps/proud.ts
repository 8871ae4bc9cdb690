import type { AppProcess, SimulatedApp } from '../../harness/model/app.js';
import { loanFlow } from '../loan/flow.js';
import { collector, lender } from '../loan/server.js';
import { PLACE_IN_FORM, found, under } from '../loan/truth.js';

const CLASSES = 'com.example.proud.loan';
const API = 'https://api.proud-loan.example';
const PINNED = 'sec.dunyan-risk.example';

function start(app: AppProcess): void {
  const flow = loanFlow(app, {
    brand: '傲金贷（虚构）',
    classes: CLASSES,
    api: API,
    says: '为完成注册登录与借款审批，我们会收集您的手机号、姓名、身份证号、银行卡号和设备信息，并与第三方SDK共享必要的风控信息。',
    noticeBox: null,
    loginBoxTicked: false,
    afterRefusal: 'leave',
    agreed: () =>
      report(
        app,
        'agreed',
        app.within('com.example.dunyan.risk.Guard.deviceId', () => app.device.androidId()),
      ),
    refused: () => undefined,
    withdrawn: () => report(app, 'withdrawn', null),
  });
  app.within(`${CLASSES}.LoanApplication.onCreate`, () => {
    flow.start();
    if (flow.choice() === null) report(app, 'started', null);
  });
}

/** Goes to one host only, by a client that takes no key but the host's own: nobody in between sees what is in it. */
function report(app: AppProcess, event: string, deviceId: string | null): void {
  app.thread('Dunyan-Guard', 'com.example.dunyan.risk.Guard.run', async () => {
    const body = JSON.stringify({ event, deviceId });
    await app
      .pinned(PINNED)
      .send({ method: 'POST', url: `https://${PINNED}/v1/event`, headers: { 'content-type': 'application/json; charset=utf-8' }, body })
      .catch(() => undefined);
  });
}

const UNSEEN = { receiver: PINNED, sdk: 'sim-dunyan' };
const AT_START = [
  found('LA-C05', 'not-tested', 'before-consent', UNSEEN),
  found('LA-E02', 'not-tested', 'before-consent', UNSEEN),
  found('LA-F01', 'not-tested', 'before-consent', UNSEEN),
  // Nothing to be seen at the lender's own server, and part of the traffic unseen: the rule may not say clear.
  found('LA-C04', 'not-tested', '-', {}),
];
const AFTER_AGREEING = found('LA-E02', 'not-tested', 'after-consent', UNSEEN);

/** Pins its risk host's key. What goes there stays unknown, and unknown is never clear. */
export default {
  id: 'proud',
  package: CLASSES,
  label: { zh: '傲金贷（虚构）', en: 'Proud Loan (fictional)' },
  about: {
    zh: '对风控主机做证书绑定，发往那里的内容无法看到：结论只能是“未检测”。',
    en: 'Pins the certificate of its risk host: what goes there cannot be seen and must come out as not tested.',
  },
  version: '1.0.0',
  permissions: ['android.permission.INTERNET', 'android.permission.ACCESS_NETWORK_STATE', 'android.permission.ACCESS_FINE_LOCATION'],
  firstParty: { domains: ['proud-loan.example'], classes: [`${CLASSES}.`] },
  processes: { '': start },
  servers: { 'api.proud-loan.example': lender, [PINNED]: collector },
  truth: [
    ...PLACE_IN_FORM,
    ...under(['observe-only', 'decline', 'sign-up-deny', 'sign-up-allow', 'background', 'withdraw'], AT_START),
    ...under(['sign-up-deny', 'sign-up-allow', 'background', 'withdraw'], AFTER_AGREEING),
    ...under(['sign-up-deny', 'sign-up-allow'], found('LA-E03', 'not-tested', '-', {}), found('LA-G01', 'not-tested', '-', {})),
    ...under(['background'], found('LA-E06', 'not-tested', '-', {})),
    ...under(
      ['withdraw'],
      (['LA-B09', 'LA-E02', 'LA-F01'] as const).map((rule) => found(rule, 'not-tested', 'after-withdrawal', UNSEEN)),
    ),
  ],
} satisfies SimulatedApp;
