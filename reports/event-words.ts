import type { Consent, Event, Lifecycle, Observation, Prompt, Step } from '../harness/model/event.js';
import type { Words } from '../harness/model/finding.js';
import { GROUP_WORDS } from '../harness/model/datum.js';
import { gapWords } from './gap-words.js';
import { FLOW_WORDS, callerWord, datumWord, type Language } from './words.js';

const LIFECYCLE: Readonly<Record<Lifecycle['what'], Words>> = {
  opened: { zh: '开始记录', en: 'recording begins' },
  installed: { zh: '安装应用', en: 'app installed' },
  cleared: { zh: '清除应用数据', en: 'app data cleared' },
  planted: { zh: '布设数据', en: 'values planted' },
  launched: { zh: '启动应用', en: 'app launched' },
  'process-started': { zh: '进程开始', en: 'process started' },
  'process-ended': { zh: '进程结束', en: 'process ended' },
  crashed: { zh: '应用崩溃', en: 'app crashed' },
  resumed: { zh: '界面到前台', en: 'activity resumed' },
  paused: { zh: '界面离开前台', en: 'activity paused' },
  stopped: { zh: '停止应用', en: 'app stopped' },
  collected: { zh: '取走应用文件', en: 'app files collected' },
  picked: { zh: '用户选取联系人', en: 'contact picked by the user' },
};

const ACTS: Readonly<Record<string, Words>> = {
  permissions: { zh: '设定权限弹窗的回答', en: 'set the answers to prompts' },
  launch: { zh: '启动', en: 'launch' },
  relaunch: { zh: '重新启动', en: 'relaunch' },
  stop: { zh: '停止', en: 'stop' },
  observe: { zh: '静置观察', en: 'observe, untouched' },
  background: { zh: '退到后台', en: 'in background' },
  privacy: { zh: '隐私提示', en: 'privacy notice' },
  tap: { zh: '点按', en: 'tap' },
  type: { zh: '填写', en: 'type' },
  tick: { zh: '勾选', en: 'tick' },
  untick: { zh: '取消勾选', en: 'untick' },
  scrollTo: { zh: '滚动到', en: 'scroll to' },
  back: { zh: '返回', en: 'back' },
  alert: { zh: '回答对话框', en: 'answer a dialog' },
  otp: { zh: '填写验证码', en: 'type the one-time code' },
  expect: { zh: '等待出现', en: 'wait for' },
  optional: { zh: '可有可无的步骤', en: 'optional steps' },
  when: { zh: '视情况', en: 'if on the screen' },
  repeat: { zh: '重复', en: 'repeat' },
  reach: { zh: '到达', en: 'reached' },
  phase: { zh: '阶段', en: 'phase' },
  screenshot: { zh: '截屏', en: 'screenshot' },
};

const CONSENT: Readonly<Record<Consent['act'], Words>> = {
  shown: { zh: '出现隐私提示', en: 'notice shown' },
  agreed: { zh: '同意隐私提示', en: 'agreed to the notice' },
  declined: { zh: '拒绝隐私提示', en: 'declined the notice' },
  withdrawn: { zh: '撤回同意', en: 'consent withdrawn' },
};

const BOX_SHOWN: Words = { zh: '出现协议勾选框', en: 'agreement box shown' };

const PROMPT: Readonly<Record<Prompt['act'], Words>> = {
  requested: { zh: '应用请求权限', en: 'app asks for permission' },
  shown: { zh: '权限弹窗出现', en: 'prompt shown' },
  answered: { zh: '权限弹窗回答', en: 'prompt answered' },
};
const ANSWER: Readonly<Record<NonNullable<Prompt['answer']>, Words>> = {
  allow: { zh: '允许', en: 'allow' },
  once: { zh: '仅这一次', en: 'once' },
  deny: { zh: '拒绝', en: 'deny' },
};

/** Name of a scenario's act; the act itself when it is none of the vocabulary. */
export function actWord(act: string): Words {
  return ACTS[act] ?? { zh: act, en: act };
}

