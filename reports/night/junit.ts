import type { Rule } from '../../harness/model/finding.js';
import { reasonWord, sentence } from '../words.js';
import type { Night, NightLine } from './night.js';

/** JUnit XML: a suite for each audit, a case for each rule; a violation fails, what was not tested is skipped, a lab failure is an error; an audit that was stopped is skipped. */
export function junit(night: Night, rules: readonly Rule[]): string {
  const suites = night.lines.map((line) => suite(line, night.began, rules));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="jiejing nightly">\n${suites.join('')}</testsuites>\n`;
}

function suite(line: NightLine, began: string, rules: readonly Rule[]): string {
  const cases =
    line.report === null
      ? [labCase(line)]
      : [...rules.map((rule) => ruleCase(line, rule)), ...(line.error === null ? [] : [labCase(line)])];
  const count = (part: string): number => cases.filter((c) => c.includes(part)).length;
  return `  <testsuite name="${escape(`${line.app} · ${line.scenario}`)}" tests="${cases.length}" failures="${count('<failure')}" errors="${count('<error')}" skipped="${count('<skipped')}" time="${line.seconds.toFixed(3)}" timestamp="${escape(began)}">\n${cases.join('')}  </testsuite>\n`;
}

function labCase(line: NightLine): string {
  return `    <testcase classname="${escape(line.app)}.${escape(line.scenario)}" name="lab"><${line.exit === 130 ? 'skipped' : 'error'} message="${escape(line.error ?? '')}"/></testcase>\n`;
}

function ruleCase(line: NightLine, rule: Rule): string {
  const of = line.report?.findings.filter((f) => f.rule === rule.id) ?? [];
  const violations = of.filter((f) => f.verdict === 'violation');
  const open = of.filter((f) => f.verdict === 'not-tested' || f.verdict === 'undecided');
  const text = violations.map((f) => sentence(rule, f.facts, 'zh')).join('\n');
  const inner =
    violations.length > 0
      ? `<failure message="${escape(`${rule.title.zh} ×${violations.length}`)}">${escape(text)}</failure>`
      : open.length > 0
        ? `<skipped message="${escape([...new Set(open.map((f) => reasonWord(f.reason, 'zh')))].join('、'))}"/>`
        : '';
  return `    <testcase classname="${escape(line.app)}.${escape(line.scenario)}" name="${escape(`${rule.id} ${rule.title.zh}`)}">${inner}</testcase>\n`;
}

// XML 1.0 has no way to write most control characters.
// oxlint-disable-next-line no-control-regex
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g;

function escape(text: string): string {
  return text
    .replace(UNWRITABLE, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
