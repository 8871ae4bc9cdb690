import { createDecipheriv, createHash, createHmac } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { attachAgent } from '../../../harness/virtual/java/agent.js';
import { javaApi } from '../../../harness/virtual/java/api.js';
import { callActivity, performClick } from '../../../harness/virtual/java/screen.js';
import { type JavaHost, createJavaVm } from '../../../harness/virtual/java/vm.js';
import type { WireBatch, WireRecord } from '../../../hooks/wire.js';
import { CONTENTS, PACKAGE, fixture } from '../../hooks/fixture.js';
import { nodeCrypto } from '../../../harness/virtual/java/node-crypto.js';

const ALL = ['READ_PHONE_STATE', 'READ_CONTACTS', 'READ_SMS', 'READ_CALL_LOG', 'ACCESS_FINE_LOCATION', 'ACCESS_WIFI_STATE'];

function process(granted: readonly string[] = ALL, name = PACKAGE, foreground = true) {
  const host: JavaHost = {
    ...fixture(nodeCrypto, { granted }).world.host,
    process: { pid: 9, uid: 10001, package: PACKAGE, name },
    foreground: () => foreground,
  };
  const vm = createJavaVm(host);
  return { host, vm, api: javaApi(vm) };
}
function attached(made: ReturnType<typeof process>) {
  const batches: WireBatch[] = [];
  const agent = attachAgent(made.vm, made.host, { send: (batch) => void batches.push(batch), known: [] });
  const records = (): readonly WireRecord[] => (agent.flush(), batches.flatMap((batch) => batch.records));
  return { agent, batches, records, reads: () => records().filter((one) => one.type === 'api') };
}

describe('what an app reads through the façade', () => {
  it('is what the handset holds', () => {
    const { api } = process();
    expect([api.telephony.imei(), api.telephony.imei(1), api.telephony.imsi(), api.telephony.iccid(), api.telephony.line1Number()]).toEqual(
      [CONTENTS.imei, CONTENTS.imei2, CONTENTS.imsi, CONTENTS.iccid, CONTENTS.line1Number],
    );
    expect([api.device.androidId(), api.device.serial(), api.device.oaid(), api.wifi.mac(), api.wifi.ssid(), api.wifi.bssid()]).toEqual([
      CONTENTS.androidId,
      CONTENTS.serial,
      CONTENTS.oaid,
      CONTENTS.mac,
      CONTENTS.ssid,
      CONTENTS.bssid,
    ]);
    expect([api.contacts.all(), api.sms.inbox(), api.callLog.recent()]).toEqual([CONTENTS.contacts, CONTENTS.sms, CONTENTS.calls]);
    expect(api.location.last()).toEqual({ lat: 31.230416, lon: 121.473701 });
    expect(api.packages.installed()).toContain('com.example.planted.k7');
    expect(api.clipboard.text()).toBe(CONTENTS.clipboard);
  });
  it('is refused without the permission, as a Java exception', () => {
    const { api } = process([]);
    expect(() => api.contacts.all()).toThrow(expect.objectContaining({ className: 'java.lang.SecurityException' }));
  });
  it('of a method that does not exist is a Java exception as well', () => {
    expect(() => process().api.call('android.telephony.TelephonyManager', 'getNothing', [], [])).toThrow(
      expect.objectContaining({ className: 'java.lang.NoSuchMethodException' }),
    );
  });
  it('by crypto is what OpenSSL says', () => {
    const { crypto } = process().api;
    const data = new TextEncoder().encode('值 and value');
    const key = new Uint8Array(16).fill(7);
    const iv = new Uint8Array(16).fill(9);
    for (const [java, node] of [
      ['MD5', 'md5'],
      ['SHA-1', 'sha1'],
      ['SHA-256', 'sha256'],
      ['SM3', 'sm3'],
    ] as const) {
      expect(Buffer.from(crypto.digest(java, data.subarray(0, 4), data.subarray(4))).toString('hex')).toBe(
        createHash(node).update(data).digest('hex'),
      );
    }
    expect(Buffer.from(crypto.mac('HmacSHA256', key, data))).toEqual(createHmac('sha256', key).update(data).digest());
    const plain = createDecipheriv('aes-128-cbc', key, iv);
    expect(Buffer.concat([plain.update(crypto.encrypt('AES/CBC/PKCS5Padding', key, iv, data)), plain.final()]).toString()).toBe(
      '值 and value',
    );
    const sealed = crypto.encrypt('AES/GCM/NoPadding', key, iv.subarray(0, 12), data);
    const opened = createDecipheriv('aes-128-gcm', key, iv.subarray(0, 12));
    opened.setAuthTag(sealed.subarray(sealed.length - 16));
    expect(Buffer.concat([opened.update(sealed.subarray(0, sealed.length - 16)), opened.final()]).toString()).toBe('值 and value');
    expect(gunzipSync(crypto.gzip(data)).toString()).toBe('值 and value');
    expect(crypto.base64(data)).toBe(Buffer.from(data).toString('base64'));
    expect(crypto.random(8)).toHaveLength(8);
  });
});

