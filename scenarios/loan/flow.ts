import type { AppProcess, View } from '../../harness/model/app.js';
import { agreementBox, button, field, label, notice, page, policyPage, tabs } from './pages.js';
import type { Press } from './pages.js';

/** What makes one simulated loan app differ from the next; the pages and their order are the same in all. */
export interface LoanParts {
  readonly brand: string;
  /** Package of the app's own classes: `com.example.honest.loan`. */
  readonly classes: string;
  /** Origin of the lender's server. */
  readonly api: string;
  /** What the notice says it collects. */
  readonly says: string;
  readonly noticeBox: 'ticked' | 'unticked' | null;
  readonly loginBoxTicked: boolean;
  readonly afterRefusal: 'leave' | 'browse';
  /** Runs in the click on 同意并继续. */
  readonly agreed: () => void;
  /** Runs in the click on 不同意, before the app goes on or leaves. */
  readonly refused: () => void;
  /** Runs in the click on 确认撤回. */
  readonly withdrawn: () => void;
}

export type Choice = 'agreed' | 'refused' | 'withdrawn';

/** The pages of one process, and where the user stands. */
export interface LoanFlow {
  /** Opens the splash, then the notice or, when the user agreed before, the log-in. */
  start(): void;
  /** What the user chose last, on any day; null: nothing yet. */
  choice(): Choice | null;
}

interface Session {
  readonly app: AppProcess;
  readonly parts: LoanParts;
  token: string;
  form: Readonly<Record<string, string>>;
  city: { readonly lat: number; readonly lon: number } | null;
}

const CHOICE_FILE = 'shared_prefs/privacy.xml';
const SPLASH_MS = 120;

/** The common loan app: splash, notice, log-in, form, review, settings. */
export function loanFlow(app: AppProcess, parts: LoanParts): LoanFlow {
  const s: Session = { app, parts, token: '', form: {}, city: null };
  return {
    choice: () => choiceOf(s),
    start: () => {
      app.ui.activity('ui.SplashActivity', page(parts.brand, [label('借款额度、利率与期限以审批结果为准')]));
      app.after(SPLASH_MS, `${parts.classes}.ui.SplashActivity.next`, () => (choiceOf(s) === 'agreed' ? login(s) : showNotice(s)));
    },
  };
}

function choiceOf(s: Session): Choice | null {
  const text = s.app.files.read(CHOICE_FILE);
  return text === 'agreed' || text === 'refused' || text === 'withdrawn' ? text : null;
}

/** A click handler of the app's class `place`. */
function press(s: Session, place: string, run: () => void): Press {
  return { frame: `${s.parts.classes}.ui.${place}`, run };
}

/** Network work off the main thread; without network the page stays and says so. */
function work(s: Session, place: string, body: () => Promise<void>): void {
  s.app.thread('OkHttp Dispatcher', `${s.parts.classes}.net.${place}`, async () => {
    try {
      await body();
    } catch (error) {
      if (!(error instanceof Error && 'className' in error)) throw error;
      s.app.ui.toast('网络异常，请稍后再试');
    }
  });
}

async function post(s: Session, path: string, body: Readonly<Record<string, unknown>>): Promise<string> {
  const answer = await s.app.http.send({
    method: 'POST',
    url: `${s.parts.api}${path}`,
    headers: { 'content-type': 'application/json; charset=utf-8', ...(s.token === '' ? {} : { authorization: `Bearer ${s.token}` }) },
    body: JSON.stringify(body),
  });
  return String.fromCharCode(...answer.body);
}

function open(s: Session, activity: string, content: View): void {
  s.app.ui.activity(`ui.${activity}`, content);
}

const openPolicy =
  (s: Session) =>
  (title: string): void =>
    open(s, 'PolicyActivity', policyPage(title, s.parts.brand));

