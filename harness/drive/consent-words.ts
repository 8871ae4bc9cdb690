/**
 * Words by which notices, their buttons, prompts and pop-ups of Chinese apps are known.
 * Method after Koch, Altpeter, Johns, "The OK Is Not Enough" (USENIX Security 2023): whole labels, anchored, negators first.
 */

/** Longer labels are text, not buttons. */
export const BUTTON_LENGTH = 14;

/** Says no for good, hardest first. */
export const REFUSE: readonly RegExp[] = [
  /^(仍然?|我|暂时?|暂且)?(不|未)(同意|接受)(并?(退出|离开)(应用|APP)?|协议|政策|授权|使用)?$/i,
  /^(残忍|仍要|狠心)?拒绝(并?退出(应用|APP)?|授权)?$/i,
  /^(直接|仍要|确认|确定)?(退出|离开)(应用|APP|程序|使用)?$/i,
  /^(放弃|停止|不)使用$/,
  // Holds a whole label that agrees: 不同意并继续使用基本功能, 未阅读并同意. 不再提示，同意 says yes.
  /^(仍然?|我|暂时?|暂且)?(不(?!再)|未|拒绝).{0,8}(同意|接受).{0,10}$/,
  /^(disagree|decline|reject|refuse)( and exit)?$/i,
];

/** Says no for now, or turns back. */
export const PUT_OFF: readonly RegExp[] = [
  /^暂不(使用|授权|开启|需要)?$/,
  /^(仅|只)(浏览|使用基本功能|使用基础功能)$/,
  /^(进入)?(游客|访客|浏览|基本功能|基础功能|仅基本功能)模式$/,
  /^(先)?(随便)?(逛逛|看看)$/,
  /^(以后|下次|稍后)再说$/,
  /^(我)?再(想想|考虑一下|看看)$/,
  /^(取消|返回|关闭|不了|跳过|不用了)$/,
  /^(cancel|not now|later|skip|exit|quit)$/i,
];

/** Says yes in so many words. */
export const AGREE: readonly RegExp[] = [
  /^(我|本人)?(已)?(阅读)?[,，]?(并|且)?(全部)?(同意|接受)(以上|全部|协议|条款|政策|隐私政策|服务|授权)?(并|且|,|，)?(继续|继续使用|使用|进入|进入应用|登录|注册|授权|接受|同意|开启|开始|开始使用|体验|打开|启用)?(APP|应用)?$/i,
  /^(agree|accept|i agree|i accept|agree (and|&) continue|accept all)$/i,
  // 已知悉并同意; 好的，同意并继续. Says yes only because what refuses is looked for first.
  /^[^《》]{1,8}(并|且|[,，])(同意|接受)(并|且|[,，])?(继续|使用|进入|登录|注册|授权|开启)?$/,
];

/** May mean yes; counts only where the text speaks of agreeing to a named policy. */
export const GO_ON: readonly RegExp[] = [
  /^(我)?(知道|了解|明白)了?$/,
  /^(确定|确认|好的?|继续|继续使用|开始使用|立即使用|立即体验|进入应用|进入|开启)$/,
  /^(ok|continue|got it|start)$/i,
];

/** What a notice speaks of; one point each. */
export const SPEAKS_OF: readonly RegExp[] = [
  /个人信息|用户信息|隐私/,
  /收集|采集/,
  /(使用|处理|存储|共享|保护)(规则|您的|目的|方式|范围|和|、)/,
  /设备(信息|标识|识别)|IMEI|OAID|MAC ?地址|Android ?ID/i,
  /位置信息|地理位置|定位/,
  /通讯录|联系人|短信|通话记录|相册|摄像头|麦克风/,
  /第三方|SDK|合作(方|机构)/i,
  /(阅读|了解|知悉).{0,12}(并|且|后)?(同意|接受)|点击.{0,6}同意/,
  /温馨提示|隐私(保护)?(提示|指引)|服务协议/,
];

/** Names of policies about personal information; two points, and what a consent is about. */
export const POLICY =
  /隐私(权)?(政策|协议|条款|声明|通知|规则|指引|保护(指引|政策|声明|说明|协议))|个人信息(保护|处理|收集|使用)[^《》，。,]{0,6}(政策|规则|声明|授权书|说明|告知书)|privacy policy/i;

