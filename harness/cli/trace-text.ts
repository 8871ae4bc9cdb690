import type { Event } from '../model/event.js';
import { eventWords } from '../../reports/event-words.js';
import { LEVEL_WORDS, datumWord, formWords, partWord, receiverWord, type Language } from '../../reports/words.js';
import { columns, oneLine, paint, wrap } from './say.js';
import type { Trace, Traced } from './trace.js';

/** Events of one sort that are told in words; the JSON document has them all. */
const MOST_TOLD = 12;

/** Where values went, for a terminal. */
export function traceText({ traces, looked, unseen, partial }: Traced, language: Language): string {
  const t = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const missed = [...new Map(unseen.map((event) => [eventWords(event).zh, event])).values()];
  const lines = [
    ...traces.flatMap((one) => [...traceLines(one, language), '']),
    ...wrap(
      t(
        `查看了 ${looked.flows} 个请求，共 ${looked.bytes} 字节（含解码后）。`,
        `${looked.flows} flows were looked at, ${looked.bytes} bytes with what was decoded.`,
      ),
      columns(),
    ),
    ...(partial
      ? [paint.yellow(t('记录没有录完：之后的读取与请求不在其中。', 'The run is not complete: later reads and requests are not in it.'))]
      : []),
    ...(missed.length === 0
      ? []
      : [
          t('没有看到的，其中可能有这个值：', 'Not seen, and the value may be in it:'),
          ...missed.slice(0, MOST_TOLD).flatMap((event) => told(event, language)),
        ]),
    ...(missed.length > MOST_TOLD ? [t(`  …另有 ${missed.length - MOST_TOLD} 项`, `  … and ${missed.length - MOST_TOLD} more`)] : []),
  ];
  return lines.join('\n');
}

/** What an unknown value was taken for, in Chinese; any text where nothing says more. */
function typeWord(type: string): string {
  return (
    (
      {
        phone: '手机号',
        location: '位置',
        id_card: '身份证号',
        mac: ' MAC 地址',
        imei: ' IMEI',
        email: '邮箱',
        bank_card: '银行卡号',
        contact_name: '姓名',
        app_package: '应用包名',
        otp: '验证码',
      } as Readonly<Record<string, string>>
    )[type] ?? '一般文字'
  );
}

function traceLines({ text, value, known, reads, sends }: Trace, language: Language): readonly string[] {
  const t = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const what = known
    ? `${datumWord(value.datum, language)} · ${value.id}`
    : t(`不是本次植入的值，按${typeWord(value.type)}查找`, `not a value of this run; looked for as ${value.type}`);
  return [
    ...wrap(paint.bold(`${oneLine(text)} · ${what}`), columns()),
    reads.length === 0
      ? t('  没有看到它被读取', '  no read of it was seen')
      : t(`  被读取 ${reads.length} 次：`, `  read ${reads.length} times:`),
    ...reads.slice(0, MOST_TOLD).flatMap((event) => told(event, language)),
    sends.length === 0
      ? t('  没有在任何请求中找到它', '  it was found in no request')
      : t(`  在 ${sends.length} 个请求中：`, `  in ${sends.length} requests:`),
    ...sends.slice(0, MOST_TOLD).flatMap((send) => sendLines(send, language)),
    ...(sends.length > MOST_TOLD ? [t(`    …另有 ${sends.length - MOST_TOLD} 个`, `    … and ${sends.length - MOST_TOLD} more`)] : []),
  ];
}

function told(event: Event, language: Language): readonly string[] {
  return wrap(`${event.id} +${(event.at.ms / 1000).toFixed(3)} s ${oneLine(eventWords(event)[language])}`, columns() - 4).map(
    (line) => `    ${line}`,
  );
}

function sendLines({ link, flow, receiver, form }: Trace['sends'][number], language: Language): readonly string[] {
  const who = receiverWord(receiver, language);
  const where = `${partWord(link.span.part, language)} ${link.span.start}-${link.span.end}`;
  return wrap(
    `${flow.id} +${(flow.at.ms / 1000).toFixed(3)} s ${oneLine(receiver.host)} · ${who} · ${formWords(form, language)} · ${oneLine(where)} · ${LEVEL_WORDS[link.level][language]}`,
    columns() - 4,
  ).map((line) => `    ${line}`);
}
