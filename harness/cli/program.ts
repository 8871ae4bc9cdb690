import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, Help, InvalidArgumentError, Option, type HelpConfiguration } from 'commander';
import stringWidth from 'string-width';
import { fill, LabError } from '../model/errors.js';
import { packageRoot } from '../package-root.js';
import type { Language } from '../../reports/words.js';

type Exit = (code: number) => void;
/** What every command gets beside its own arguments. */
export interface Common {
  readonly language: Language;
  readonly json: boolean;
}

/** The command line. Commands are loaded when they run, so that `--help` stays quick. */
export function buildProgram(language: Language, exit: Exit): Command {
  const t = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const program = new Command('jiejing')
    .description(t('借镜：借贷应用隐私检测台', 'Jiejing: a privacy test bench for loan apps'))
    .configureHelp(helpIn(language))
    .addOption(new Option('--lang <zh|en>', t('界面语言（默认随系统）', 'language (default: the locale)')).choices(['zh', 'en']))
    .addOption(new Option('--json').hideHelp())
    .version(version(), '-V, --version', t('显示版本', 'show the version'))
    .helpOption('-h, --help', t('显示帮助', 'show help'))
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .showSuggestionAfterError(true);
  const add = (usage: string, zh: string, en: string): Command =>
    program
      .command(usage)
      .description(t(zh, en))
      .configureHelp(helpIn(language))
      .helpOption('-h, --help', t('显示帮助', 'show help'))
      .option('--json', t('标准输出只有一个 JSON 文档', 'stdout is exactly one JSON document'))
      .addOption(new Option('--lang <zh|en>').choices(['zh', 'en']).hideHelp())
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
  const common = (options: { json?: boolean }): Common => ({ language, json: options.json === true || program.opts()['json'] === true });
  addAudit(add, t, common, exit);
  addRuns(add, t, common, exit);
  addLists(add, t, common, exit);
  addPackets(add, t, common, exit);
  addCaptures(add, t, common, exit);
  addImport(add, t, common, exit);
  addCa(add, t, common, exit);
  program.addHelpText('after', t(EXITS.zh, EXITS.en));
  return program;
}

const EXITS = {
  zh: '\n退出码：0 未发现违规 · 1 有违规 · 2 用法错误 · 3 实验环境无法运行\n        4 无法判定或未检测 · 5 完整性受损 · 130 已中断',
  en: '\nExit codes: 0 clear · 1 violations · 2 usage · 3 the lab could not run\n  4 undecided or not tested · 5 integrity failure · 130 interrupted',
};

/** The value of an option; commander would take the next option for it. */
function given(value: string): string {
  if (value === '' || value.startsWith('--')) throw new InvalidArgumentError('');
  return value;
}

const TITLES: Readonly<Record<string, string>> = {
  'Usage:': '用法：',
  'Arguments:': '参数：',
  'Options:': '选项：',
  'Commands:': '命令：',
};

/** Titles in our language; choices and defaults stand in our own descriptions. */
function helpIn(language: Language): HelpConfiguration {
  const slots = (usage: string): string =>
    language === 'zh' ? usage.replace('[options]', '[选项]').replace('[command]', '[命令]') : usage;
  return {
    styleTitle: (title) => (language === 'zh' ? (TITLES[title] ?? title) : title),
    optionDescription: (option) => option.description,
    displayWidth: stringWidth,
    styleUsage: (usage) => `npx ${slots(usage)}`,
    subcommandTerm: (command) => slots(new Help().subcommandTerm(command)),
  };
}

type Add = (usage: string, zh: string, en: string) => Command;
type Words = (zh: string, en: string) => string;
type Commons = (options: { json?: boolean }) => Common;

