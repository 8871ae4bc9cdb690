import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importRun } from '../../../harness/import/import-run.js';
import type { Flow, Observation } from '../../../harness/model/event.js';
import { readRun } from '../../../harness/store/read.js';
import { CALL, CANARIES, FILES, IMEI, T0, entry, harOf, imported, planOf, read, refusal } from './evidence-folder.js';

describe('an imported run', () => {
  it('is whole, keeps the chain, and its events are known by their names in the evidence', async () => {
    const run = await imported({
      ...FILES,
      'observations.jsonl': ['', read(1000), read(1200, { id: 'second read' })],
      'flows.har': harOf(entry(2000), { _id: 'upload', ...entry(2100) }),
    });
    expect([run.interrupted, run.end?.outcome, run.tornTail]).toEqual([false, 'complete', 0]);
    expect(run.events.map(({ id, kind }) => `${id} ${kind}`)).toEqual([
      'e1 lifecycle',
      'e2 step',
      'e3 gap',
      'c1 consent',
      'o2 observation',
      'second read observation',
      'f1 flow',
      'upload flow',
      'c2 consent',
      'e10 end',
    ]);
    const lines = readFileSync(join(run.dir, 'events.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(run.events.map((_, i) => `e${i + 1}`));
  });

  it('says where it came from, what it can show and what nobody knows', async () => {
    const { head } = await imported(FILES, { firstParty: ['example.com'] });
    expect(head.began).toBe('2026-01-05T02:00:00.500Z');
    expect(head.handset).toMatchObject({ kind: 'imported', simulated: false, profile: 'imported', probe: null });
    expect(Object.keys(head.handset.facts).toSorted()).toEqual(
      ['canaries.json', 'consent.jsonl', 'flows.har', 'log.creator', 'observations.jsonl'].toSorted(),
    );
    expect(head.handset.facts['log.creator']).toBe('recorder 3');
    expect(head.scenario.aims).toEqual(['launched', 'notice-shown', 'agreed']);
    expect(head.app).toMatchObject({ package: CALL.app, signer: null, firstParty: { domains: ['example.com'], classes: [] } });
    expect(head.catalogue.data).toEqual(['imei']);
  });

  it('ties reads to canaries by their text, and keeps other values under a keyed hash', async () => {
    const run = await imported({ ...FILES, 'observations.jsonl': [read(1000, { values: [IMEI, 'something else', IMEI] })] });
    const seen = run.events.find((e): e is Observation => e.kind === 'observation');
    expect(seen?.values).toEqual([{ value: 'imei-1' }, { keyedHash: expect.stringMatching(/^[0-9a-f]{64}$/), bytes: 14 }]);
    expect(seen).toMatchObject({
      hook: 'imported',
      family: 'TelephonyManager.getImei',
      caller: 'com.example.loan.Main.onCreate',
      process: { pid: 100, name: CALL.app, package: CALL.app },
      thread: '7',
      at: { ms: 500, slackMs: 5, clock: 'observations' },
    });
  });

  it('knows a place by its pair, in one text or in two', async () => {
    const place = { id: 'here', type: 'location', value: '38.3123451,81.2345671', placebo: false };
    const where = (ms: number, values: readonly string[]): object =>
      read(ms, { datum: 'location', api: 'android.location.Location.getLatitude', values });
    const run = await imported({
      ...FILES,
      'canaries.json': [place],
      'observations.jsonl': [where(1, ['38.3123451, 81.2345671']), where(2, ['38.3123451', '81.2345671'])],
    });
    const seen = run.events.filter((e): e is Observation => e.kind === 'observation').map(({ values }) => values);
    expect(seen).toEqual([[{ value: 'here' }], [{ value: 'here' }]]);
  });

  it('gives each file a clock of its own, in the order of its times', async () => {
    const run = await imported({ ...FILES, 'observations.jsonl': [read(3000), read(1000)], 'flows.har': harOf(entry(2500), entry(1500)) });
    const dated = run.events
      .filter((e) => e.kind === 'observation' || e.kind === 'flow')
      .map(({ id, at }) => [id, at.clock, at.seq, at.ms]);
    expect(dated).toEqual([
      ['o2', 'observations', 1, 500],
      ['f2', 'flows', 1, 1000],
      ['f1', 'flows', 2, 2000],
      ['o1', 'observations', 2, 2500],
    ]);
  });

  it('takes an untold slack as the worst of its file, and as a second where none tells', async () => {
    const run = await imported({
      ...FILES,
      'observations.jsonl': [read(1000), read(1100, { slackMs: undefined }), read(1200, { slackMs: 40 })],
      'consent.jsonl': [{ t: T0, act: 'shown' }],
    });
    const slack = (kind: string): readonly number[] => run.events.filter((e) => e.kind === kind).map(({ at }) => at.slackMs);
    expect([slack('observation'), slack('consent')]).toEqual([[5, 40, 40], [1000]]);
    expect(run.told.remarks.map(({ en }) => en)).toEqual([expect.stringMatching(/^2 times do not tell how far off/)]);
  });

  it('leaves gaps for what the evidence does not hold, so that nobody is cleared or accused by it', async () => {
    const gaps = async (files: object): Promise<readonly string[]> =>
      (await imported(files as never)).events.flatMap((e) =>
        e.kind === 'gap' && e.what !== 'screens' ? [`${e.source} ${e.what} ${e.why}`] : [],
      );
    expect(await gaps({ 'flows.har': FILES['flows.har'] })).toEqual([
      'hooks reads not-in-evidence',
      'driver consent-acts not-in-evidence',
      'values canary not-in-evidence',
    ]);
    expect(await gaps({ 'canaries.json': CANARIES, 'observations.jsonl': [read(1)], 'consent.jsonl': '' })).toEqual([
      'driver consent-acts not-in-evidence',
      'proxy traffic not-in-evidence',
    ]);
    expect(await gaps({ ...FILES, 'canaries.json': [...CANARIES, { id: 'tiny', type: 'otp', value: '12', placebo: false }] })).toEqual([
      'values canary too-short: tiny',
    ]);
  });

  it('ids that two files share are told apart, and the flow keeps its own', async () => {
    const run = await imported({
      ...FILES,
      'observations.jsonl': [read(1000, { id: 7 })],
      'flows.har': harOf({ _id: '7', ...entry(2000) }, { _id: 'e4', ...entry(2001) }),
    });
    expect(run.events.filter((e) => e.kind === 'flow' || e.kind === 'observation').map(({ id }) => id)).toEqual(['o:7', '7', 'f:e4']);
    expect(run.told.remarks.map(({ en }) => en)).toEqual([
      'flows.har, item 2: the id "e4" is taken, so it is called "f:e4"',
      'observations.jsonl:1: the id "7" is taken, so it is called "o:7"',
    ]);
  });

  it('messages of a WebSocket are flows of their own behind their channel', async () => {
    const messages = [
      { type: 'send', time: (T0 + 2100) / 1000, opcode: 1, data: `imei ${IMEI}` },
      { type: 'receive', time: (T0 + 2150) / 1000, opcode: 2, data: Buffer.from([1, 2, 250]).toString('base64') },
      { type: 'send', time: (T0 + 2160) / 1000, opcode: 8, data: '' },
    ];
    const socket = { ...entry(2000, { method: 'GET', url: 'wss://ws.example.com/live' }), _id: 'ws', _webSocketMessages: messages };
    const run = await imported({ ...FILES, 'flows.har': harOf(socket) });
    const flows = run.events.filter((e): e is Flow => e.kind === 'flow');
    expect(flows.map(({ id, n, websocket, scheme }) => [id, n, scheme, websocket])).toEqual([
      ['ws', 1, 'https', { kind: 'channel', messages: { request: 1, response: 1 }, closes: [] }],
      ['ws.1', 2, 'https', { kind: 'message', channel: 1, number: 1, opcode: 'text', compressed: false }],
      ['ws.2', 3, 'https', { kind: 'message', channel: 1, number: 1, opcode: 'binary', compressed: false }],
    ]);
    expect(flows[2]?.bodies).toMatchObject([{ of: 'response', bytes: 3 }]);
  });

  it('is not made over another folder, and nothing stays of one that was refused or stopped', async () => {
    const plan = planOf(FILES);
    await importRun(plan);
    await expect(importRun({ ...planOf(FILES), dir: plan.dir })).rejects.toMatchObject({ code: 'RUN_EXISTS' });
    expect(readRun(plan.dir).interrupted).toBe(false);
    const many = harOf(...Array.from({ length: 600 }, (_, i) => entry(2000 + i)));
    const half = planOf({ ...FILES, 'flows.har': many });
    const turn = (): Promise<void> =>
      existsSync(join(half.dir, 'events.jsonl')) ? Promise.reject(new Error('stopped')) : Promise.resolve();
    const stopped = { ...half, turn };
    await expect(importRun(stopped)).rejects.toThrow('stopped');
    expect(existsSync(stopped.dir)).toBe(false);
    expect(readdirSync(dirname(stopped.dir))).toContain(plan.dir.split('/').at(-1));
  });
});

describe('evidence that cannot be taken over is refused in one sentence', () => {
  const cases: readonly (readonly [string, object, RegExp])[] = [
    ['no list of canaries', { 'canaries.json': {} }, /^canaries\.json: it must be a JSON array/],
    ['canaries that are no JSON', { 'canaries.json': '[\n{"id":"a"},\n{"id" "b"}]' }, /^canaries\.json:3: it is not JSON/],
    [
      'an unknown type',
      { 'canaries.json': [{ id: 'a', type: 'shoe', value: '12345' }] },
      /item 1: type cannot be "shoe", only one of: phone, imei/,
    ],
    ['a placebo that is neither', { 'canaries.json': [{ ...CANARIES[0], placebo: 'true' }] }, /item 1: placebo must be true or false/],
    ['a URL that is none', { 'flows.har': harOf(entry(1, { url: '/only/a/path' })) }, /item 1: request\.url cannot be read: \/only/],
    [
      'a canary twice',
      { 'canaries.json': [CANARIES[0], CANARIES[0]] },
      /item 2: the id "imei-1" is given already at canaries\.json, item 1/,
    ],
    [
      'a value as a number',
      { 'observations.jsonl': [read(1, { values: [12] })] },
      /^observations\.jsonl:1: values must be an array of strings/,
    ],
    [
      'an unknown datum',
      { 'observations.jsonl': ['', read(1, { datum: 'shoe' })] },
      /^observations\.jsonl:2: datum cannot be "shoe", only one of: imei/,
    ],
    ['a line that is no JSON', { 'observations.jsonl': ['{"t":1'] }, /^observations\.jsonl:1: it is not a JSON object/],
    ['seconds', { 'observations.jsonl': [read(0, { t: T0 / 1000 })] }, /^observations\.jsonl:1: t is 1767578400, which is no time/],
    [
      'an id twice',
      { 'observations.jsonl': [read(1, { id: 'a' }), read(2, { id: 'a' })] },
      /jsonl:2: the id "a" is given already at observations\.jsonl:1/,
    ],
    ['an id with a line break', { 'observations.jsonl': [read(1, { id: 'a\nb' })] }, /^observations\.jsonl:1: id has control characters/],
    ['an act that is none', { 'consent.jsonl': [{ t: T0, slackMs: 1, act: 'maybe' }] }, /^consent\.jsonl:1: act cannot be "maybe"/],
    [
      'crypto bytes that are none',
      { 'observations.jsonl': [{ t: T0, ...CALL, kind: 'digest', alg: 'MD5', object: 1, input_b64: '*', output_b64: '' }] },
      /input_b64 is not base64/,
    ],
    ['a HAR cut short', { 'flows.har': '{"log":{"entries":[{"a":1}' }, /^flows\.har: the JSON ends in its midst, at byte 26/],
    ['a HAR broken beside its entries', { 'flows.har': '{"log":{"entries":[{"a":1} {"b":2}]}}' }, /^flows\.har: it is not JSON at byte 27/],
    [
      'an entry that is broken',
      { 'flows.har': '{"log":{"entries":[{"a":1},{"b" 2}]}}' },
      /^flows\.har, item 1: request is missing|item 2: it is not JSON at byte 32/,
    ],
    ['no HAR', { 'flows.har': '{"log":{}}' }, /^flows\.har: it is no HAR/],
    [
      'an entry without a time',
      { 'flows.har': harOf(entry(1), { ...entry(2), startedDateTime: undefined }) },
      /^flows\.har, item 2: startedDateTime is missing/,
    ],
    [
      'a time without a zone',
      { 'flows.har': harOf({ ...entry(2), startedDateTime: '2026-01-05T10:00:00' }) },
      /item 1: startedDateTime "2026-01-05T10:00:00" has no time zone/,
    ],
    ['nothing at all', { 'observations.jsonl': '', 'consent.jsonl': '', 'flows.har': harOf() }, /^the evidence holds no read/],
  ];
  it.each(cases)('%s', async (_, files, sentence) => {
    expect(await refusal({ ...FILES, ...files })).toMatch(sentence);
  });
});
