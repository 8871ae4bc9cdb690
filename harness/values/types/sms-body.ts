import { CODE, type Chance } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

const nonce = (chance: Chance): string => chance.text(CODE, 8);

/** Words that apps which filter by keyword look for (bank, arrears, parcel), of firms that do not exist. */
const TEMPLATES: readonly ((first: string, second: string) => string)[] = [
  (a, b) => `【云屿银行】您的账户${a}于今日入账，流水号${b}，如非本人操作请联系柜台。`,
  (a, b) => `【云屿银行】信用卡账单编号${a}本期待还，凭还款码${b}在柜台办理。`,
  (a, b) => `【速枳驿站】您的包裹${a}已到站，请凭取件码${b}领取。`,
  (a, b) => `【星屿贷款】借据${a}将于三日后到期，还款识别号${b}，请勿逾期。`,
];

/** A bank's or a courier's text with two nonces of eight characters. */
export default {
  id: 'sms-body',
  bits: bitsOf(TEMPLATES.length, 2 ** 80),
  draw: (chance) => chance.pick(TEMPLATES)(nonce(chance), nonce(chance)),
} satisfies ValueRule;
