import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agrees, isRationale, plain, readNotice, refusalIn, refuses, viewOf } from '../../../harness/drive/consent.js';
import { popUpIn } from '../../../harness/drive/pop-ups.js';
import { answerFor, buttonFor, promptIn } from '../../../harness/drive/prompts.js';
import { labelOf, readTree } from '../../../harness/drive/tree.js';

const folder = join(import.meta.dirname, 'sources');
const source = (name: string): string => readFileSync(join(folder, `${name}.xml`), 'utf8');
const both = ['《用户服务协议》', '《隐私政策》'];

/** Name → kind, title, agree, decline, box, links, confidence; null: no notice. */
const READINGS: Readonly<
  Record<
    string,
    {
      readonly kind: string;
      readonly title: string;
      readonly agree: string | null;
      readonly decline: string | null;
      readonly box: string | null;
      readonly links: readonly string[];
      readonly confidence: string;
    } | null
  >
> = {
  'dialog-plain': { kind: 'notice', title: '温馨提示', agree: '同意并继续', decline: '不同意', box: null, links: both, confidence: 'sure' },
  'dialog-inherited-click': {
    kind: 'notice',
    title: '服务协议和隐私政策',
    agree: '同意并使用',
    decline: '不同意并退出APP',
    box: null,
    links: both,
    confidence: 'sure',
  },
  'dialog-own-links': {
    kind: 'notice',
    title: '个人信息保护指引',
    agree: '同意',
    decline: '暂不使用',
    box: null,
    links: ['《隐私政策》', '《个人信息共享清单》'],
    confidence: 'sure',
  },
  'dialog-ticked': {
    kind: 'notice',
    title: '用户协议与隐私政策',
    agree: '同意',
    decline: '拒绝',
    box: 'ticked',
    links: both,
    confidence: 'sure',
  },
  'dialog-unticked-disabled': {
    kind: 'notice',
    title: '隐私保护提示',
    agree: '同意并进入',
    decline: '退出应用',
    box: 'unticked',
    links: both,
    confidence: 'sure',
  },
  'dialog-image-box': {
    kind: 'notice',
    title: '温馨提示',
    agree: '同意',
    decline: '不同意',
    box: 'unknown',
    links: both,
    confidence: 'sure',
  },
  'h5-dialog': {
    kind: 'notice',
    title: '隐私政策提示',
    agree: '同意并继续',
    decline: '不同意',
    box: null,
    links: both,
    confidence: 'sure',
  },
  'dialog-no-decline': {
    kind: 'notice',
    title: '隐私政策更新通知',
    agree: '我知道了',
    decline: null,
    box: null,
    links: ['《隐私政策》'],
    confidence: 'likely',
  },
  'dialog-second-chance': {
    kind: 'notice',
    title: '您需要同意隐私政策才能继续使用',
    agree: '同意并继续',
    decline: '仍不同意',
    box: null,
    links: ['《隐私政策》'],
    confidence: 'sure',
  },
  'dialog-guest-mode': { kind: 'notice', title: '欢迎使用', agree: '同意', decline: '仅浏览', box: null, links: both, confidence: 'sure' },
  'page-fullscreen': {
    kind: 'notice',
    title: '极速借款',
    agree: '阅读并同意',
    decline: '不同意并退出',
    box: null,
    links: ['《用户协议》', '《隐私权政策》'],
    confidence: 'sure',
  },
  'login-ticked': {
    kind: 'box',
    title: '手机号登录',
    agree: null,
    decline: null,
    box: 'ticked',
    links: ['《用户协议》', '《隐私政策》'],
    confidence: 'sure',
  },
  'login-unticked': {
    kind: 'box',
    title: '手机号登录',
    agree: null,
    decline: null,
    box: 'unticked',
    links: ['《用户协议》', '《隐私政策》'],
    confidence: 'sure',
  },
  'login-image-box': {
    kind: 'box',
    title: '手机号登录',
    agree: null,
    decline: null,
    box: 'unknown',
    links: ['《用户协议》', '《隐私政策》'],
    confidence: 'likely',
  },
  'login-one-key': {
    kind: 'box',
    title: '140****5678',
    agree: null,
    decline: null,
    box: 'ticked',
    links: ['《认证服务条款》', '《隐私政策》'],
    confidence: 'sure',
  },
  'decoy-coupon': null,
  'decoy-update': null,
  'decoy-rationale': null,
  'decoy-system-prompt': null,
  'decoy-miui-prompt': null,
  'decoy-huawei-prompt': null,
  'decoy-policy-page': null,
  'decoy-settings': null,
  'decoy-settings-switch': null,
  'decoy-withdraw-confirm': null,
  'decoy-rating': null,
  'decoy-marketing-box': null,
  'decoy-home': null,
};

describe('a notice is found by what is on the screen', () => {
  it('the table names every page source of the corpus', () => {
    expect(
      readdirSync(folder)
        .map((file) => file.replace('.xml', ''))
        .toSorted(),
    ).toEqual(Object.keys(READINGS).toSorted());
  });
  it.each(Object.entries(READINGS))('%s', (name, wanted) => {
    const reading = readNotice(source(name));
    const got =
      reading === null
        ? null
        : {
            kind: reading.kind,
            title: reading.title,
            agree: reading.agree?.label ?? null,
            decline: reading.decline?.label ?? null,
            box: reading.box?.state ?? null,
            links: reading.links.map((link) => link.text).toSorted(),
            confidence: reading.confidence,
          };
    expect(got).toEqual(wanted === null ? null : { ...wanted, links: [...wanted.links].toSorted() });
  });
  it('a dialog in a web page keeps the page behind it out of its words', () => {
    expect(readNotice(source('h5-dialog'))?.text).not.toContain('首页');
  });
  it('a button that says no is never taken for one that says yes', () => {
    for (const [name, wanted] of Object.entries(READINGS))
      if (wanted !== null) expect(readNotice(source(name))?.agree?.label ?? '').not.toMatch(/^不|拒绝|退出/);
  });
  it('the view that is recorded keeps the bounds of a box', () => {
    expect(viewOf(readNotice(source('dialog-ticked'))!).box).toEqual({
      state: 'ticked',
      label: '我已阅读并同意《用户服务协议》《隐私政策》',
      bounds: '[100,1330][160,1390]',
    });
  });
});

