import { button, field, label, page } from './pages.js';
import { bar, open, post, press, work } from './session.js';
import type { Session } from './session.js';

/** The first page of the application: who asks. */
export function identity(s: Session): void {
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