describe('the agent in a process', () => {
  it('sees each read of the façade once, with the caller the app has on its stack', async () => {
    const made = process();
    const { agent, reads } = attached(made);
    await agent.install('early');
    made.vm.within('com.sdk.Collector.run', () => {
      made.api.telephony.imei();
      made.api.contacts.all();
      made.api.device.androidId();
    });
    const whole = reads().filter((one) => one.parent === null);
    expect(whole.map((one) => [one.hook, one.datum])).toEqual([
      ['telephony.imei', 'imei'],
      ['content.query', 'contacts'],
      ['settings.secure', 'android-id'],
    ]);
  });
  it('sends what waits on the next turn of the loop, and holds the clock until then', async () => {
    const made = process();
    let held = 0;
    Object.assign(made.host.clock, { hold: () => (held++, () => void held--) });
    const { agent, batches } = attached(made);
    await agent.install('early');
    await new Promise((done) => setImmediate(done));
    batches.length = 0;
    made.api.telephony.imei();
    expect([batches.length, held]).toEqual([0, 1]);
    await new Promise((done) => setImmediate(done));
    expect([batches.length, held]).toEqual([1, 0]);
  });
  it('sees a click with the framework frames under it and the app frame on top', async () => {
    const made = process();
    const { agent, records } = attached(made);
    await agent.install('early');
    performClick(
      made.vm,
      { id: 'btn_ok', text: '同意', className: 'android.widget.Button', frame: 'com.example.loan.MainActivity.onClick' },
      () => void made.api.telephony.imei(0),
    );
    const [click] = records().filter((one) => one.type === 'click');
    expect([click?.view, click?.text]).toEqual(['btn_ok', '同意']);
    const [stack] = records().filter((one) => one.type === 'stack');
    expect(stack?.frames.map((frame) => `${frame.c}.${frame.m}`)).toEqual([
      'android.telephony.TelephonyManager.getImei',
      'com.example.loan.MainActivity.onClick',
      'android.view.View.performClick',
      'android.view.View$PerformClick.run',
      'android.os.Handler.handleCallback',
      'android.os.Handler.dispatchMessage',
      'android.os.Looper.loop',
      'android.app.ActivityThread.main',
      'java.lang.reflect.Method.invoke',
      'com.android.internal.os.RuntimeInit$MethodAndArgsCaller.run',
      'com.android.internal.os.ZygoteInit.main',
    ]);
    expect(stack?.caller).toBe(1);
  });
  it('knows a background read by the activity that was paused before', async () => {
    const made = process();
    const { agent, reads, records } = attached(made);
    await agent.install('early');
    callActivity(made.vm, 'MainActivity', 'resumed', () => void made.api.sms.inbox());
    callActivity(made.vm, 'MainActivity', 'paused', () => undefined);
    made.api.sms.inbox();
    expect(
      reads()
        .filter((one) => one.parent === null)
        .map((one) => one.foreground),
    ).toEqual([true, false]);
    expect(
      records()
        .filter((one) => one.type === 'activity')
        .map((one) => [one.name, one.state]),
    ).toEqual([
      [`${PACKAGE}.MainActivity`, 'resumed'],
      [`${PACKAGE}.MainActivity`, 'paused'],
    ]);
  });
  it('in a second process takes the foreground from the handset', async () => {
    const made = process(ALL, `${PACKAGE}:push`, false);
    const { agent, reads } = attached(made);
    await agent.install('early');
    made.api.telephony.imei(0);
    expect(reads().map((one) => one.foreground)).toEqual([false]);
  });
});
