import { aboutRead, aboutSent, phaseOf, readAct, sentAct, verdictOf } from '../../harness/model/claims.js';
import { heldData } from '../../harness/model/datum.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Claim, Rule } from '../../harness/model/finding.js';
import { reads, sent } from '../../harness/model/timeline.js';
import { launched, reached, reads as readsOf, sends, story } from '../examples.js';

const DATA = heldData('SMS', 'CALL_LOG');

// A read counts when the system gave at least one row (or a value): the one-time-code retriever reads none and is no row of the
// catalogue. A refused or empty query gave nothing and is left to LA-C02, LA-D01. Sending is claimed by itself, for each receiver.
export default {
  id: 'LA-E03',
  title: { zh: '读取或上传短信/通话记录', en: 'SMS/call-log read or uploaded' },
  severity: 'critical',
  mode: 'A',
  miitIssue: '超范围收集个人信息',
  provisions: {
    primary: 'cac-191-4-1',
    printable: ['cac-191-4-1', 'necessity-5-12', 'pipl-6', 'pipl-28'],
    supporting: ['gbt35273-B1', 'miit-164-1-2'],
    defence: [],
  },
  needs: ['form-reached'],
  toAccuse: [],
  toClear: ['proxy', 'linker', 'values', 'hooks', 'driver', 'handset', 'store', 'run'],
  data: DATA,
  phases: [],
  text: {
    zh: '应用{act}{datum}（{rows} 条；调用方：{caller}；接收方：{receiver}）',
    en: 'the app {act} {datum} ({rows} rows; caller: {caller}; receiver: {receiver})',
  },
  defences: [DEFENCES.inUse, DEFENCES.fraud, DEFENCES.picked, DEFENCES.version],

  judge(timeline) {
    const got = reads(timeline, DATA).filter((read) => read.doubt === null || read.doubt === 'caller-unknown');
    const read = got.map((one): Claim => {
      const { id, rows, values } = one.observation;
      const about = aboutRead(timeline, one, phaseOf(timeline, one.observation));
      return { ...verdictOf(one.doubt), events: [id], links: [], facts: { ...readAct(one), rows: rows ?? values.length }, about };
    });
    const upload = sent(timeline)
      .filter(({ link }) => DATA.includes(link.datum))
      .map((one): Claim => {
        const about = aboutSent(one, phaseOf(timeline, one.flow));
        return {
          ...verdictOf(one.doubt),
          events: [one.flow.id, ...(one.link.observation === null ? [] : [one.link.observation])],
          links: [one.link.id],
          facts: { ...sentAct(one), rows: 1 },
          about,
        };
      });
    return [...read, ...upload];
  },

  examples: {
    violation: story(launched(0), reached('form-reached'), readsOf(5000, 'sms', { rows: 12 })),
    violationByUpload: story(launched(0), reached('form-reached'), sends(5000, 'call-log', 'collect.risk.example')),
    undecided: story(launched(0), reached('form-reached'), readsOf(5000, 'sms', { rows: 12, caller: '', stack: [] })),
    clear: story(launched(0), reached('form-reached'), readsOf(5000, 'sms', { rows: 0, groups: 0 })),
    clearAsRefused: story(launched(0), reached('form-reached'), readsOf(5000, 'sms', { threw: 'java.lang.SecurityException' })),
  },
} satisfies Rule;
