import { aboutSent, phaseOf, sentFacts, verdictOf } from '../../harness/model/claims.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Claim, Rule } from '../../harness/model/finding.js';
import { sent } from '../../harness/model/timeline.js';
import { launched, reached, reads, sends, story } from '../examples.js';

// Only the outer scheme is judged: what the app encrypts by itself before it goes over plain HTTP is named in the defences.
export default {
  id: 'LA-G01',
  title: { zh: '明文传输个人信息', en: 'PI over plaintext HTTP' },
  severity: 'high',
  mode: 'A',
  miitIssue: '—',
  provisions: {
    primary: 'pipl-51',
    printable: ['pipl-51', 'csl-44', 'nds-9'],
    supporting: ['gbt35273-6.3a', 'jrt0171-6.1'],
    defence: [],
  },
  needs: ['form-reached'],
  toAccuse: [],
  toClear: ['proxy', 'linker', 'values', 'hooks', 'driver', 'handset', 'store', 'run'],
  data: [],
  phases: [],
  text: {
    zh: '{datum}以未加密的 HTTP 发送至 {receiver}（形式：{form}；位置：{part}）',
    en: '{datum} was sent to {receiver} over unencrypted HTTP (form: {form}; part: {part})',
  },
  defences: [DEFENCES.encrypted, DEFENCES.anonymised, DEFENCES.version],

  judge(timeline) {
    return sent(timeline)
      .filter(({ flow }) => flow.scheme === 'http')
      .map((one): Claim => {
        const about = aboutSent(one, phaseOf(timeline, one.flow));
        return { ...verdictOf(one.doubt), events: [one.flow.id], links: [one.link.id], facts: sentFacts(one), about };
      });
  },

  examples: {
    violation: story(launched(0), reached('form-reached'), reads(100, 'imei'), sends(5000, 'imei', 'log.risk.example', { scheme: 'http' })),
    undecided: story(
      launched(0),
      reached('form-reached'),
      sends(5000, 'imei', 'log.risk.example', { scheme: 'http', owner: { uid: null, package: null, pid: null, how: 'unknown' } }),
    ),
    clear: story(launched(0), reached('form-reached'), reads(100, 'imei'), sends(5000, 'imei', 'log.risk.example')),
    clearForAnotherApp: story(
      launched(0),
      reached('form-reached'),
      sends(5000, 'imei', 'log.risk.example', { scheme: 'http', owner: { uid: 1, package: 'com.example.other', pid: 1, how: 'virtual' } }),
    ),
  },
} satisfies Rule;
