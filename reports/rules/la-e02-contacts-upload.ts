import { hostUnseen, phaseOf, verdictOf, aboutSent, sdkFact } from '../../harness/model/claims.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Claim, Rule, Timeline } from '../../harness/model/finding.js';
import { linked, pickedGroups, unseenFlows, type Sent } from '../../harness/model/timeline.js';
import { consent, launched, picks, reached, reads, sends, story, unseen } from '../examples.js';

const DATA = ['contacts'];
const A_LIST = 2;

// One contact may be the emergency contact that the form asks for; two distinct planted ones at one receiver, in any form, are the
// list. Contacts are other people's data: the user's tick cannot be their consent, so the phase makes no difference.
export default {
  id: 'LA-E02',
  title: { zh: '上传通讯录', en: 'Contact list uploaded' },
  severity: 'critical',
  mode: 'A',
  miitIssue: '超范围收集个人信息',
  provisions: {
    primary: 'cac-191-4-1',
    printable: ['cac-191-4-1', 'necessity-5-12', 'pipl-6', 'pipl-10', 'pipl-13', 'civil-1035', 'csl-43'],
    supporting: ['cac-draft-2026-contacts'],
    defence: [],
  },
  needs: ['form-reached'],
  toAccuse: [],
  toClear: ['proxy', 'linker', 'values', 'hooks', 'driver', 'handset', 'store', 'run'],
  data: DATA,
  phases: [],
  text: {
    zh: '通讯录中 {contacts} 位联系人的信息被上传至 {receiver}（SDK：{sdk}；形式：{form}）',
    en: 'entries of {contacts} people from the contact list were uploaded to {receiver} (SDK: {sdk}; form: {form})',
  },
  defences: [DEFENCES.picked, DEFENCES.anonymised, DEFENCES.processor, DEFENCES.version],

  judge(timeline) {
    const picked = pickedGroups(timeline);
    const isPicked = ({ link }: Sent): boolean => link.origin === 'picked' || picked.has(timeline.values.get(link.value)?.group ?? '');
    const uploads = linked(timeline).filter((one) => one.link.datum === 'contacts' && !isPicked(one));
    const seen = byReceiver(timeline, uploads).flatMap((group) => claimOf(timeline, group));
    return [...seen, ...unseenFlows(timeline).flatMap(({ flow }) => hostUnseen(timeline, flow, null))];
  },

  examples: {
    violation: story(
      launched(0),
      reached('form-reached'),
      consent(1000, 'agreed'),
      reads(5000, 'contacts', { rows: 30, groups: 30 }),
      sends(6000, 'contacts', 'collect.risk.example', { groups: 30 }),
    ),
    violationInTwoRequests: story(
      launched(0),
      reached('form-reached'),
      sends(6000, 'contacts', 'collect.risk.example'),
      sends(6100, 'contacts', 'collect.risk.example', { groups: 2 }),
    ),
    undecided: story(launched(0), reached('form-reached'), sends(6000, 'contacts', 'collect.risk.example', { groups: 2, level: 'C3' })),
    notTested: story(launched(0), reached('form-reached'), unseen(6000, 'collect.risk.example')),
    clear: story(
      launched(0),
      reached('form-reached'),
      reads(5000, 'contacts', { rows: 1 }),
      sends(6000, 'contacts', 'api.loan.example', { party: 'first' }),
    ),
    clearWhenPicked: story(
      launched(0),
      reached('form-reached'),
      sends(6000, 'contacts', 'api.loan.example', { party: 'first', groups: 2, origin: 'picked' }),
    ),
    clearWhenPickedThoughTheListWasRead: story(
      launched(0),
      reached('form-reached'),
      reads(3000, 'contacts', { rows: 30, groups: 30 }),
      picks(4000, 2),
      sends(6000, 'contacts', 'api.loan.example', { party: 'first', groups: 2 }),
    ),
  },
} satisfies Rule;

type Group = readonly [Sent, ...Sent[]];

// The same phase and receiver make one upload; contacts spread over phases are counted under the first.
function byReceiver(timeline: Timeline, all: readonly Sent[]): readonly Group[] {
  const hosts = [...new Set(all.map(({ receiver }) => receiver.host))];
  return hosts.flatMap((host) => {
    const there = all.filter(({ receiver }) => receiver.host === host);
    const phases = [...new Set(there.map(({ flow }) => phaseOf(timeline, flow)))];
    const whole = phases
      .map((phase) => there.filter(({ flow }) => phaseOf(timeline, flow) === phase))
      .filter((part) => people(timeline, part) >= A_LIST);
    return (whole.length > 0 ? whole : [there]).flatMap((part) => (isGroup(part) ? [part] : []));
  });
}

const isGroup = (list: readonly Sent[]): list is Group => list.length > 0;
const isSure = ({ link }: Sent): boolean => link.level === 'C4' || link.level === 'C5';

function people(timeline: Timeline, list: readonly Sent[]): number {
  return new Set(list.map(({ link }) => timeline.values.get(link.value)?.group ?? link.value)).size;
}

function claimOf(timeline: Timeline, group: Group): readonly Claim[] {
  const [first] = group;
  const contacts = people(timeline, group);
  if (contacts < A_LIST) return [];
  const sure = group.filter(isSure);
  const level = people(timeline, sure) < A_LIST ? 'level' : null;
  const flows = [...new Set(group.map(({ flow }) => flow.id))];
  const readIds = [...new Set(group.flatMap(({ link }) => link.observation ?? []))];
  const facts = { contacts, receiver: first.receiver.host, ...sdkFact(first), form: first.form };
  const doubt = group.find((one) => one.doubt !== null)?.doubt ?? null;
  const about = aboutSent(first, phaseOf(timeline, first.flow));
  return [
    {
      ...verdictOf(level, doubt),
      events: [first.flow.id, ...flows.slice(1), ...readIds],
      links: group.map(({ link }) => link.id),
      facts,
      about,
    },
  ];
}