describe('refusals', () => {
  it.each([
    ['dialog-second-chance', '仍不同意'],
    ['dialog-own-links', '暂不使用'],
    ['page-fullscreen', '不同意并退出'],
    ['decoy-system-prompt', null],
  ])('%s is refused by %s', (name, label) => {
    expect(refusalIn(readTree(source(name)))?.label ?? null).toBe(label);
  });
});

describe('system prompts', () => {
  it.each([
    ['decoy-system-prompt', 'LOCATION', '仅在使用该应用时允许', '仅限这一次', '拒绝'],
    ['decoy-miui-prompt', 'CALL_LOG', '仅在使用中允许', '仅在使用中允许', '拒绝'],
    ['decoy-huawei-prompt', 'CONTACTS', '始终允许', '始终允许', '禁止'],
  ])('%s asks for %s; allow, once and deny press %s, %s and %s', (name, group, ...wanted) => {
    const prompt = promptIn(readTree(source(name)))!;
    expect(prompt.groups).toEqual([group]);
    const labels = (['allow', 'once', 'deny'] as const).map((answer) => labelOf(buttonFor(prompt, answer)!.node));
    expect(labels).toEqual(wanted);
  });
  it('where the system offers no "only this time", the answer that is recorded is the one that was given', () => {
    expect(buttonFor(promptIn(readTree(source('decoy-miui-prompt')))!, 'once')?.answer).toBe('allow');
  });
  it('a group of its own goes before the default', () => {
    expect(answerFor({ default: 'deny', location: 'once' }, ['LOCATION'])).toBe('once');
    expect(answerFor({ default: 'deny', location: 'once' }, ['CONTACTS'])).toBe('deny');
    expect(answerFor({ default: 'deny', storage: 'allow' }, ['READ_MEDIA'])).toBe('allow');
  });
  it("an app's own dialog about permissions is no system prompt, but a rationale", () => {
    const tree = readTree(source('decoy-rationale'));
    expect(promptIn(tree)).toBeNull();
    expect(isRationale(tree)).toBe(true);
  });
});

describe('pop-ups', () => {
  const ways: Readonly<Record<string, readonly [string, string]>> = {
    'decoy-update': ['update', '以后再说'],
    'decoy-coupon': ['offer', '关闭'],
    'decoy-rating': ['rating', '残忍拒绝'],
  };
  it.each(Object.keys(READINGS))('%s is dismissed only if it is one', (name) => {
    const popUp = popUpIn(readTree(source(name)));
    expect(popUp === null ? null : [popUp.kind, popUp.out.label]).toEqual(ways[name] ?? null);
  });
});

describe('labels', () => {
  it.each([
    ['同意并继续（3s）', '同意并继续'],
    [' 同 意 ', '同意'],
    ['【不同意】', '不同意'],
    ['Agree and continue', 'Agree and continue'],
    ['同意(5秒)', '同意'],
  ])('%s is read as %s', (label, wanted) => {
    expect(plain(label)).toBe(wanted);
  });
});

describe('what refuses is looked for first', () => {
  const notice = (...labels: readonly string[]): string =>
    `<hierarchy><a class="android.widget.FrameLayout" package="com.example" bounds="[0,0][1080,2280]">
      <t class="android.widget.TextView" text="温馨提示" bounds="[0,0][1080,90]"/>
      <t class="android.widget.TextView" text="请阅读《隐私政策》，了解我们收集、使用个人信息、设备信息的规则" bounds="[0,100][1080,400]"/>
      ${labels.map((label, i) => `<b class="android.widget.Button" text="${label}" clickable="true" bounds="[0,${500 + 100 * i}][1080,${590 + 100 * i}]"/>`).join('')}
    </a></hierarchy>`;
  // Each of these holds a label that agrees, or fits a pattern of those.
  it.each(['未阅读并同意', '不阅读，同意', '不同意并继续使用', '暂不接受', '拒绝并同意退出'])(
    '%s never agrees, wherever it stands',
    (label) => {
      expect([refuses(label), agrees(label)]).toEqual(['said', false]);
      for (const labels of [
        [label, '知悉并同意'],
        ['知悉并同意', label],
      ]) {
        const found = readNotice(notice(...labels));
        expect([found?.agree?.label, found?.decline?.label]).toEqual(['知悉并同意', label]);
      }
      expect(readNotice(notice(label))).toBeNull();
    },
  );
  it.each(['不再提示，同意', '已知悉并同意', '好的，同意并继续'])('%s agrees', (label) => {
    expect([refuses(label), agrees(label)]).toEqual([null, true]);
  });
  it.each(['我再想想', '取消', '仅浏览'])('%s only puts off, and a harder refusal goes first', (label) => {
    expect(refuses(label)).toBe('put-off');
    expect(readNotice(notice(label, '不同意', '同意'))?.decline?.label).toBe('不同意');
  });
});