function addAudit(add: Add, t: Words, common: Commons, exit: Exit): void {
  for (const kind of ['audit', 'record'] as const) {
    const about = kind === 'audit' ? (['录制、判定并写出报告', 'record, judge and report'] as const) : (['只录制', 'record only'] as const);
    const command = add(`${kind} <app>`, about[0], about[1]);
    if (kind === 'audit')
      command.option('--confirm', t('换一组植入值再录一次，逐条证实', 'record again with other planted values and confirm each link'));
    command
      .option(
        '--scenario <id|file>',
        t('场景，写名称或文件（默认 sign-up-allow）', 'scenario, by name or file (default: sign-up-allow)'),
        given,
        'sign-up-allow',
      )
      .option('--handset <name>', t('手机（默认 virtual）', 'handset (default: virtual)'), given, 'virtual')
      .option('--out <folder>', t('记录文件夹（默认 runs/ 下新建）', 'run folder (default: a new one in runs/)'), given)
      .option('--case <number>', t('案件编号', 'case number'), given)
      .option('--operator <name>', t('操作人', 'operator'), given)
      .option('--lab <name>', t('实验室', 'lab'), given)
      .action(async (app: string, options) =>
        exit(await (await import('./audit.js')).audit({ kind, app, options, common: common(options) })),
      );
  }
  add('judge <run>', '用当前规则重新判定', 'judge a recorded run again').action(async (run: string, options) =>
    exit(await (await import('./judge.js')).judgeCommand(run, common(options))),
  );
  add('report <run>', '写出报告（尚未判定时先判定）', 'write the report (judging first where needed)').action(
    async (run: string, options) => exit(await (await import('./judge.js')).reportCommand(run, common(options))),
  );
  add('nightly <list>', '按名单逐个审计，与上次比较', 'audit a list of apps, compare with the last night')
    .option('--out <folder>', t('结果文件夹（默认 nights）', 'folder for the nights (default: nights)'), given, 'nights')
    .action(async (list: string, options) => exit(await (await import('./nightly.js')).nightlyCommand(list, options.out, common(options))));
}

function addRuns(add: Add, t: Words, common: Commons, exit: Exit): void {
  add('open <run>', '在浏览器中打开报告', 'open the report in a browser').action(async (run: string, options) =>
    exit(await (await import('./runs.js')).openCommand(run, common(options))),
  );
  add('show <run> <id>', '显示一个事件、关联或发现', 'show one event, link or finding').action(async (run: string, id: string, options) =>
    exit(await (await import('./show.js')).showCommand(run, id, common(options))),
  );
  add(
    'trace <value> <run>',
    '一个值（或文件中每行一个值）被谁读、去了哪里',
    'who read a value (or each line of a file), and where it went',
  ).action(async (value: string, run: string, options) => exit((await import('./trace.js')).traceCommand(value, run, common(options))));
  add('runs', '列出记录', 'list runs')
    .option('--in <folder>', t('文件夹（默认 runs）', 'folder (default: runs)'), given, 'runs')
    .action(async (options) => exit(await (await import('./runs.js')).runsCommand(options.in, common(options))));
  add('forget <run>', '删除记录，只留存根', 'remove a run, leaving a tombstone')
    .option('--by <name>', t('由谁删除（默认当前用户）', 'who removes it (default: this user)'), given)
    .option('--why <text>', t('删除的原因，写入存根', 'why, for the tombstone'), given)
    .action(async (run: string, options) =>
      exit(await (await import('./packets.js')).forgetCommand(run, { by: options.by ?? null, why: options.why ?? null }, common(options))),
    );
}

function addLists(add: Add, t: Words, common: Commons, exit: Exit): void {
  add('apps', '列出可审计的应用', 'list apps').action(async (options) =>
    exit(await (await import('./lists.js')).appsCommand(common(options))),
  );
  add('scenarios [act] [file]', '列出场景；new 新建，validate 检查', 'list scenarios; new writes one, validate checks one').action(
    async (act: string | undefined, file: string | undefined, options) =>
      exit(await (await import('./lists.js')).scenariosCommand(act, file, common(options))),
  );
  add('doctor', '检查这台电脑缺少什么', 'check what this machine lacks').action(async (options) =>
    exit(await (await import('./doctor.js')).doctorCommand(common(options))),
  );
}

