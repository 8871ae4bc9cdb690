import type { AppProcess, SimulatedApp } from '../../harness/model/app.js';
import { attempt } from '../loan/attempt.js';
import { hex, utf8 } from '../loan/codec.js';
import { atFirstStart } from '../loan/first-start.js';
import { collector, lender } from '../loan/server.js';
import { PLACE_IN_FORM, found, under } from '../loan/truth.js';

const CLASSES = 'com.example.eager.loan';
const API = 'https://api.eager-loan.example';
const STAT = 'https://collect.shuque-stat.example';
const RISK = 'https://collect.dunyan-risk.example';
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const AT_FIRST_START = [
  'android.permission.READ_PHONE_STATE',
  'android.permission.ACCESS_FINE_LOCATION',
  'android.permission.READ_CONTACTS',
];

function start(app: AppProcess): void {
  const says = '为向您提供借款服务，我们及合作的第三方SDK会收集设备信息（IMEI、Android ID）、位置信息和通讯录，用于风险控制。';
  atFirstStart(app, { brand: '急用花（虚构）', classes: CLASSES, api: API, says }, () => {
    activate(app);
    app.thread('main', `${CLASSES}.ui.SplashActivity.onResume`, async () => {
      await app.permissions.request(AT_FIRST_START, `${CLASSES}.ui.SplashActivity.askAll`);
      startStatistics(app);
      startRiskControl(app);
    });
  });
}

/** Needs no permission, and no answer to the notice either. */
function activate(app: AppProcess): void {
  const androidId = app.within(`${CLASSES}.device.Activation.report`, () => app.device.androidId());
  app.thread('OkHttp Dispatcher', `${CLASSES}.net.ActivationApi.post`, async () => {
    await app.http.send({
      method: 'POST',
      url: `${API}/v1/activate`,
      headers: JSON_TYPE,
      body: JSON.stringify({ androidId, channel: 'store' }),
    });
  });
}

/** The IMEI leaves as its MD5: still the same handset to everyone who has a table. */
function startStatistics(app: AppProcess): void {
  app.thread('Shuque-Worker', 'com.example.shuque.stat.StatAgent.run', async () => {
    const imei = app.within('com.example.shuque.stat.DeviceId.imei', () => attempt(() => app.telephony.imei()));
    if (imei === null) return;
    const did = app.within('com.example.shuque.stat.DeviceId.hash', () => hex(app.crypto.digest('MD5', utf8(imei))));
    await app.http.send({
      method: 'POST',
      url: `${STAT}/v1/init`,
      headers: JSON_TYPE,
      body: JSON.stringify({ did, appKey: 'a1b2c3', model: app.device.model() }),
    });
  });
}

/** The whole address book and the place, packed so that nobody reads it over the shoulder. */
function startRiskControl(app: AppProcess): void {
  app.thread('Dunyan-Upload', 'com.example.dunyan.risk.Uploader.run', async () => {
    const contacts = app.within('com.example.dunyan.risk.ContactCollector.all', () => attempt(() => app.contacts.all()));
    const place = app.within('com.example.dunyan.risk.PlaceCollector.last', () => attempt(() => app.location.last()));
    if (contacts === null && place === null) return;
    const body = JSON.stringify({ contacts, place: place === null ? null : { lat: place.lat.toFixed(7), lon: place.lon.toFixed(7) } });
    const payload = app.within('com.example.dunyan.risk.Packer.pack', () => app.crypto.base64(app.crypto.gzip(utf8(body))));
    await app.http.send({ method: 'POST', url: `${RISK}/v2/upload`, headers: JSON_TYPE, body: JSON.stringify({ payload, ver: 2 }) });
  });
}

const BEFORE = 'before-consent';
const AT_STAT = { datum: 'imei', receiver: 'collect.shuque-stat.example', sdk: 'sim-shuque' };
const CONTACTS_AT_RISK = { datum: 'contacts', receiver: 'collect.dunyan-risk.example', sdk: 'sim-dunyan' };
const PLACE_AT_RISK = { ...CONTACTS_AT_RISK, datum: 'location' };

const ALWAYS = [
  found('LA-C01', 'violation', BEFORE, { datum: 'android-id' }),
  // Phone, location, contacts.
  found('LA-C03', 'violation', BEFORE, {}),
  found('LA-C03', 'violation', BEFORE, {}),
  found('LA-C03', 'violation', BEFORE, {}),
  found('LA-C04', 'violation', BEFORE, { datum: 'android-id', receiver: 'api.eager-loan.example' }),
  // Contacts; phone and location may have a use in lending, which the documents would tell.
  found('LA-D01', 'violation', BEFORE, {}),
  found('LA-D01', 'not-tested', BEFORE, {}),
  found('LA-D01', 'not-tested', BEFORE, {}),
];
// The system refused the reads: an attempt, and no more than that.
const DENIED = [
  found('LA-C01', 'undecided', BEFORE, { datum: 'imei', sdk: 'sim-shuque' }),
  found('LA-C02', 'undecided', BEFORE, { datum: 'contacts', sdk: 'sim-dunyan' }),
  found('LA-C02', 'undecided', BEFORE, { datum: 'location', sdk: 'sim-dunyan' }),
];
const ALLOWED = [
  found('LA-C01', 'violation', BEFORE, { datum: 'imei', sdk: 'sim-shuque' }),
  found('LA-C02', 'violation', BEFORE, { datum: 'contacts', sdk: 'sim-dunyan' }),
  found('LA-C02', 'violation', BEFORE, { datum: 'location', sdk: 'sim-dunyan' }),
  found('LA-C05', 'violation', BEFORE, AT_STAT),
  found('LA-C05', 'violation', BEFORE, CONTACTS_AT_RISK),
  found('LA-C05', 'violation', BEFORE, PLACE_AT_RISK),
  found('LA-E01', 'violation', BEFORE, { datum: 'contacts', sdk: 'sim-dunyan' }),
  found('LA-E02', 'violation', BEFORE, CONTACTS_AT_RISK),
  found('LA-F01', 'violation', BEFORE, AT_STAT),
  found('LA-F01', 'violation', BEFORE, CONTACTS_AT_RISK),
  found('LA-F01', 'violation', BEFORE, PLACE_AT_RISK),
];

/** Does everything before the notice is answered, and nothing worse afterwards. */
export default {
  id: 'eager',
  package: CLASSES,
  label: { zh: '急用花（虚构）', en: 'Eager Loan (fictional)' },
  about: {
    zh: '首次启动就索取权限，在用户同意前读取 IMEI、位置和通讯录并发送给第三方。',
    en: 'Asks for permissions at first start, reads IMEI, location and contacts before consent and sends them to third parties.',
  },
  version: '1.0.0',
  permissions: [
    'android.permission.INTERNET',
    'android.permission.ACCESS_NETWORK_STATE',
    'android.permission.ACCESS_WIFI_STATE',
    ...AT_FIRST_START,
  ],
  firstParty: { domains: ['eager-loan.example'], classes: [`${CLASSES}.`] },
  processes: { '': start },
  servers: { 'api.eager-loan.example': lender, 'collect.shuque-stat.example': collector, 'collect.dunyan-risk.example': collector },
  truth: [
    ...PLACE_IN_FORM,
    ...under(['observe-only', 'decline', 'sign-up-deny'], ALWAYS, DENIED),
    ...under(['sign-up-allow', 'background', 'withdraw'], ALWAYS, ALLOWED),
  ],
} satisfies SimulatedApp;
