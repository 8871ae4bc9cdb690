import type { View } from '../../harness/model/app.js';

/** A button of a page: its words, and the app's own method that takes the click. */
export interface Press {
  readonly frame: string;
  readonly run: () => void;
}

const LINKS = ['《用户协议》', '《隐私政策》'] as const;

/** A page of a simulated loan app: a title over its content. */
export function page(title: string, children: readonly View[]): View {
  return {
    type: 'LinearLayout',
    children: [
      { type: 'TextView', id: 'tv_title', text: title },
      { type: 'ScrollView', children: [{ type: 'LinearLayout', children }] },
    ],
  };
}

export function label(text: string, id?: string): View {
  return id === undefined ? { type: 'TextView', text } : { type: 'TextView', id, text };
}

export function button(id: string, text: string, press: Press): View {
  return { type: 'Button', id, text, clickFrame: press.frame, onClick: press.run };
}

/** An agreement box beside its words; the policies in them are links. */
export function agreementBox(ticked: boolean, open: (title: string) => void): View {
  return {
    type: 'LinearLayout',
    horizontal: true,
    children: [
      { type: 'CheckBox', id: 'cb_agree', text: '', checked: ticked },
      { type: 'TextView', id: 'tv_agree', text: '我已阅读并同意《用户协议》《隐私政策》', links: links(open) },
    ],
  };
}

/** What a notice says and offers. */
export interface NoticeParts {
  readonly brand: string;
  /** What the notice says it collects. */
  readonly says: string;
  /** null: the buttons alone decide. */
  readonly box: 'ticked' | 'unticked' | null;
  readonly agree: Press;
  readonly decline: Press;
  readonly open: (title: string) => void;
}

/** The privacy notice at first start. */
export function notice(parts: NoticeParts): View {
  return {
    type: 'LinearLayout',
    id: 'dialog_privacy',
    children: [
      label('用户协议与隐私政策', 'tv_dialog_title'),
      {
        type: 'TextView',
        id: 'tv_dialog_content',
        links: links(parts.open),
        text: `欢迎使用${parts.brand}。请您在使用前仔细阅读《用户协议》《隐私政策》，了解我们收集、使用个人信息的目的、方式和范围。${parts.says}您点击“同意并继续”，即表示您已阅读并同意上述内容。`,
      },
      ...(parts.box === null ? [] : [agreementBox(parts.box === 'ticked', parts.open)]),
      {
        type: 'LinearLayout',
        horizontal: true,
        children: [button('btn_disagree', '不同意', parts.decline), button('btn_agree', '同意并继续', parts.agree)],
      },
    ],
  };
}

/** The row of tabs under every page. */
export function tabs(home: Press, mine: Press): View {
  return {
    type: 'LinearLayout',
    id: 'tabs',
    horizontal: true,
    children: [button('tab_home', '首页', home), button('tab_mine', '我的', mine)],
  };
}

export function field(id: string, hint: string, input: NonNullable<View['input']>, maxLength: number): View {
  return { type: 'EditText', id, hint, input, maxLength };
}

/** A text page, as the policies open. */
export function policyPage(title: string, brand: string): View {
  return page(title.replace(/[《》]/g, ''), [label(`${brand}${title}`), label('本应用及其运营者均为虚构，仅用于检验检测工具。')]);
}

function links(open: (title: string) => void): NonNullable<View['links']> {
  return LINKS.map((text) => ({ text, open: () => open(text) }));
}