/** What an event says, in one line. */
export function eventWords(e: Event): Words {
  switch (e.kind) {
    case 'step':
      return stepWords(e);
    case 'consent':
      return e.act === 'shown' && e.notice?.box != null && e.notice.agree === null && e.notice.decline === null
        ? BOX_SHOWN
        : CONSENT[e.act];
    case 'lifecycle':
      return lifecycleWords(e);
    case 'document':
      return { zh: e.title, en: e.title };
    case 'prompt':
      return promptWords(e);
    case 'observation':
      return readWords(e);
    case 'derivation':
      return joined({ zh: `${e.algorithm} 运算`, en: `${e.op} ${e.algorithm}` }, e.caller);
    case 'flow':
      return {
        zh: `${e.request?.method ?? '连接'} ${e.host}（${FLOW_WORDS[e.state].zh}）`,
        en: `${e.request?.method ?? 'connection'} ${e.host} (${FLOW_WORDS[e.state].en})`,
      };
    case 'gap':
      return gapSaid(gapWords('what', e.what), gapWords('why', e.why));
    case 'clock':
      return { zh: '时钟', en: 'clock' };
    case 'coverage':
      return { zh: '钩子覆盖', en: 'hook coverage' };
    case 'end':
      return { zh: '记录结束', en: 'recording ends' };
  }
}

const gapSaid = (what: Words, why: Words): Words => ({ zh: `未看到：${what.zh}（${why.zh}）`, en: `not seen: ${what.en} (${why.en})` });

const joined = (words: Words, detail: string): Words =>
  detail === '' ? words : { zh: `${words.zh} · ${detail}`, en: `${words.en} · ${detail}` };

const ENDED: Readonly<Record<string, Words>> = {
  exit: { zh: '自行退出', en: 'by itself' },
  killed: { zh: '被系统结束', en: 'killed' },
};

/** Details are recorded in English. */
function lifecycleWords({ what, detail }: Lifecycle): Words {
  if (what === 'picked') return LIFECYCLE.picked;
  const ended = what === 'process-ended' ? ENDED[detail] : undefined;
  const zh =
    ended?.zh ??
    detail.replace(/^(\d+) contacts, (\d+) SMS, (\d+) calls$/, '联系人 $1、短信 $2、通话 $3').replace(/^(\d+) files$/, '$1 个文件');
  return { zh: joined(LIFECYCLE[what], zh).zh, en: joined(LIFECYCLE[what], ended?.en ?? detail).en };
}

function stepWords({ path, act, detail, state }: Step): Words {
  const failed = state === 'failed' ? { zh: '（未成）', en: ' (failed)' } : { zh: '', en: '' };
  const word = actWord(act);
  return joined({ zh: `第 ${path} 步 ${word.zh}${failed.zh}`, en: `step ${path} ${word.en}${failed.en}` }, detail);
}

function promptWords({ act, groups, answer }: Prompt): Words {
  const said = answer === null ? { zh: '', en: '' } : ANSWER[answer];
  const named = (language: Language): string =>
    groups.map((group) => GROUP_WORDS[group]?.[language] ?? group).join(language === 'zh' ? '、' : ', ');
  return { zh: `${PROMPT[act].zh} ${named('zh')} ${said.zh}`.trim(), en: `${PROMPT[act].en} ${named('en')} ${said.en}`.trim() };
}

function readWords(e: Observation): Words {
  const times = e.n > 1 ? ` ×${e.n}` : '';
  const rows = e.rows === null ? { zh: '', en: '' } : { zh: `（${e.rows} 条）`, en: ` (${e.rows} rows)` };
  return {
    zh: `${e.threw === null ? '读取' : '尝试读取'} ${datumWord(e.datum, 'zh')}${rows.zh} · ${callerWord(e.caller, 'zh')}${times}`,
    en: `${e.threw === null ? 'read' : 'tried to read'} ${datumWord(e.datum, 'en')}${rows.en} · ${e.caller}${times}`,
  };
}