/** Names of other agreements that a notice links to; one point. */
export const AGREEMENT = /(用户|服务|注册|使用|会员|平台)(服务|注册|使用|许可)?(协议|条款)|terms of (use|service)/i;

/** What an agreement box says. */
export const BOX_SAYS = /同意|接受|阅读|agree/i;

/** A dialog that takes consent back, not one that asks for it. */
export const TAKES_BACK = /(撤回|撤销|取消|收回).{0,16}(同意|授权)|注销(账号|账户)/;

/** An app's own words before a system prompt. */
export const RATIONALE = /(需要|申请|请求|获取|开启|使用|授予|打开|允许).{0,24}权限|权限.{0,12}(说明|申请|使用|用于)/;
export const RATIONALE_BUTTON = /^(去|立即|马上)?(授权|开启|设置|允许|打开)(权限)?$/;

/** Ways to a withdrawal, by what is written on them; each list from best to worst. */
export const WITHDRAW = [
  /^(撤回|撤销|收回|取消)(隐私政策?|个人信息)?(的)?(授权)?(同意|授权)(隐私政策|个人信息处理)?$/,
  /^(撤回|撤销)(隐私政策|隐私协议|隐私授权|个人信息授权).{0,4}$/,
  /^停止(使用)?并撤回.{0,6}$/,
] as const;
export const WITHDRAW_CONFIRM = [
  /^(确认|确定|同意|仍要|继续)(撤回|撤销)(同意|授权)?$/,
  /^(撤回|撤销)(同意|授权)?(并退出(应用|APP)?)?$/i,
  /^(确认|确定|是|好的?)$/,
] as const;
/** The app says that consent was taken back; not what it says of a withdrawal still to come. */
export const WITHDRAWN =
  /(已|成功)(经|为您|帮您)?(成功)?(撤回|撤销|收回|取消)(了)?(对?.{0,12})?(同意|授权|隐私|成功)?|(撤回|撤销)(同意|授权)?(已)?(成功|生效|完成)/;
export const NOT_YET = /[?？]|吗|是否|如果|如您|如已|若|一旦|(成功|生效|完成|撤回|撤销)(之)?后/;
export const TO_PRIVACY = [
  /^(隐私|权限|隐私与权限|隐私和权限|隐私安全|账号与安全|账户与安全|安全与隐私)(设置|管理|中心)?$/,
  /^(关于|关于我们|关于APP)$/i,
] as const;
export const TO_SETTINGS = [/^(系统|更多|应用|通用)?设置$/] as const;
export const TO_ME = [/^(我的|个人中心|我|账户|账号|个人)$/] as const;

/** The tap that agrees on a page whose agreement is a box beside the log-in. */
export const LOG_IN = /^(同意(协议)?并)?(本机号码)?(一键|立即|验证码|手机号?)?(登录|注册|登录\/注册|注册\/登录|登陆)$/;

/** Dialogs that no scenario expects, by kind, and the ways out of them. */
export const POP_UPS: Readonly<Record<'update' | 'offer' | 'notification' | 'rating', RegExp>> = {
  update: /发现新版本|版本更新|新版本|立即(更新|升级)|升级到/,
  offer: /优惠券|红包|免息券|福利|新人(专享|礼)|领取|限时|活动|抽奖|提额/,
  notification: /(开启|打开|允许).{0,6}(通知|消息推送|推送)|不错过.{0,8}(消息|通知)/,
  rating: /(给|为).{0,6}(好评|评分|打分)|五星|喜欢.{0,8}吗/,
};
export const WAY_OUT: readonly RegExp[] = [
  /^(以后|下次|稍后)再说$/,
  /^(暂不|稍后)(更新|升级|开启|评价|领取|需要)?$/,
  /^(残忍)?(拒绝|忽略)(此版本)?$/,
  /^(跳过|关闭|取消|不了|不用了|放弃|暂不|我再想想|×|X|✕)$/i,
  /^(关闭|close)(弹窗|广告)?$/i,
];
