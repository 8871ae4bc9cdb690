import { aboutRead, phaseOf, verdictOf } from '../../harness/model/claims.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Claim, Rule, Timeline } from '../../harness/model/finding.js';
import { pickedGroups, reads, type Read } from '../../harness/model/timeline.js';
import { launched, picks, reached, reads as readsOf, story } from '../examples.js';

const DATA = ['contacts'];
const AN_EMERGENCY_CONTACT_OR_TWO = 2;

// Two contacts at most can be what an emergency-contact field needs, or as many as the user picked. Planted contacts are counted
// where they are seen. Rows are no contacts (one may have many): more rows than contacts seen only leave it open.
export default {
  id: 'LA-E01',
  title: { zh: '批量读取通讯录', en: 'Bulk contact enumeration' },
  severity: 'critical',
  mode: 'A',
  miitIssue: '超范围收集个人信息',
  provisions: {
    primary: 'cac-191-4-1',
    printable: ['cac-191-4-1', 'necessity-5-12', 'pipl-6'],
    supporting: ['gbt35273-5.2a', 'tc260-2019-loan'],
    defence: [],
  },
  needs: ['form-reached'],
  toAccuse: [],
  toClear: ['hooks', 'driver', 'handset', 'store', 'run'],
  data: DATA,
  phases: [],
  text: {
    zh: '{caller} 通过 {api} 读取了通讯录中的 {rows} 条（用户选取 {picked} 条）',
    en: '{caller} read {rows} entries of the contact list through {api} (the user picked {picked})',
  },
  defences: [DEFENCES.picked, DEFENCES.inUse, DEFENCES.fraud, DEFENCES.version],

  judge(timeline) {
    const picked = pickedGroups(timeline).size;
    const limit = Math.max(AN_EMERGENCY_CONTACT_OR_TWO, picked);
    return alike(
      timeline,
      reads(timeline, DATA).filter((read) => read.doubt === null || read.doubt === 'caller-unknown'),
    ).flatMap((group): readonly Claim[] => {
      const [first, ...rest] = group;
      const counted = contactsIn(timeline, group);
      const rows = Math.max(...group.map(({ observation }) => observation.rows ?? 0));
      if (counted <= limit && rows <= limit) return [];
      const unclear = counted <= limit ? 'rows-unclear' : null;
      const { caller, api } = first.observation;
      const facts = { caller, api, rows: Math.max(counted, rows), picked };
      const events = [first.observation.id, ...rest.map((read) => read.observation.id)] as const;
      return [
        {
          ...verdictOf(unclear, first.doubt),
          events,
          links: [],
          facts,
          about: aboutRead(timeline, first, phaseOf(timeline, first.observation)),
        },
      ];
    });
  },

  examples: {
    violation: story(launched(0), reached('form-reached'), readsOf(5000, 'contacts', { rows: 90, groups: 30 })),
    violationOneByOne: story(
      launched(0),
      reached('form-reached'),
      readsOf(5000, 'contacts', { rows: 1, groups: 2 }),
      readsOf(5100, 'contacts', { rows: 1, groups: 3 }),
    ),
    undecided: story(launched(0), reached('form-reached'), readsOf(5000, 'contacts', { rows: 7, groups: 1 })),
    undecidedWhereNoContactIsSeen: story(launched(0), reached('form-reached'), readsOf(5000, 'contacts', { rows: 7, groups: 0 })),
    clear: story(launched(0), reached('form-reached'), readsOf(5000, 'contacts', { rows: 1 })),
    clearWhenPicked: story(launched(0), reached('form-reached'), picks(4000, 3), readsOf(5000, 'contacts', { rows: 3, groups: 3 })),
  },
} satisfies Rule;

type Alike = readonly [Read, ...Read[]];

// Reading a list entry by entry is reading the list.
function alike(timeline: Timeline, all: readonly Read[]): readonly Alike[] {
  const groups = new Map<string, [Read, ...Read[]]>();
  for (const read of all) {
    const key = JSON.stringify(aboutRead(timeline, read, phaseOf(timeline, read.observation)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [read]);
    else group.push(read);
  }
  return [...groups.values()];
}

function contactsIn(timeline: Timeline, group: Alike): number {
  const values = group.flatMap(({ observation }) => observation.values);
  const contacts = values.flatMap((ref) => ('value' in ref ? (timeline.values.get(ref.value)?.group ?? []) : []));
  return new Set(contacts).size;
}
