import { button, label, page } from './pages.js';
import { bar, choose, open, press } from './session.js';
import type { Session } from './session.js';

/** The user's own pages: settings, and the way to take consent back. */
export function mine(s: Session): void {
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
              choose(s, 'withdrawn');
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
