import type { AppProcess } from '../../harness/model/app.js';
import { mine } from './account.js';
import { identity } from './application.js';
import { agreementBox, button, field, label, notice, page, policyPage } from './pages.js';
import { bar, choiceOf, choose, open, post, press, work } from './session.js';
import type { Choice, LoanParts, Session } from './session.js';

/** The pages of one process, and where the user stands. */
export interface LoanFlow {
  /** Opens the splash, then the notice or, when the user agreed before, the log-in. */
  start(): void;
  /** What the user chose last, on any day; null: nothing yet. */
  choice(): Choice | null;
}

const SPLASH_MS = 120;

/** The common loan app: splash, notice, log-in, form, review, settings. */
export function loanFlow(app: AppProcess, parts: LoanParts): LoanFlow {
  const s: Session = { app, parts, token: '', form: {}, city: null, home: () => login(s), mine: () => mine(s) };
  return {
    choice: () => choiceOf(s),
    start: () => {
      app.ui.activity('ui.SplashActivity', page(parts.brand, [label('借款额度、利率与期限以审批结果为准')]));
      app.after(SPLASH_MS, `${parts.classes}.ui.SplashActivity.next`, () => (choiceOf(s) === 'agreed' ? login(s) : showNotice(s)));
    },
  };
}

const openPolicy =
  (s: Session) =>
  (title: string): void =>
    open(s, 'PolicyActivity', policyPage(title, s.parts.brand));

function showNotice(s: Session): void {
  const { ui } = s.app;
  const shown = ui.dialog(
    notice({
      brand: s.parts.brand,
      says: s.parts.says,
      box: s.parts.noticeBox,
      open: openPolicy(s),
      agree: press(s, 'PrivacyDialog.onAgree', () => {
        if (s.parts.noticeBox !== null && !ui.checkedOf('cb_agree')) return ui.toast('请先勾选同意协议');
        shown.dismiss();
        choose(s, 'agreed');
        s.parts.agreed();
        login(s);
      }),
      decline: press(s, 'PrivacyDialog.onDisagree', () => {
        shown.dismiss();
        choose(s, 'refused');
        s.parts.refused();
        if (s.parts.afterRefusal === 'leave') s.app.exit();
        else browse(s);
      }),
    }),
  );
}

function browse(s: Session): void {
  open(
    s,
    'BrowseActivity',
    page(s.parts.brand, [
      label('您正在使用仅浏览模式，可以查看产品介绍。申请借款前需要您的同意。'),
      label('示例产品：最高额度 50000 元，年化利率（单利）7.2% 起'),
    ]),
  );
}

function login(s: Session): void {
  const { ui } = s.app;
  open(
    s,
    'LoginActivity',
    page('欢迎登录', [
      field('et_phone', '手机号', 'phone', 11),
      {
        type: 'LinearLayout',
        horizontal: true,
        children: [
          field('et_code', '验证码', 'number', 6),
          button(
            'btn_code',
            '获取验证码',
            press(s, 'LoginActivity.onSendCode', () => {
              const phone = ui.textOf('et_phone');
              if (phone.length !== 11) return ui.toast('请输入正确的手机号');
              work(s, 'LoginApi.sendCode', async () => {
                await post(s, '/v1/code', { phone });
                ui.toast('验证码已发送');
              });
            }),
          ),
        ],
      },
      agreementBox(s.parts.loginBoxTicked, openPolicy(s)),
      button(
        'btn_login',
        '登录',
        press(s, 'LoginActivity.onLogin', () => submitLogin(s)),
      ),
      bar(s),
    ]),
  );
}

function submitLogin(s: Session): void {
  const { ui } = s.app;
  const phone = ui.textOf('et_phone');
  const code = ui.textOf('et_code');
  if (!ui.checkedOf('cb_agree')) return ui.toast('请先阅读并同意用户协议和隐私政策');
  if (!/^\d{6}$/.test(code)) return ui.toast('请输入6位验证码');
  work(s, 'LoginApi.login', async () => {
    const answer: unknown = JSON.parse(await post(s, '/v1/login', { phone, code }));
    s.token = typeof answer === 'object' && answer !== null && 'session' in answer ? String(answer.session) : '';
    identity(s);
  });
}
