import type { Words } from './finding.js';

/** Why a verdict is not a violation: the closed list, as short words. */
export const REASONS = {
  scenario: { zh: '本场景不涉及', en: 'not aimed at by this scenario' },
  missed: { zh: '场景未能走到这一步', en: 'the scenario did not get there' },
  gap: { zh: '有未能观察到的部分', en: 'part of it was not seen' },
  unwatched: { zh: '没有钩子监视', en: 'no hook watched it' },
  interrupted: { zh: '运行被中断', en: 'the run was interrupted' },
  'no-law': { zh: '行为当日没有可引用的条文', en: 'no provision that may be named was in force that day' },
  'no-app': { zh: '单独抓包，没有检测任何应用', en: 'a capture on its own: no app was tested' },
  documents: { zh: '尚未读取隐私政策等文件', en: 'the privacy policy was not read' },
  'host-unseen': { zh: '发往该主机的内容未能看到', en: 'what went to this host was not seen' },
  clock: { zh: '时钟精度不足以分清先后', en: 'the clocks cannot tell the order' },
  refused: { zh: '只是尝试，系统已拒绝，未取得信息', en: 'only an attempt: the system refused and gave nothing' },
  empty: { zh: '系统没有返回任何记录', en: 'the system gave back no row' },
  'caller-unknown': { zh: '无法确定是谁调用', en: 'who called is not known' },
  'receiver-unknown': { zh: '接收方身份未知', en: 'who the receiver is, is not known' },
  'owner-unknown': { zh: '无法确定是否由该应用发出', en: 'whether this app sent it is not known' },
  typed: { zh: '由用户自己填写或选取', en: 'typed or picked by the user' },
  'rows-unclear': { zh: '读取的联系人数量无法确定', en: 'how many contacts were read is not clear' },
  level: { zh: '匹配程度不足以认定', en: 'the match is not strong enough to accuse' },
  edge: { zh: '离进出前台太近，不能认定在后台', en: 'too near to leaving or coming back to the foreground' },
  'in-the-act': { zh: '发生在撤回操作本身之中', en: 'within the act of withdrawal itself' },
  'foreground-unknown': { zh: '无法确定当时是否在后台', en: 'whether it was in background is not known' },
  'box-unknown': { zh: '勾选框状态无法确定', en: 'the state of the box could not be told' },
  implicit: { zh: '用户没有明确表示（返回键或“暂不”）', en: 'the user did not say so in words (back key, or put off)' },
  'agreed-before': { zh: '用户此前已经同意过', en: 'the user had agreed before' },
  touched: { zh: '此前场景已点过屏幕上的勾选项', en: 'the scenario had ticked something before' },
} as const satisfies Readonly<Record<string, Words>>;

/** Whole sentences for findings that a rule's own, accusing sentence would not fit. Slots are facts; the fact `reason` chooses the row. */
export const REASON_SENTENCES: Readonly<Record<string, Words>> = {
  'host-unseen': {
    zh: '发往 {receiver} 的内容未能看到（{state}），不能排除其中含有个人信息',
    en: 'what went to {receiver} was not seen ({state}); personal information in it cannot be ruled out',
  },
  documents: {
    zh: '“{topic}”是否经用户同意，须对照隐私政策等文件，本次未读取',
    en: 'whether the user agreed to "{topic}" must be checked against the privacy policy, which was not read',
  },
  scenario: { zh: '本场景不涉及此项（需要：{needs}）', en: 'this scenario does not aim at it (needs: {needs})' },
  missed: { zh: '场景本应做到却没有做到：{needs}', en: 'the scenario set out to reach this and did not: {needs}' },
  interrupted: { zh: '运行中断，未见违规，也不能认定没有', en: 'the run was interrupted: nothing was found, nothing can be ruled out' },
  unwatched: {
    zh: '未见违规；以下信息本次没有钩子监视，不能认定没有：{data}',
    en: 'nothing was found; no hook watched these, they cannot be ruled out: {data}',
  },
  'watched-in-part': {
    zh: '未发现；其中以下信息没有钩子监视，不在结论之内：{data}',
    en: 'nothing was found; no hook watched these, which the verdict leaves out: {data}',
  },
  gap: { zh: '有未能观察到的部分：{what}（{why}）', en: 'part of it was not seen: {what} ({why})' },
  'no-law': { zh: '{day} 没有可引用的现行条文', en: 'no provision in force on {day} may be named' },
};

/** Words of the fact `act`. */
export const ACT_WORDS: Readonly<Record<string, Words>> = {
  read: { zh: '读取了', en: 'read' },
  tried: { zh: '尝试读取（未取得）', en: 'tried, without success, to read' },
  sent: { zh: '发送了', en: 'sent' },
  asked: { zh: '索取了权限', en: 'asked for the permission' },
};
