import { PLACE_IN_FORM } from '../loan/truth.js';
import type { AppProcess, SimulatedApp } from '../../harness/model/app.js';
import { loanFlow } from '../loan/flow.js';
import { lender } from '../loan/server.js';

const CLASSES = 'com.example.honest.loan';
const API = 'https://api.honest-loan.example';

function start(app: AppProcess): void {
  const flow = loanFlow(app, {
    brand: '诚信借（虚构）',
    classes: CLASSES,
    api: API,
    says: '为完成注册登录、身份核验与借款审批，我们会收集您的手机号、姓名、身份证号、银行卡号和设备信息。位置信息与紧急联系人由您自行决定是否提供，不会读取您的通讯录、短信或通话记录，也不会向第三方SDK提供您的个人信息。',
    noticeBox: null,
    loginBoxTicked: false,
    afterRefusal: 'browse',
    agreed: () => registerDevice(app),
    refused: () => undefined,
    withdrawn: () => undefined,
  });
  app.within(`${CLASSES}.LoanApplication.onCreate`, flow.start);
}

/** The first read of all: inside the click that agrees, and to the lender's own server only. */
function registerDevice(app: AppProcess): void {
  const deviceId = app.within(`${CLASSES}.risk.DeviceRegistrar.register`, () => app.device.androidId());
  app.thread('OkHttp Dispatcher', `${CLASSES}.net.DeviceApi.register`, async () => {
    await app.http
      .send({
        method: 'POST',
        url: `${API}/v1/device`,
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify({ deviceId }),
      })
      .catch(() => undefined);
  });
}

/** Asks, waits, reads inside the click that agrees, collects what a loan needs, stops when told to. */
export default {
  id: 'honest',
  package: CLASSES,
  label: { zh: '诚信借（虚构）', en: 'Honest Loan (fictional)' },
  about: {
    zh: '先告知、等同意，只收集借款所需信息；撤回后不再收集。',
    en: 'Tells, waits for consent, collects what a loan needs, and stops when consent is withdrawn.',
  },
  version: '1.0.0',
  permissions: ['android.permission.INTERNET', 'android.permission.ACCESS_NETWORK_STATE', 'android.permission.ACCESS_FINE_LOCATION'],
  firstParty: { domains: ['honest-loan.example'], classes: [`${CLASSES}.`] },
  processes: { '': start },
  servers: { 'api.honest-loan.example': lender },
  truth: PLACE_IN_FORM,
} satisfies SimulatedApp;