function addPackets(add: Add, t: Words, common: Commons, exit: Exit): void {
  add('seal <run>', '封装证据包', 'seal a run into an evidence packet')
    .requiredOption('--out <packet>', t('证据包文件夹', 'packet folder'), given)
    .action(async (run: string, options) => exit(await (await import('./packets.js')).sealCommand(run, options.out, common(options))));
  add('verify <packet>', '核验证据包或记录', 'verify a packet or a run').action(async (packet: string, options) =>
    exit(await (await import('./packets.js')).verifyCommand(packet, common(options))),
  );
}

function addCaptures(add: Add, t: Words, common: Commons, exit: Exit): void {
  const many = (value: string, before: readonly string[]): readonly string[] => [...before, given(value)];
  add('capture', '只抓包，不审计，直到按 Ctrl-C', 'run the proxy without an audit, until Ctrl-C')
    .requiredOption('--listen <127.0.0.1:port>', t('监听地址（端口 0 由系统选）', 'where to listen (port 0: the system chooses)'), given)
    .option('--out <folder>', t('记录文件夹（默认 runs/ 下新建）', 'run folder (default: a new one in runs/)'), given)
    .option('--socks', t('同一端口也接受 SOCKS5', 'take SOCKS5 on the same port as well'))
    .option('--dns <127.0.0.1:port>', t('DNS 应答服务的监听地址', 'where a DNS stub listens'), given)
    .option(
      '--ca <folder>',
      t('根证书文件夹，没有则新建（默认每次新建证书）', 'folder of the CA, made if absent (default: a new CA each time)'),
      given,
    )
    .option('--upstream-ca <file>', t('服务器证书的根证书（PEM）', 'CA of the servers (PEM)'), given)
    .option('--upstream-insecure', t('服务器证书无效也继续，并逐条注明', 'go on with servers that cannot be trusted, and say so'))
    .option('--resolve <host=ip[:port]>', t('域名指向何处，可多次；*.域名 也可', 'where a name leads; repeatable; *.NAME too'), many, [])
    .addOption(
      new Option('--engine <relay|pipeline>', t('引擎（默认 relay：字节原样通过）', 'engine (default relay: bytes pass untouched)'))
        .choices(['relay', 'pipeline'])
        .default('relay'),
    )
    .option('--case <number>', t('案件编号', 'case number'), given)
    .option('--operator <name>', t('操作人', 'operator'), given)
    .option('--lab <name>', t('实验室', 'lab'), given)
    .action(async (options) => exit(await (await import('./capture.js')).captureCommand(options, common(options))));
  add('export <run>', '导出流量：HAR、TLS 密钥日志或正文', 'export the traffic of a run: HAR, TLS key log or bodies')
    .option('--har', t('HAR 1.2，Chrome 与 Firefox 可打开', 'HAR 1.2, for Chrome and Firefox'))
    .option('--keylog', t('TLS 密钥日志（NSS 格式），供 Wireshark 使用', 'TLS key log (NSS form), for Wireshark'))
    .option('--bodies', t('每个正文一个文件，附 index.tsv', 'each body as a file, with an index.tsv'))
    .option(
      '--out <path>',
      t('写到哪里（默认标准输出；正文默认为文件夹 bodies-<记录名>）', 'where to (default: stdout; for bodies the folder bodies-<run>)'),
      given,
    )
    .action(async (run: string, options) => exit(await (await import('./export.js')).exportCommand(run, options, common(options))));
}

