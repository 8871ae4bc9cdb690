// A run folder of any length, written by the real store: reads all over the run, one request in twenty, half of them carrying a planted value.
import { createRunClock } from '../../dist/harness/clock.js';
import { createRun } from '../../dist/harness/store/create.js';
import { drawManifest } from '../../dist/harness/values/draw.js';
import { manifestSha256, seedCommitment } from '../../dist/harness/values/manifest.js';

const SEED = '00112233445566778899aabbccddeeff';
const SHA = '0'.repeat(64);
const PROCESS = { pid: 4711, name: 'com.example.eager.loan', package: 'com.example.eager.loan' };
const STACK = [
  { class: 'com.example.dunyan.risk.Collector', method: 'collect', file: null, line: null },
  { class: 'android.os.Handler', method: 'dispatchMessage', file: null, line: null },
];
const OWNER = { uid: 10123, package: PROCESS.package, pid: PROCESS.pid, how: 'virtual' };

export async function writeSyntheticRun(dir, events) {
  const clock = createRunClock({});
  const manifest = drawManifest(SEED, Date.now());
  const run = createRun({ dir, head: headOf(manifest), manifest, clock });
  const steps = [
    ['launch', 0.01],
    ['observe', 0.02],
    ['privacy', 0.5],
  ];
  run.write({ kind: 'lifecycle', at: clock.now(), what: 'launched', process: null, detail: PROCESS.package, head: null });
  for (let i = 2; i < events - 1; i++) {
    const step = steps.find(([, share]) => i === Math.round(events * share));
    if (step) run.write({ kind: 'step', at: clock.now(), path: '1', act: step[0], state: 'done', detail: '', picture: null });
    else if (i === Math.round(events * 0.5) + 1)
      run.write({
        kind: 'consent',
        at: clock.now(),
        act: 'agreed',
        window: null,
        click: clock.now(),
        notice: null,
        before: null,
        after: null,
      });
    else if (i % 20 === 0) run.write(await flow(run, clock, manifest, i));
    else run.write(read(clock, manifest, i));
  }
  run.close('complete', null);
  clock.close();
}

function read(clock, manifest, i) {
  const value = manifest.values[i % manifest.values.length];
  const at = clock.now();
  return {
    kind: 'observation',
    at,
    hook: `synthetic.${value.type}`,
    api: 'android.content.ContentResolver.query',
    family: value.datum,
    datum: value.datum,
    caller: 'com.example.dunyan.risk.Collector.collect',
    stack: STACK,
    values: [{ value: value.id }],
    rows: 1,
    n: 1,
    firstAt: at,
    lastAt: at,
    parent: null,
    threw: null,
    process: PROCESS,
    thread: 'main',
    foreground: true,
  };
}

async function flow(run, clock, manifest, i) {
  const at = clock.now();
  const value = manifest.values[(i * 7) % manifest.values.length];
  const body = run.body('request');
  body.write(
    Buffer.from(JSON.stringify({ n: i, device: `d${i}`, payload: i % 40 === 0 ? value.text : `nothing ${i}`, note: 'x'.repeat(200) })),
  );
  const moment = { wallMs: clock.wallMs(), monoMs: clock.monoMs(), ms: at.ms };
  const url = `https://collect.dunyan-risk.example/v1/${i}`;
  return {
    kind: 'flow',
    at,
    witness: 'proxy',
    door: 'http-proxy',
    scheme: 'https',
    host: 'collect.dunyan-risk.example',
    port: 443,
    sni: 'collect.dunyan-risk.example',
    peer: { ip: '127.0.0.1', port: 443, certificateSha256: SHA },
    owner: OWNER,
    state: 'whole',
    reason: null,
    request: {
      method: 'POST',
      target: `/v1/${i}`,
      url,
      version: 'HTTP/1.1',
      headers: [
        ['Host', 'collect.dunyan-risk.example'],
        ['Content-Type', 'application/json'],
      ],
    },
    response: { status: 200, reason: 'OK', version: 'HTTP/1.1', headers: [] },
    bodies: [await body.end('whole')].filter((b) => b !== null),
    times: {
      connect: moment,
      clientHello: moment,
      handshake: moment,
      requestFirst: moment,
      requestLast: moment,
      responseFirst: moment,
      responseLast: moment,
    },
  };
}

function headOf(manifest) {
  return {
    schema: 2,
    id: 'synthetic',
    began: new Date().toISOString(),
    app: {
      id: 'eager',
      package: PROCESS.package,
      label: '合成数据（虚构）',
      version: '1',
      signer: null,
      sha256: SHA,
      source: { where: 'synthetic', when: new Date().toISOString() },
      permissions: [],
      firstParty: { domains: ['eager-loan.example'], classes: ['com.example.eager.'] },
    },
    handset: { kind: 'virtual', simulated: true, profile: 'synthetic', probe: null, facts: {} },
    scenario: { id: 'synthetic', title: '合成', sha256: SHA, aims: ['launched', 'notice-shown', 'agreed', 'form-reached'], steps: [] },
    tool: { name: 'jiejing', version: '0', commit: null, lockSha256: null, node: process.versions.node },
    catalogue: { sha256: SHA, rows: 0, data: [] },
    seedCommitment: seedCommitment(SEED),
    manifest: { sha256: manifestSha256(manifest), values: manifest.values.length, placebos: manifest.placebos.length },
    caseNumber: null,
    operator: null,
    lab: null,
    clock: { name: 'run', ntpOffsetMs: null },
  };
}
