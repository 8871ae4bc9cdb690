import { describe, expect, it } from 'vitest';
import { createAgentSink } from '../../../harness/capture/agent.js';
import type { Draft, EventId } from '../../../harness/model/event.js';
import type { Recorder } from '../../../harness/model/recorder.js';
import { nodeCrypto } from '../../../harness/virtual/java/node-crypto.js';
import type { WireBatch, WireRecord } from '../../../hooks/wire.js';
import { catalogue } from '../../../hooks/catalogue/index.js';
import { CONTENTS, type Fixture, PACKAGE, QUERY, STRING, URI, fixture } from '../../hooks/fixture.js';

/** Keeps what is written. The manifest knows the handset's IMEI as v1. */
function recording() {
  const events: Draft[] = [];
  const files: string[] = [];
  const write = (event: Draft): EventId => `e${events.push(event)}`;
  const recorder = {
    write,
    gap: (source, what, why, scope) =>
      write({
        kind: 'gap',
        at: { ms: 0, slackMs: 0, clock: 'run', seq: 0 },
        source,
        what,
        why,
        scope: { datum: scope?.datum ?? null, host: scope?.host ?? null, phase: null },
      }),
    file: (folder, bytes, extension) => ({
      file: `${folder}/${files.push(Buffer.from(bytes).toString('latin1'))}.${extension}`,
      sha256: '',
      bytes: bytes.length,
    }),
    valueRef: (bytes) => (Buffer.from(bytes).toString() === CONTENTS.imei ? { value: 'v1' } : { keyedHash: 'k', bytes: bytes.length }),
  } satisfies Partial<Recorder>;
  return {
    events,
    files,
    recorder: recorder as unknown as Recorder,
    of: <K extends Draft['kind']>(kind: K) => events.filter((event): event is Extract<Draft, { kind: K }> => event.kind === kind),
  };
}
async function recorded(
  act: (made: Fixture) => void,
  options: Parameters<typeof fixture>[1] = { granted: ['READ_PHONE_STATE', 'READ_CONTACTS'] },
) {
  const made = fixture(nodeCrypto, options);
  const out = recording();
  const sink = createAgentSink(out.recorder, PACKAGE);
  await made.install();
  act(made);
  made.engine.stop();
  for (const batch of made.batches) sink.take(batch);
  return { ...out, made, sink };
}
const imei = (made: Fixture): unknown =>
  made.world.threads.within('com.sdk.Risk.collect', () => made.call('android.telephony.TelephonyManager', 'getImei', []));

describe('records of an agent as events', () => {
  it('a read names api, caller, value and process; its part refers to it', async () => {
    const { of, events } = await recorded(imei);
    const [whole, part] = of('observation');
    expect(whole).toMatchObject({
      hook: 'telephony.imei',
      api: 'android.telephony.TelephonyManager.getImei',
      family: 'telephony.imei',
      datum: 'imei',
      caller: 'com.sdk.Risk.collect',
      values: [{ value: 'v1' }],
      n: 1,
      parent: null,
      threw: null,
      thread: 'main',
      process: { pid: 4242, name: PACKAGE, package: PACKAGE },
    });
    expect(whole?.stack[0]).toEqual({ class: 'android.telephony.TelephonyManager', method: 'getImei', file: null, line: null });
    expect(part?.parent).toBe(`e${events.indexOf(whole as Draft) + 1}`);
  });
  it('a refused read keeps the class of the exception', async () => {
    const { of } = await recorded((made) => {
      try {
        imei(made);
      } catch {
        /* the app goes on */
      }
    }, {});
    expect(of('observation').map((one) => [one.threw, one.values])).toContainEqual(['java.lang.SecurityException', []]);
  });
  it('where only the framework is on the stack the caller is unknown', async () => {
    const { of } = await recorded((made) => made.call('android.telephony.TelephonyManager', 'getImei', []));
    expect(of('observation')[0]?.caller).toBe('unknown');
  });
  it('a permission request becomes a prompt with its groups', async () => {
    const { of } = await recorded((made) =>
      made.call(
        'android.app.Activity',
        'requestPermissions',
        ['[Ljava.lang.String;', 'int'],
        ['android.permission.READ_CONTACTS', 'android.permission.CAMERA', 'android.permission.INTERNET'],
        3,
      ),
    );
    expect(of('prompt').map((one) => [one.act, one.permissions.length, one.groups])).toEqual([['requested', 3, ['CONTACTS', 'CAMERA']]]);
  });
  it('a derivation keeps both sides as files', async () => {
    const { of, files } = await recorded((made) => {
      imei(made);
      const digest = made.call('java.security.MessageDigest', 'getInstance', [STRING], 'MD5');
      made.on(digest, 'digest', ['[B'], Buffer.from(`s${CONTENTS.imei}`));
    });
    expect(of('derivation').map((one) => [one.op, one.algorithm, one.input.bytes, one.output.bytes])).toEqual([['digest', 'MD5', 16, 16]]);
    expect(files[0]).toBe(`s${CONTENTS.imei}`);
  });
  it('activities become lifecycle, and coverage stands at the start and at the end', async () => {
    const { of } = await recorded((made) =>
      made.call(
        'android.app.Instrumentation',
        'callActivityOnResume',
        ['android.app.Activity'],
        made.world.make('android.app.Activity', {}),
      ),
    );
    expect(of('lifecycle').map((one) => [one.what, one.detail])).toEqual([['resumed', 'android.app.Activity']]);
    expect(of('coverage').map((one) => one.when)).toEqual(['early', 'end']);
    expect(of('coverage')[1]?.fired).toEqual({ 'activity.resume': 1 });
    expect(of('gap')).toEqual([]);
  });
  it('a click calls back with its stamp and label, until the listener stops', async () => {
    const made = fixture(nodeCrypto, {});
    const sink = createAgentSink(recording().recorder, PACKAGE);
    const seen: string[] = [];
    const stop = sink.onClick((click) => void seen.push(`${click.text} ${click.at.clock}`));
    await made.install();
    const click = (): void => {
      made.world.call('android.view.View', 'performClick', [], made.world.make('android.widget.Button', { text: '同意' }), []);
      made.engine.flush();
      for (const batch of made.batches.splice(0)) sink.take(batch);
    };
    click();
    stop();
    click();
    expect(seen).toEqual(['同意 run']);
  });
});

