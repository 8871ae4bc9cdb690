import { describe, expect, it } from 'vitest';
import type { Consent, Event, Lifecycle, NoticeView } from '../../harness/model/event.js';
import { beijingTime } from '../../reports/beijing.js';
import { eventWords } from '../../reports/event-words.js';
import { consent, launched, story } from '../../reports/examples.js';
import { formWords, sentence } from '../../reports/words.js';

const text = {
  zh: '应用{act}{datum}（调用方：{caller}；接收方：{receiver}）',
  en: 'the app {act} {datum} (caller: {caller}; receiver: {receiver})',
};
const facts = { act: 'sent', datum: 'imei', caller: '-', receiver: 'api.loan.example' };

describe('a sentence', () => {
  it.each([
    ['zh', facts, /（接收方：api\.loan\.example）$/],
    ['en', facts, / \(receiver: api\.loan\.example\)$/],
    ['zh', { ...facts, receiver: '-', caller: 'com.loan.A.b' }, /（调用方：com\.loan\.A\.b）$/],
    ['zh', { ...facts, receiver: '-' }, /发送了 ?[^（）]+$/],
    ['en', { ...facts, receiver: '-' }, /^the app sent [^()]+$/],
    ['zh', { ...facts, caller: 'unknown' }, /（调用方：未知调用方；接收方：/],
  ] as const)('in %s leaves out what is empty', (language, given, wanted) => {
    expect(sentence({ text }, given, language)).toMatch(wanted);
  });
});

it('tells each layer of a form, also one that stands twice', () => {
  expect(formWords('base64+base64', 'zh')).toBe('Base64 → Base64');
});

it.each([
  ['2026-11-24T13:31:54.359Z', '2026-11-24 21:31:54'],
  ['2026-12-31T16:00:00.000Z', '2027-01-01 00:00:00'],
])('shows %s as Beijing has it', (iso, shown) => {
  expect(beijingTime(iso)).toEqual({ zh: `${shown}（北京时间）`, en: `${shown} Beijing time` });
});

describe('an event in Chinese', () => {
  const [base] = story(launched(0)).events.filter((e): e is Lifecycle => e.kind === 'lifecycle');
  const lifecycle = (what: Lifecycle['what'], detail: string): string => eventWords({ ...base, what, detail } as Event).zh;
  it.each([
    ['planted', '30 contacts, 12 SMS, 10 calls', '布设数据 · 联系人 30、短信 12、通话 10'],
    ['collected', '2 files', '取走应用文件 · 2 个文件'],
    ['process-ended', 'killed', '进程结束 · 被系统结束'],
    ['process-ended', 'exit', '进程结束 · 自行退出'],
  ] as const)('%s %s', (what, detail, wanted) => {
    expect(lifecycle(what, detail)).toBe(wanted);
  });

  it('calls a page that has only a box by what it is', () => {
    const shown = story(launched(0), consent(1000, 'agreed')).events.find((e): e is Consent => e.kind === 'consent');
    const notice = { agree: null, decline: null, box: { state: 'unticked' } } as unknown as NoticeView;
    expect(eventWords({ ...shown, act: 'shown', notice } as Event).zh).toBe('出现协议勾选框');
    expect(eventWords({ ...shown, act: 'shown', notice: { ...notice, agree: {} } } as Event).zh).toBe('出现隐私提示');
  });
});
