export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 130;

/** Words of one error: what happened and the way out, with `{fact}` slots; and the exit code it ends with. */
interface Sentence {
  readonly exit: ExitCode;
  readonly zh: string;
  readonly en: string;
  readonly remedy: { readonly zh: string; readonly en: string };
}

/** All errors that an operator can mend. Codes are stable; facts fill the slots. */
export const SENTENCES = {
  UNKNOWN_APP: {
    exit: 2,
    zh: '没有名为“{name}”的应用',
    en: 'no app named "{name}"',
    remedy: { zh: '最接近的名称：{near}；全部应用见 npx jiejing apps', en: 'nearest names: {near}; list them with: npx jiejing apps' },
  },
  UNKNOWN_SCENARIO: {
    exit: 2,
    zh: '没有名为“{name}”的场景',
    en: 'no scenario named "{name}"',
    remedy: {
      zh: '最接近的名称：{near}；全部场景见 npx jiejing scenarios',
      en: 'nearest names: {near}; list them with: npx jiejing scenarios',
    },
  },
  UNKNOWN_HANDSET: {
    exit: 2,
    zh: '无法识别手机“{name}”',
    en: 'cannot tell which handset "{name}" is',
    remedy: { zh: '目前可用：virtual', en: 'available now: virtual' },
  },
  UNKNOWN_RUN: {
    exit: 2,
    zh: '“{name}”不是运行记录文件夹',
    en: '"{name}" is not a run folder',
    remedy: { zh: '全部记录见 npx jiejing runs', en: 'list runs with: npx jiejing runs' },
  },
  UNKNOWN_ID: {
    exit: 2,
    zh: '记录 {run} 中没有编号“{name}”',
    en: 'run {run} has no item "{name}"',
    remedy: { zh: '事件编号为 e1…，关联编号为 l1…，发现编号为 f1…', en: 'events are e1…, links l1…, findings f1…' },
  },
  USAGE: {
    exit: 2,
    zh: '{what}',
    en: '{whatEn}',
    remedy: { zh: '用法见 npx jiejing {command} --help', en: 'usage: npx jiejing {command} --help' },
  },
  SCENARIO_SYNTAX: {
    exit: 2,
    zh: '场景文件 {file} 第 {line} 行：{what}',
    en: '{file}:{line}: {whatEn}',
    remedy: {
      zh: '改正后用 npx jiejing scenarios validate {file:sh} 检查',
      en: 'mend it, then check with: npx jiejing scenarios validate {file:sh}',
    },
  },
  STEP_FAILED: {
    exit: 3,
    zh: '场景 {file} 第 {line} 行，第 {step} 步（{act}）：{what}',
    en: '{file}:{line}, step {step} ({act}): {whatEn}',
    remedy: { zh: '屏幕上可点的文字：{visible}', en: 'labels on the screen: {visible}' },
  },
  RUN_IN_USE: {
    exit: 2,
    zh: '记录文件夹 {dir} 已被占用',
    en: 'the run folder {dir} is in use',
    remedy: { zh: '换一个 --out 文件夹，或等另一次审计结束', en: 'give another --out folder, or wait for the other audit to end' },
  },
  RUN_EXISTS: {
    exit: 2,
    zh: '文件夹 {dir} 里已有内容，不会覆盖',
    en: 'the folder {dir} is not empty and is never overwritten',
    remedy: { zh: '换一个 --out 文件夹', en: 'give another --out folder' },
  },
  DISK_FAILED: {
    exit: 3,
    zh: '写入 {path} 时磁盘出错（{code}）',
    en: 'the disk failed while writing {path} ({code})',
    remedy: { zh: '检查磁盘与连接；已写入的记录仍可判定', en: 'check the disk and its connection; what was written can still be judged' },
  },
  NO_PERMISSION: {
    exit: 3,
    zh: '没有写入 {path} 的权限',
    en: 'no permission to write {path}',
    remedy: { zh: '换一个可写的文件夹，或修改其权限', en: 'choose a folder you may write to, or change its permissions' },
  },
  NO_READ: {
    exit: 3,
    zh: '没有读取 {path} 的权限',
    en: 'no permission to read {path}',
    remedy: { zh: '换有权限的用户执行，或修改其权限', en: 'run it as a user who may read it, or change its permissions' },
  },
  BAD_PATH: {
    exit: 2,
    zh: '无法使用路径 {path}：{what}',
    en: 'the path {path} cannot be used: {whatEn}',
    remedy: { zh: '检查路径，或换一个文件夹', en: 'check the path, or give another folder' },
  },
  NO_ROOM: {
    exit: 3,
    zh: '磁盘已满，无法建立 {path}；什么都没有录下',
    en: 'the disk is full, {path} could not be made; nothing was recorded',
    remedy: {
      zh: '清理磁盘后重新审计，或用 --out 换一个文件夹',
      en: 'free some space and audit again, or give a folder elsewhere with --out',
    },
  },
  STORE_FULL: {
    exit: 3,
    zh: '磁盘已满，无法写入 {path}；已写入的记录仍可使用',
    en: 'the disk is full, {path} could not be written; what was recorded can still be used',
    remedy: {
      zh: '清理磁盘后重新审计；已有记录可用 npx jiejing judge 判定',
      en: 'free some space and audit again; judge what is there with: npx jiejing judge',
    },
  },
  PORT_TAKEN: {
    exit: 3,
    zh: '端口 {port} 已被其他程序占用',
    en: 'port {port} is taken by another program',
    remedy: { zh: '关闭占用该端口的程序，或不指定端口', en: 'stop that program, or leave the port to us' },
  },
  PORT_DENIED: {
    exit: 3,
    zh: '没有使用端口 {port} 的权限',
    en: 'no permission to listen on port {port}',
    remedy: { zh: '用 1024 以上的端口，或换有权限的用户执行', en: 'take a port above 1023, or run it as a user who may' },
  },
  APPIUM_FAILED: {
    exit: 3,
    zh: 'Appium 服务未能启动：{why}',
    en: 'the Appium server did not start: {why}',
    remedy: { zh: '运行 npx jiejing doctor 查看缺少什么', en: 'run: npx jiejing doctor' },
  },
  DRIVER_LOST: {
    exit: 3,
    zh: '与手机的驱动连接中断：{why}',
    en: 'the driver lost the handset: {why}',
    remedy: {
      zh: '已记录的部分仍可用 npx jiejing judge 判定；重新审计即可',
      en: 'judge what was recorded with: npx jiejing judge; then audit again',
    },
  },
  APP_FAILED: {
    exit: 3,
    zh: '应用未能启动：{why}',
    en: 'the app did not start: {why}',
    remedy: { zh: '检查应用是否支持这台手机', en: 'check that the app supports this handset' },
  },
  RUN_TOO_NEW: {
    exit: 3,
    zh: '记录的格式版本为 {found}，本程序只认识到 {known}',
    en: 'the run has schema {found}, this program knows up to {known}',
    remedy: { zh: '升级借镜后再打开', en: 'upgrade Jiejing, then open it' },
  },
  RUN_BROKEN: {
    exit: 5,
    zh: '{file} 第 {line} 行与其前后不符：{what}',
    en: '{file}, line {line}, does not fit what stands around it: {whatEn}',
    remedy: { zh: '此记录不可作为证据；请从备份恢复', en: 'this run cannot serve as evidence; restore it from a backup' },
  },
  RUN_FILE_BROKEN: {
    exit: 5,
    zh: '记录文件 {file} 与登记不符：{what}',
    en: '{file} is not what the run recorded: {whatEn}',
    remedy: { zh: '此记录不可作为证据；请从备份恢复', en: 'this run cannot serve as evidence; restore it from a backup' },
  },
  RUN_FORGOTTEN: {
    exit: 2,
    zh: '记录 {run} 已于 {when} 删除，只留下存根',
    en: 'run {run} was forgotten on {when}; only its tombstone is left',
    remedy: { zh: '无法恢复；如需证据请重新审计', en: 'it cannot be restored; audit again' },
  },
  PACKET_BROKEN: {
    exit: 5,
    zh: '证据包中 {file} 有问题：{what}',
    en: '{file} in the packet: {whatEn}',
    remedy: { zh: '请向出具方索取完整的证据包', en: 'ask the sender for an unbroken packet' },
  },
  MISSING_TOOL: { exit: 3, zh: '缺少 {tool}', en: '{tool} is missing', remedy: { zh: '{how}', en: '{howEn}' } },
  CA_KEY_MISSING: {
    exit: 3,
    zh: '{dir} 里有根证书 ca.pem，却没有私钥 ca.key',
    en: '{dir} has a CA certificate, ca.pem, but no key, ca.key',
    remedy: { zh: '把私钥放回 ca.key，或用 --ca 换一个文件夹', en: 'put the key back as ca.key, or give another folder with --ca' },
  },
  CA_KEY_OPEN: {
    exit: 3,
    zh: '根证书私钥 {file} 可被其他用户访问（权限 {mode}）',
    en: 'the CA key {file} is open to other users (mode {mode})',
    remedy: {
      zh: '确定没有泄露时执行 chmod 600 {file:sh}；否则用 --ca 换一个支持文件权限的文件夹，重新生成',
      en: 'if nobody has read it: chmod 600 {file:sh}; otherwise let a new one be made in another folder (--ca), on a disk that keeps modes',
    },
  },
  CA_KEY_MISMATCH: {
    exit: 3,
    zh: '根证书私钥 {key} 与证书 {cert} 不是一对',
    en: 'the CA key {key} does not belong to the certificate {cert}',
    remedy: {
      zh: '放入成对的 ca.pem 和 ca.key，或用 --ca 换一个文件夹',
      en: 'put in a ca.pem and ca.key that belong together, or give another folder with --ca',
    },
  },
  CA_EXPIRED: {
    exit: 3,
    zh: '现在不在根证书 {file} 的有效期内（{from} 至 {until}）',
    en: 'the CA certificate {file} is not valid now, only from {from} to {until}',
    remedy: {
      zh: '先核对本机时间；确已过期时用 --ca 换一个文件夹重新生成，再装到手机',
      en: 'check the clock of this machine; if it has expired, let a new one be made in another folder (--ca) and put it on the handset',
    },
  },
  CA_UNFIT: {
    exit: 3,
    zh: '{file} 不能用作根证书：{what}',
    en: '{file} cannot serve as a CA: {whatEn}',
    remedy: {
      zh: '放入 PEM 格式的根证书（ca.pem）和没有口令的私钥（ca.key），或用 --ca 换一个文件夹重新生成',
      en: 'put in a CA certificate (ca.pem) and its key without a pass phrase (ca.key), both in PEM, or let new ones be made in another folder (--ca)',
    },
  },
  LIST_SYNTAX: {
    exit: 2,
    zh: '名单 {file} 第 {line} 行：{what}',
    en: '{file}:{line}: {whatEn}',
    remedy: { zh: '每行写 app 与 scenario，例子见 README', en: 'each entry has app and scenario; see the README for an example' },
  },
  IMPORT_SYNTAX: {
    exit: 2,
    zh: '{where}：{what}',
    en: '{whereEn}: {whatEn}',
    remedy: { zh: '{how}', en: '{howEn}' },
  },
  IMPORT_EMPTY: {
    exit: 2,
    zh: '证据里没有任何读取、同意行为或流量',
    en: 'the evidence holds no read, no act of consent and no traffic',
    remedy: {
      zh: '检查 observations.jsonl、consent.jsonl 与 flows.har 的内容',
      en: 'look into observations.jsonl, consent.jsonl and flows.har',
    },
  },
  OUT_EXISTS: {
    exit: 2,
    zh: '{path} 已存在，不会覆盖',
    en: '{path} is there already and is never overwritten',
    remedy: { zh: '用 --out 换一个名称', en: 'give another name with --out' },
  },
  OUT_FULL: {
    exit: 3,
    zh: '磁盘已满，无法写入 {path}；没有留下不完整的文件',
    en: 'the disk is full, {path} could not be written; nothing half-written is left',
    remedy: { zh: '清理磁盘，或用 --out 换一个位置', en: 'free some space, or give a place elsewhere with --out' },
  },
  NO_KEY_LOG: {
    exit: 2,
    zh: '记录 {run} 里没有 TLS 密钥日志',
    en: 'run {run} has no TLS key log',
    remedy: {
      zh: '录制期间没有 TLS 连接，或由不写密钥日志的旧版本录制；正文可用 npx jiejing export {run:sh} --bodies 导出',
      en: 'there was no TLS, or an older version that writes none recorded it; the bodies are there: npx jiejing export {run:sh} --bodies',
    },
  },
  INTERRUPTED: {
    exit: 130,
    zh: '已中断；记录已收尾，可用 npx jiejing judge {run:sh} 判定',
    en: 'interrupted; the run was closed and can be judged with: npx jiejing judge {run:sh}',
    remedy: { zh: '需要完整结果时请重新审计', en: 'audit again for a complete result' },
  },
} as const satisfies Record<string, Sentence>;

