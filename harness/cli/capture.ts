import { randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CapturePlan } from '../capture-alone.js';
import { parseAuthority } from '../capture/authority-form.js';
import { parseResolveRule, type ResolveRule } from '../capture/resolver.js';
import { LabError } from '../model/errors.js';
import type { Draft } from '../model/event.js';
import { fromDisk } from '../store/disk.js';
import { runId, toolOf } from './plan.js';
import type { Common } from './program.js';
import { complaint, jsonLine, remark, result, short, shortWord } from './say.js';
import { untilStopped } from './signals.js';

interface Options {
  readonly listen: string;
  readonly out?: string;
  readonly socks?: boolean;
  readonly dns?: string;
  readonly ca?: string;
  readonly upstreamCa?: string;
  readonly upstreamInsecure?: boolean;
  readonly resolve: readonly string[];
  readonly engine: 'relay' | 'pipeline';
  readonly case?: string;
  readonly operator?: string;
  readonly lab?: string;
}

/** Counts what goes by, for the summary. */
interface Tally {
  flows: number;
  unread: number;
  gaps: number;
}

/** `capture`: the proxy without an audit, until Ctrl-C. Returns the exit code. */
export async function captureCommand(options: Options, common: Common): Promise<number> {
  const planned = planOf(options, common);
  const tally: Tally = { flows: 0, unread: 0, gaps: 0 };
  const { captureAlone } = await import('../capture-alone.js');
  return untilStopped(async (signal) => {
    const captured = await captureAlone({
      ...planned,
      signal,
      onEvent: (event) => count(tally, event),
      onListening: (at) => sayListening(planned, at, common),
    });
    saySummary(captured.dir, tally, common);
    if (captured.error !== null) remark(complaint(captured.error, common.language));
    return captured.error?.exit ?? 0;
  });
}

function planOf(options: Options, { language }: Common): Omit<CapturePlan, 'signal' | 'onEvent' | 'onListening'> {
  const id = runId(new Date(), 'capture');
  return {
    head: {
      id,
      tool: toolOf(),
      caseNumber: options.case ?? null,
      operator: options.operator ?? null,
      lab: options.lab ?? null,
    },
    title: language === 'zh' ? '单独抓包' : 'capture on its own',
    dir: options.out ?? join('runs', id),
    seed: randomBytes(16).toString('hex'),
    listen: { host: '127.0.0.1', port: loopbackPort('--listen', options.listen) },
    dnsPort: options.dns === undefined ? null : loopbackPort('--dns', options.dns),
    socks: options.socks === true,
    engine: options.engine,
    caDir: options.ca ?? null,
    upstreamCaPem: options.upstreamCa === undefined ? null : certificateIn(options.upstreamCa),
    upstreamInsecure: options.upstreamInsecure === true,
    resolve: options.resolve.map(ruleOf),
  };
}

function wrong(what: string, whatEn: string): LabError {
  return new LabError('USAGE', { what, whatEn, command: 'capture ' });
}

/** Only loopback: whoever reaches the proxy gets into what it records. Port 0 lets the system choose. */
function loopbackPort(option: string, text: string): number {
  const port = /^127\.0\.0\.1:0$/.test(text) ? 0 : /^127\.0\.0\.1:\d+$/.test(text) ? parseAuthority(text, null)?.port : undefined;
  if (port === undefined)
    throw wrong(`${option} 只能写 127.0.0.1:端口，而不是“${text}”`, `${option} takes 127.0.0.1:PORT only, not "${text}"`);
  return port;
}

function ruleOf(text: string): ResolveRule {
  const rule = parseResolveRule(text);
  if (rule === null)
    throw wrong(`--resolve 的“${text}”应写作 域名=IP 或 域名=IP:端口`, `--resolve "${text}" must read HOST=IP or HOST=IP:PORT`);
  return rule;
}

function certificateIn(file: string): string {
  const pem = fromDisk(file, () => readFileSync(file, 'utf8'));
  try {
    // Only a certificate can be read as one.
    void new X509Certificate(pem);
    return pem;
  } catch {
    throw wrong(`--upstream-ca 的 ${file} 不是 PEM 格式的证书`, `--upstream-ca: ${file} is no certificate in PEM form`);
  }
}

function count(tally: Tally, event: Draft): void {
  if (event.kind === 'gap') tally.gaps += 1;
  if (event.kind !== 'flow') return;
  tally.flows += 1;
  if (event.state === 'refused' || event.state === 'opaque') tally.unread += 1;
}

function sayListening(
  plan: { readonly dir: string; readonly socks: boolean },
  at: Parameters<CapturePlan['onListening']>[0],
  common: Common,
): void {
  const { port, dnsPort, caFile } = at;
  const dns = dnsPort === null ? null : `127.0.0.1:${dnsPort}`;
  if (common.json) {
    // At once, not at the end: whoever started us waits for it.
    jsonLine({ listening: { host: '127.0.0.1', port }, dns, dir: resolve(plan.dir), ca: resolve(caFile) });
    return;
  }
  const zh = common.language === 'zh';
  result(
    zh
      ? `正在 127.0.0.1:${port} 抓包${plan.socks ? '（HTTP 代理、SOCKS5、TLS）' : '（HTTP 代理、TLS）'}`
      : `capturing on 127.0.0.1:${port} (HTTP proxy, ${plan.socks ? 'SOCKS5, ' : ''}TLS)`,
  );
  if (dns !== null) result(zh ? `DNS 在 ${dns}` : `DNS on ${dns}`);
  remark(zh ? `被测设备须信任证书 ${short(caFile)}；按 Ctrl-C 结束` : `the device must trust ${short(caFile)}; end with Ctrl-C`);
}

/** With `--json` the one document on stdout has been given already. */
function saySummary(dir: string, { flows, unread, gaps }: Tally, { language, json }: Common): void {
  const zh = language === 'zh';
  const say = json ? remark : result;
  say(
    zh
      ? `记录了 ${flows} 条流量，其中 ${unread} 条内容未能读取；${gaps} 处缺口`
      : `${flows} flows recorded, ${unread} of them unread; ${gaps} gaps`,
  );
  say(short(dir));
  remark(
    zh ? `接下来：npx jiejing export ${shortWord(dir)} --har --out 文件` : `next: npx jiejing export ${shortWord(dir)} --har --out FILE`,
  );
}
