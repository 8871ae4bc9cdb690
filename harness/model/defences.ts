import type { Words } from './finding.js';

/** What an operator may answer to a finding; rules name the rows that fit them. */
export const DEFENCES = {
  picked: { zh: '由用户主动触发或选取', en: 'the user triggered or picked it himself' },
  inUse: { zh: '用户正在使用的业务功能需要', en: 'the function the user was using needs it' },
  fraud: {
    zh: '为反欺诈、风控所需（但不得仅以此为由强制收集）',
    en: 'it serves fraud prevention (which alone does not allow forced collection)',
  },
  version: {
    zh: '检测的是灰度、旧版或非官方渠道版本，或检测设备异常',
    en: 'the version tested was a trial, old or unofficial one, or the test device was at fault',
  },
  necessary: {
    zh: '处理属于订立、履行合同或履行法定义务所必需（个人信息保护法第十三条第二、三项）',
    en: 'the processing is necessary for a contract or a legal duty (PIPL art. 13 (2), (3))',
  },
  sdkDefault: {
    zh: '由第三方 SDK 的默认设置引起（运营者仍负责披露与管理）',
    en: 'it comes from an SDK default (the operator still answers for disclosure and control)',
  },
  onDevice: { zh: '仅在本机使用，没有上传，不构成收集', en: 'it was used on the device only and not collected' },
  encrypted: { zh: '内容本身已在应用层加密', en: 'the content itself is encrypted by the app' },
  anonymised: {
    zh: '发送的是匿名化后无法识别且不能复原的信息（仅做摘要或编码不属于此）',
    en: 'what was sent is anonymised beyond recovery (a mere digest or coding is not)',
  },
  processor: {
    zh: '接收方是受托处理者，不构成“提供”（个人信息保护法第二十一条）',
    en: 'the receiver is an entrusted processor, so nothing was provided to another (PIPL art. 21)',
  },
  otherBox: {
    zh: '该勾选框不是对隐私政策的同意，或在提交前须再次确认',
    en: 'the box is not the consent to the policy, or a further confirmation follows',
  },
  retention: {
    zh: '法律、行政法规规定的保存期限未届满，只做存储与必要的安全保护（个人信息保护法第四十七条）',
    en: 'a legal retention period runs and it is only stored and protected (PIPL art. 47)',
  },
} as const satisfies Readonly<Record<string, Words>>;