function addImport(add: Add, t: Words, common: Commons, exit: Exit): void {
  const many = (value: string, before: readonly string[]): readonly string[] => [...before, given(value)];
  add('import [folder]', '把其他工具录下的证据导入为记录', 'make a run of evidence that other tools recorded')
    .option('--out <folder>', t('记录文件夹（默认 runs/ 下新建）', 'run folder (default: a new one in runs/)'), given)
    .option('--har <file>', t('流量，HAR 1.2', 'traffic, HAR 1.2'), given)
    .option('--values <file>', t('要查找的值，格式同 canaries.json', 'values to look for, as canaries.json'), given)
    .option('--camille <file>', t('camille 写出的 .xls', 'an .xls that camille wrote'), given)
    .option('--app <package>', t('被测应用的包名（默认为证据中最多的）', 'package of the app (default: the one named most)'), given)
    .option('--first-party <domain>', t('属于应用经营者的域名，可多次', "a domain of the app's operator; repeatable"), many, [])
    .option('--zone <+08:00>', t('没有写明时区的时间属于哪个时区', 'zone of times that do not tell theirs'), given)
    .option('--case <number>', t('案件编号', 'case number'), given)
    .option('--operator <name>', t('操作人', 'operator'), given)
    .option('--lab <name>', t('实验室', 'lab'), given)
    .action(async (folder: string | undefined, options) =>
      exit(await (await import('./import.js')).importCommand(folder ?? null, options, common(options))),
    );
}

function addCa(add: Add, t: Words, common: Commons, exit: Exit): void {
  add(
    'ca <act>',
    '代理的根证书：导出（export），或装到手机的办法（install-hint）',
    "the proxy's CA: export it, or show how to put it on a handset (install-hint)",
  )
    .option(
      '--ca <folder>',
      t('根证书文件夹，没有则新建（默认 jiejing-ca）', 'folder of the CA, made if absent (default: jiejing-ca)'),
      given,
    )
    .option('--out <path>', t('文件，或已有的文件夹（默认当前文件夹）', 'file, or a folder that is there (default: this folder)'), given)
    .addOption(
      new Option(
        '--format <pem|der|android>',
        t('格式（默认 pem）；android 按系统证书库命名', 'form (default pem); android: named for the system store'),
      ).choices(['pem', 'der', 'android']),
    )
    .action(async (act: string, { ca = null, out = null, format = null, ...rest }) =>
      exit((await import('./ca.js')).caCommand(act, { ca, out, format }, common(rest))),
    );
}

function version(): string {
  const { version: found }: { version: string } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  return found;
}

const WORDS_OF_COMMANDER: Readonly<Record<string, string>> = {
  'commander.unknownOption': '没有选项 {named}',
  'commander.unknownCommand': '没有命令 {named}',
  'commander.missingArgument': '缺少参数 {named}',
  'commander.optionMissingArgument': '选项 {named} 缺少值',
  'commander.missingMandatoryOptionValue': '缺少必需的选项 {named}',
  'commander.excessArguments': '参数过多',
  'commander.invalidArgument': '选项 {named} 的值无效',
};

/** Our words for what commander refused; `shown` when it only showed what was asked for; null when the error is not commander's. */
export function usageError(error: unknown, argv: readonly string[]): LabError | 'shown' | null {
  if (!(error instanceof CommanderError)) return null;
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return 'shown';
  // Without a word commander would only show its help.
  if (error.code === 'commander.help') return new LabError('USAGE', { what: '缺少命令', whatEn: 'no command was given', command: '' });
  const raw = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  const named = /'([^']*)'/.exec(raw)?.[1] ?? '';
  const near = /\(Did you mean (?:one of )?([^?]*)\?\)/.exec(raw)?.[1] ?? '';
  const words = fill(WORDS_OF_COMMANDER[error.code] ?? raw, { named });
  return new LabError('USAGE', {
    what: `${words}${near ? `，是不是 ${near}？` : ''}`,
    whatEn: raw,
    command: error.code === 'commander.unknownCommand' ? '' : commandOf(argv),
  });
}

/** The command's own name with a blank behind it, so that a remedy can name it; empty when there is none. */
function commandOf(argv: readonly string[]): string {
  const name = argv.slice(2).find((word, i) => !word.startsWith('-') && argv[i + 1] !== '--lang');
  return name ?? '';
}