function showNotice(s: Session): void {
  const { ui, files } = s.app;
  const shown = ui.dialog(
    notice({
      brand: s.parts.brand,
      says: s.parts.says,
      box: s.parts.noticeBox,
      open: openPolicy(s),
      agree: press(s, 'PrivacyDialog.onAgree', () => {
        if (s.parts.noticeBox !== null && !ui.checkedOf('cb_agree')) return ui.toast('请先勾选同意协议');
        shown.dismiss();
        files.write(CHOICE_FILE, 'agreed');
        s.parts.agreed();
        login(s);
      }),
      decline: press(s, 'PrivacyDialog.onDisagree', () => {
        shown.dismiss();
        files.write(CHOICE_FILE, 'refused');
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

function bar(s: Session): View {
  return tabs(
    press(s, 'MainActivity.onHome', () => login(s)),
    press(s, 'MainActivity.onMine', () => mine(s)),
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

function identity(s: Session): void {
  const { ui } = s.app;
  open(
    s,
    'IdentityActivity',
    page('身份信息', [
      field('et_name', '姓名', 'text', 20),
      field('et_idno', '身份证号', 'text', 18),
      field('et_card', '银行卡号', 'number', 19),
      button(
        'btn_next',
        '下一步',
        press(s, 'IdentityActivity.onNext', () => {
          s.form = { name: ui.textOf('et_name'), idNumber: ui.textOf('et_idno'), bankCard: ui.textOf('et_card') };
          if (Object.values(s.form).includes('')) return ui.toast('请填写完整的身份信息');
          application(s);
        }),
      ),
      bar(s),
    ]),
  );
}

function application(s: Session): void {
  open(
    s,
    'ApplyActivity',
    page('借款申请', [
      field('et_contact_name', '紧急联系人姓名', 'text', 20),
      field('et_contact_phone', '紧急联系人手机号', 'phone', 11),
      button(
        'btn_pick',
        '从通讯录选择',
        press(s, 'ApplyActivity.onPick', () => pickContact(s)),
      ),
      field('et_amount', '借款金额', 'number', 6),
      {
        type: 'LinearLayout',
        horizontal: true,
        children: [
          label('所在城市', 'tv_city'),
          button(
            'btn_locate',
            '定位所在城市',
            press(s, 'ApplyActivity.onLocate', () => explainLocation(s)),
          ),
        ],
      },
      button(
        'btn_submit',
        '提交申请',
        press(s, 'ApplyActivity.onSubmit', () => submit(s)),
      ),
      bar(s),
    ]),
  );
}

function pickContact(s: Session): void {
  s.app.thread('main', `${s.parts.classes}.ui.ApplyActivity.onActivityResult`, async () => {
    const row = await s.app.contacts.pick();
    if (row === null) return;
    s.app.ui.setText('et_contact_name', row.name);
    s.app.ui.setText('et_contact_phone', row.phone);
  });
}

const FINE = 'android.permission.ACCESS_FINE_LOCATION';

function explainLocation(s: Session): void {
  const { ui } = s.app;
  const shown = ui.dialog({
    type: 'LinearLayout',
    children: [
      label('位置权限使用说明'),
      label('需要获取位置权限，用于填写您所在的城市。您也可以不授权，不影响申请借款。'),
      {
        type: 'LinearLayout',
        horizontal: true,
        children: [
          button(
            'btn_not_now',
            '取消',
            press(s, 'LocationDialog.onCancel', () => shown.dismiss()),
          ),
          button(
            'btn_grant',
            '去授权',
            press(s, 'LocationDialog.onGrant', () => {
              shown.dismiss();
              s.app.thread('main', `${s.parts.classes}.ui.ApplyActivity.onRequestPermissionsResult`, () => locate(s));
            }),
          ),
        ],
      },
    ],
  });
}

async function locate(s: Session): Promise<void> {
  const answers = await s.app.permissions.request([FINE], `${s.parts.classes}.ui.ApplyActivity.askLocation`);
  if (answers[FINE] !== true) return s.app.ui.toast('未授权位置权限，可继续申请');
  s.city = s.app.within(`${s.parts.classes}.ui.ApplyActivity.fillCity`, () => s.app.location.last());
  s.app.ui.setText('tv_city', '所在城市：已定位');
}

function submit(s: Session): void {
  const { ui } = s.app;
  const form = {
    ...s.form,
    contactName: ui.textOf('et_contact_name'),
    contactPhone: ui.textOf('et_contact_phone'),
    amount: ui.textOf('et_amount'),
  };
  if (Object.values(form).includes('')) return ui.toast('请填写完整的申请信息');
  const place = s.city === null ? {} : { lat: s.city.lat.toFixed(7), lon: s.city.lon.toFixed(7) };
  work(s, 'ApplyApi.submit', async () => {
    await post(s, '/v1/apply', { ...form, ...place });
    open(s, 'ReviewActivity', page('申请结果', [label('审核中', 'tv_state'), label('我们将在一个工作日内告知您审批结果。'), bar(s)]));
  });
}

function mine(s: Session): void {
  open(
    s,
    'MineActivity',
    page('我的借款', [
      label('借款记录'),
      label('帮助与客服'),
      button(
        'btn_settings',
        '设置',
        press(s, 'MineActivity.onSettings', () => settings(s)),
      ),
      bar(s),
    ]),
  );
}

function settings(s: Session): void {
  open(
    s,
    'SettingsActivity',
    page('更多选项', [
      label('版本 1.0.0'),
      button(
        'btn_withdraw',
        '撤回同意',
        press(s, 'SettingsActivity.onWithdraw', () => confirmWithdrawal(s)),
      ),
      bar(s),
    ]),
  );
}

function confirmWithdrawal(s: Session): void {
  const shown = s.app.ui.dialog({
    type: 'LinearLayout',
    children: [
      label('撤回对隐私政策的同意'),
      label('撤回后我们将停止处理您的个人信息，并停止提供借款服务。'),
      {
        type: 'LinearLayout',
        horizontal: true,
        children: [
          button(
            'btn_keep',
            '取消',
            press(s, 'WithdrawDialog.onCancel', () => shown.dismiss()),
          ),
          button(
            'btn_confirm',
            '确认撤回',
            press(s, 'WithdrawDialog.onConfirm', () => {
              shown.dismiss();
              s.app.files.write(CHOICE_FILE, 'withdrawn');
              s.token = '';
              s.form = {};
              s.city = null;
              open(s, 'WithdrawnActivity', page('已撤回同意', [label('您的撤回已生效，我们已停止处理您的个人信息。')]));
              s.parts.withdrawn();
            }),
          ),
        ],
      },
    ],
  });
}
