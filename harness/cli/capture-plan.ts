import { randomBytes, X509Certificate } from 'node:crypto';
import { join, relative, resolve, sep } from 'node:path';
import type { CapturePlan } from '../capture-alone.js';
import { parseResolveRule, type ResolveRule } from '../capture/resolver.js';
import { LabError } from '../model/errors.js';
import { readIfThere } from '../store/disk.js';
import { runId, toolOf } from './plan.js';
import type { Common } from './program.js';

/** What `capture` was asked. */
export interface CaptureOptions {
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

/** argv → plan: all that can be wrong with it is found before anything is opened. @throws LabError USAGE, BAD_PATH, NO_READ */
export function capturePlan(options: CaptureOptions, { language }: Common): Omit<CapturePlan, 'signal' | `on${string}`> {
  const id = runId(new Date(), 'capture');
  const dir = options.out ?? join('runs', id);
  const caDir = options.ca ?? null;
  const port = loopbackPort('--listen', options.listen);
  const dnsPort = options.dns === undefined ? null : loopbackPort('--dns', options.dns);
  // The DNS stub takes TCP as well.
  if (port !== 0 && port === dnsPort) throw wrong('--listen 与 --dns 不能用同一端口', '--listen and --dns must not have the same port');
  // A run is handed on to others; the key of a CA never is.
  if (caDir !== null && within(dir, caDir))
    throw wrong('--ca 不能在 --out 的记录文件夹里', '--ca must not be the run folder of --out, nor lie in it');
  return {
    head: {
      id,
      tool: toolOf(),
      caseNumber: options.case ?? null,
      operator: options.operator ?? null,
      lab: options.lab ?? null,
    },
    title: language === 'zh' ? '单独抓包' : 'capture on its own',
    dir,
    seed: randomBytes(16).toString('hex'),
    listen: { host: '127.0.0.1', port },
    dnsPort,
    socks: options.socks === true,
    engine: options.engine,
    caDir,
    upstreamCaPem: options.upstreamCa === undefined ? null : certificatesIn(options.upstreamCa),
    upstreamInsecure: options.upstreamInsecure === true,
    resolve: rulesOf(options.resolve),
  };
}

function wrong(what: string, whatEn: string): LabError {
  return new LabError('USAGE', { what, whatEn, command: 'capture' });
}

/** Only loopback: whoever reaches the proxy gets into what it records. Port 0 lets the system choose. */
function loopbackPort(option: string, text: string): number {
  const port = Number(/^127\.0\.0\.1:(0|[1-9]\d{0,4})$/.exec(text)?.[1] ?? NaN);
  if (!(port <= 65_535))
    throw wrong(`${option} 只能写 127.0.0.1:端口，而不是“${text}”`, `${option} takes 127.0.0.1:PORT only, not "${text}"`);
  return port;
}

function within(folder: string, other: string): boolean {
  const way = relative(resolve(folder), resolve(other));
  return way !== '..' && !way.startsWith(`..${sep}`) && !/^(\w:)?[\\/]/.test(way);
}

function rulesOf(texts: readonly string[]): readonly ResolveRule[] {
  const rules = texts.map(ruleOf);
  for (const [i, { host, ip, port }] of rules.entries()) {
    const other = rules.slice(0, i).find((one) => one.host === host);
    if (other !== undefined && (other.ip !== ip || other.port !== port))
      throw wrong(`--resolve 把“${host}”指向了两处`, `--resolve leads "${host}" to two places`);
  }
  return rules;
}

function ruleOf(text: string): ResolveRule {
  const rule = parseResolveRule(text);
  if (rule === null)
    throw wrong(
      `--resolve 的“${text}”应写作 域名=IP 或 域名=IP:端口；IPv6 带端口时写 [IP]:端口`,
      `--resolve "${text}" must read HOST=IP or HOST=IP:PORT, IPv6 with a port [IP]:PORT`,
    );
  return rule;
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** The text of a PEM file in which each certificate can be read: OpenSSL would leave out a broken one and all behind it without a word. */
function certificatesIn(file: string): string {
  const bytes = readIfThere(file);
  if (bytes === null) throw wrong(`--upstream-ca：没有文件 ${file}`, `--upstream-ca: there is no file ${file}`);
  const pem = bytes.toString('latin1');
  const found = pem.match(CERTIFICATE) ?? [];
  const begun = pem.split(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/).length - 1;
  if (begun === 0) throw wrong(`--upstream-ca 的 ${file} 不是 PEM 格式的证书`, `--upstream-ca: ${file} is no certificate in PEM form`);
  const broken = begun === found.length ? found.findIndex((one) => !isCertificate(one)) : found.length;
  if (broken >= 0)
    throw wrong(`--upstream-ca：${file} 中第 ${broken + 1} 份证书已损坏`, `--upstream-ca: certificate ${broken + 1} in ${file} is broken`);
  return pem;
}

function isCertificate(pem: string): boolean {
  try {
    // Only a certificate can be read as one.
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
