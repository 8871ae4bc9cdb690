import { expect, test } from 'vitest';
import { GAP_WHATS, GAP_WHYS } from '../../harness/model/gap-codes.js';
import { eventWords } from '../../reports/event-words.js';
import { gapWords } from '../../reports/gap-words.js';

test.each([...GAP_WHATS.map((code) => ['what', code] as const), ...GAP_WHYS.map((code) => ['why', code] as const)])(
  '%s %s has Chinese words with Chinese in them and English without',
  (part, code) => {
    const { zh, en } = gapWords(part, code);
    expect(zh).toMatch(/\p{Script=Han}/u);
    expect(en).not.toMatch(/\p{Script=Han}/u);
  },
);

test.each([
  ['what', 'hook-cut: content.query', '钩子未记全的调用：content.query', 'call not recorded in full: content.query'],
  ['why', 'tls-alert: unknown_ca', '应用发出 TLS 警报：unknown_ca', 'TLS alert from the app: unknown_ca'],
  ['why', 'agent-error: extract: a b: c', '探针出错：extract: a b: c', 'error in the agent: extract: a b: c'],
  ['why', 'no-button:allow · 是否允许', '弹窗上没有所需的按钮：allow · 是否允许', 'no button for the answer: allow · 是否允许'],
  ['why', 'too deep', '编码层数过多', 'too many layers of encoding'],
  ['why', 'content-encoding br', '无法解开的内容编码：br', 'content encoding that could not be undone: br'],
  // A label of the app's, a code of another version, a name of Object's: as they are.
  ['why', '同意并继续', '同意并继续', '同意并继续'],
  ['why', 'tls-refused: x', 'tls-refused: x', 'tls-refused: x'],
  ['what', 'toString: x', 'toString: x', 'toString: x'],
  ['what', '', '', ''],
] as const)('%s “%s” reads “%s”', (part, text, zh, en) => {
  expect(gapWords(part, text)).toEqual({ zh, en });
});

test('the timeline says a gap in the language of its reader', () => {
  const at = { ms: 0, slackMs: 0, clock: 'run', seq: 1 };
  const scope = { datum: null, host: 'a.example', phase: null };
  expect(eventWords({ kind: 'gap', id: 'e1', at, source: 'proxy', what: 'tls-refused', why: 'tls-silence', scope }).zh).toBe(
    '未看到：应用拒绝了实验室的证书或没有用这条连接（握手超时，无响应）',
  );
});
