import { resolve } from 'node:path';
import type { CapturePlan, Listening } from '../capture-alone.js';
import type { LabError } from '../model/errors.js';
import type { Language } from '../../reports/words.js';
import { CaptureCounter, type Tally } from './capture-counter.js';
import { capturePlan, type CaptureOptions } from './capture-plan.js';
import type { Common } from './program.js';
import { jsonLine, oneLine, remark, result, short, shortWord } from './say.js';
import { untilStopped } from './signals.js';

/** `capture`: the proxy without an audit, until Ctrl-C. Returns the exit code. */
export async function captureCommand(options: CaptureOptions, common: Common): Promise<number> {
  const planned = capturePlan(options, common);
  const { language } = common;
  const live = process.stderr.isTTY === true && !process.env['CI'] && process.env['TERM'] !== 'dumb';
  const counter = new CaptureCounter(language, live && !common.json);
  const { captureAlone } = await import('../capture-alone.js');
  return untilStopped(async (signal) => {
    let listens: Listening | null = null;
    const captured = await captureAlone({
      ...planned,
      signal,
      onEvent: (event) => counter.event(event),
      onListening(at) {
        listens = at;
        outliveReaders();
        sayListening(planned, at, common);
        counter.show();
      },
      onFailure(error) {
        counter.clear();
        remark(noMore(error, language));
      },
    });
    counter.clear();
    if (captured.error === null) saySummary(captured.dir, counter.tally, common);
    else saySaved(captured.dir, common);
    if (captured.error === null && counter.tally.flows === 0 && listens !== null) remark(nothingCame(listens, language));
    return captured.error?.exit ?? 0;
  });
}

/** Whoever read what we say may go, a terminal may be closed: the traffic of the device goes on, and the run is closed at its end. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error').on('error', () => {});
}

function sayListening(plan: Pick<CapturePlan, 'dir' | 'socks' | 'upstreamInsecure'>, at: Listening, common: Common): void {
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
  if (plan.upstreamInsecure)
    remark(zh ? '注意：不核对服务器的证书，逐条注明' : "note: servers' certificates are not checked; each flow says so");
  remark(zh ? `被测设备须信任证书 ${short(caFile)}` : `the device must trust ${short(caFile)}`);
  remark(zh ? `记录写入 ${short(plan.dir)}；按 Ctrl-C 结束` : `recording into ${short(plan.dir)}; end with Ctrl-C`);
}

/** The disk takes no more, in one sentence. */
function noMore(error: LabError, language: Language): string {
  const what = oneLine(error.words(language).what);
  return language === 'zh'
    ? `错误：${what}。从此不再记录，流量照常通过；按 Ctrl-C 结束`
    : `error: ${what}; nothing more is recorded, and traffic goes on; end with Ctrl-C`;
}

/** With `--json` the one document on stdout has been given already. */
function saySummary(dir: string, { flows, unread, gaps }: Tally, { language, json }: Common): void {
  const say = json ? remark : result;
  const n = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
  say(
    language === 'zh'
      ? `记录了 ${flows} 条流量，其中 ${unread} 条内容未能读取；${gaps} 处缺口`
      : `recorded ${n(flows, 'flow')}, ${unread} of them unread; ${n(gaps, 'gap')}`,
  );
  sayWhere(dir, { language, json });
}

/** What lay in memory when the disk was full was not written: a number would not be true. */
function saySaved(dir: string, common: Common): void {
  const say = common.json ? remark : result;
  say(
    common.language === 'zh'
      ? '磁盘出错之前的流量已记录，之后的没有'
      : 'what came before the disk failed is recorded, what came after is not',
  );
  sayWhere(dir, common);
}

function sayWhere(dir: string, { language, json }: Common): void {
  (json ? remark : result)(short(dir));
  const next = `npx jiejing export ${shortWord(dir)} --har --out`;
  remark(language === 'zh' ? `接下来：${next} 文件` : `next: ${next} FILE`);
}

function nothingCame({ port }: Listening, language: Language): string {
  return language === 'zh'
    ? `没有流量到达：请检查设备的代理是否为 127.0.0.1:${port}`
    : `nothing arrived: is 127.0.0.1:${port} the proxy of the device?`;
}