describe('what an agent could not see', () => {
  it('is a gap for the datum of the row that failed or was at fault, told once', async () => {
    const rows = catalogue.map((row) =>
      row.id === 'clipboard.clip'
        ? { ...row, value: { from: 'cursor' } as const }
        : row.id === 'wifi.mac'
          ? { ...row, method: '$new' }
          : row,
    );
    const { of } = await recorded(
      (made) => {
        for (let i = 0; i < 3; i++) made.call('android.content.ClipboardManager', 'getPrimaryClip', []);
      },
      {
        rows: [
          ...rows,
          {
            ...(rows.find((row) => row.id === 'gzip.new') as (typeof rows)[number]),
            id: 'broken',
            datum: 'mac',
            kind: 'read',
            method: '$new',
          },
        ],
      },
    );
    expect(of('gap').map((one) => [one.source, one.scope.datum, one.what, one.why.split(':')[0]])).toEqual([
      ['hooks', 'mac', 'hook-failed: broken', 'install-error'],
      ['hooks', 'clipboard', 'hook-fault: clipboard.clip', 'agent-error'],
    ]);
  });
  it('is a gap for the datum of which a read gave more than a record carries', async () => {
    const { of } = await recorded(
      (made) => {
        const uri = made.call(URI, 'parse', [STRING], 'content://com.android.contacts/data/phones');
        made.call('android.content.ContentResolver', 'query', QUERY, uri, ['display_name', 'data1'], null, null, null);
      },
      { granted: ['READ_CONTACTS'], contacts: Array.from({ length: 2001 }, (_, i) => ({ name: `名${i}`, phone: `1400000${1000 + i}` })) },
    );
    expect(of('gap').map((one) => [one.source, one.what, one.why, one.scope.datum])).toEqual([
      ['hooks', 'hook-cut: content.query', 'too-many-values', 'contacts'],
    ]);
  });
  it('is a gap over everything when records were dropped', async () => {
    const { of } = await recorded(
      (made) => {
        for (let i = 0; i < 40; i++)
          try {
            made.call('android.app.ApplicationPackageManager', 'getPackageInfo', [STRING, 'int'], `com.n${i}`, 0);
          } catch {
            /* not there */
          }
      },
      { queueLimit: 10 },
    );
    expect(of('gap').map((one) => [one.source, one.scope.datum])).toContainEqual(['hooks', null]);
    expect(of('gap').some((one) => one.why.includes('lost-on-the-way'))).toBe(false);
  });
  it('is a gap when a batch is lost on the way', async () => {
    const made = fixture(nodeCrypto, { granted: ['READ_CONTACTS'] });
    const out = recording();
    const sink = createAgentSink(out.recorder, PACKAGE);
    await made.install();
    made.engine.flush();
    const uri = made.call(URI, 'parse', [STRING], 'content://contacts');
    made.call('android.content.ContentResolver', 'query', QUERY, uri, null, null, null, null);
    made.engine.flush();
    made.call('android.content.ContentResolver', 'query', QUERY, uri, null, null, null, null);
    made.engine.flush();
    const [first, , third] = made.batches as [WireBatch, WireBatch, WireBatch];
    sink.take(first);
    sink.take(third);
    expect(out.of('gap').map((one) => [one.what, one.why])).toEqual([
      [`records-lost: ${made.batches[1]?.records.length}`, 'lost-on-the-way'],
    ]);
  });
  it('says so when records come from another package than the audited one', () => {
    const out = recording();
    createAgentSink(out.recorder, PACKAGE).take({
      type: 'batch',
      v: 1,
      pid: 1,
      process: 'x',
      package: 'com.other',
      n: 1,
      dropped: 0,
      records: [] as WireRecord[],
    });
    expect(out.of('gap').map((one) => one.why)).toEqual(['package: com.other']);
  });
});
