// The corpus as a recorded run, for the linker.
const STAMP = { slackMs: 0, clock: 'run' };
const NO_TIMES = {
  connect: null,
  clientHello: null,
  handshake: null,
  requestFirst: null,
  requestLast: null,
  responseFirst: null,
  responseLast: null,
};

const HEAD = {
  schema: 2,
  id: 'bench',
  began: '2026-03-02T10:00:00.000+08:00',
  app: {
    id: 'x',
    package: 'com.example.loan',
    label: 'x',
    version: '1',
    signer: null,
    sha256: '',
    permissions: [],
    source: { where: '', when: '' },
    firstParty: { domains: ['loan.example'], classes: ['com.example.loan.'] },
  },
  handset: { kind: 'virtual', simulated: true, profile: 'x', probe: null, facts: {} },
  scenario: { id: 's', title: 's', sha256: '', aims: [], steps: [] },
  tool: { name: 'jiejing', version: '0', commit: null, lockSha256: null, node: '' },
  catalogue: { sha256: '', rows: 0, data: [] },
  seedCommitment: '',
  manifest: { sha256: '', values: 0, placebos: 0 },
  caseNumber: null,
  operator: null,
  lab: null,
  clock: { name: 'run', ntpOffsetMs: null },
};

function flowOf({ type, gzip, at, length }, i) {
  const body = { of: 'request', file: 'bodies', sha256: '', bytes: length, offset: at, length, state: 'whole' };
  const headers = [['Host', 'up.example'], ['Content-Type', type], ...(gzip ? [['Content-Encoding', 'gzip']] : [])];
  return {
    id: `e${i + 1}`,
    at: { ...STAMP, ms: i, seq: i },
    kind: 'flow',
    witness: 'proxy',
    n: i + 1,
    engine: 'relay',
    door: 'http-proxy',
    scheme: 'https',
    host: 'up.example',
    port: 443,
    sni: 'up.example',
    peer: null,
    owner: { uid: 10_001, package: 'com.example.loan', pid: 41, how: 'virtual' },
    state: 'whole',
    reason: null,
    request: { method: 'POST', target: '/up', url: 'https://up.example/up', version: '1.1', headers, trailers: [], raw: null },
    response: { status: 200, reason: 'OK', version: '1.1', headers: [], trailers: [], interim: [], raw: null },
    bodies: [body],
    tls: null,
    websocket: null,
    synthetic: [],
    times: NO_TIMES,
  };
}

/** What `link` takes: each body a flow of its own, in one buffer `sent`. */
export function recorded({ values, bodies, sent }) {
  return {
    head: HEAD,
    events: bodies.map(flowOf),
    manifest: { seed: '', values, placebos: [] },
    bodies: { read: (_, offset, length) => sent.subarray(offset, offset + length) },
  };
}