export type ErrorCode = keyof typeof SENTENCES;

/** Something that the operator can mend. Its words stand in SENTENCES. */
export class LabError extends Error {
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, string | number>>;
  constructor(code: ErrorCode, facts: Readonly<Record<string, string | number>>, options?: ErrorOptions) {
    super(fill(SENTENCES[code].en, facts), options);
    this.name = 'LabError';
    this.code = code;
    this.facts = facts;
  }
  get exit(): ExitCode {
    return SENTENCES[this.code].exit;
  }
  /** The sentence and the way out, in one language. */
  words(language: 'zh' | 'en'): { readonly what: string; readonly remedy: string } {
    const s = SENTENCES[this.code];
    return { what: fill(s[language], this.facts), remedy: fill(s.remedy[language], this.facts) };
  }
}

/** Puts facts into `{slots}`, quoted for a shell into `{slots:sh}`; a slot without a fact stays as it is. */
export function fill(text: string, facts: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)(:sh)?\}/g, (slot, name: string, shell: string | undefined) => {
    if (!(name in facts)) return slot;
    const fact = String(facts[name]);
    return shell === undefined ? fact : shellWord(fact);
  });
}

/** A word of a command as a POSIX shell must be given it to mean this text. */
export function shellWord(text: string): string {
  // A name like `-x` would be taken for an option.
  const word = text.startsWith('-') ? `./${text}` : text;
  return /^[\p{L}\p{N}_@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
