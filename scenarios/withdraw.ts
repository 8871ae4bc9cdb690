import { defineScenario } from '../harness/model/scenario.js';

/**
 * 同意、登录之后撤回同意，再观察。
 * 用 TypeScript 写的场景与 YAML 是同样的数据；多了类型检查与补全，也可以用常量拼出步骤。
 */
export default defineScenario({
  id: 'withdraw',
  title: { zh: '同意之后撤回同意', en: 'Agree, then withdraw consent' },
  aims: ['launched', 'notice-shown', 'agreed', 'withdrawn'],
  steps: [
    { permissions: { default: 'allow' } },
    { launch: { clean: true } },
    { observe: 10 },
    { privacy: 'agree' },
    // 撤回的入口通常要登录之后才有。
    { type: { into: { id: 'et_phone' }, value: '${persona.phone}' } },
    { optional: [{ tick: '我已阅读并同意' }] },
    { tap: '获取验证码' },
    { otp: { into: { id: 'et_code' }, from: 'sms' } },
    { tap: '登录' },
    { observe: 10 },
    // 按屏幕上的文字走：我的 → 设置 → 撤回同意 → 确认撤回。
    { privacy: 'withdraw' },
    // 撤回之后应当停止处理；这 60 秒里的读取与发送都会单独列出。
    { observe: 60 },
  ],
});
