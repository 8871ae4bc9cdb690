import type { Words } from '../model/finding.js';
import type { Evidence } from './evidence.js';
import { quoted } from './fault.js';
import type { Names } from './names.js';

/** Names told one by one; the rest are counted. */
const MOST_TOLD = 5;

/** What the operator should know: each remark is one line. */
export function remarksOn(evidence: Evidence, names: Names): readonly Words[] {
  return [...evidence.remarks, ...leftOutCanaries(evidence), ...leftOutEntries(evidence), ...slacks(evidence), ...renames(names)];
}

function leftOutCanaries({ canaries }: Evidence): readonly Words[] {
  return told(
    canaries.leftOut.map(({ why }) => why),
    (n) => ({ zh: `另有 ${n} 个值未导入`, en: `${n} more values were left out` }),
  );
}

function leftOutEntries({ har }: Evidence): readonly Words[] {
  const leftOut = har?.leftOut ?? [];
  const long = leftOut.filter(({ why }) => why === 'too-long');
  const others = leftOut.filter(({ why }) => why === 'no-network').length;
  const foreign = leftOut.filter(({ why }) => why === 'not-http').length;
  return [
    ...told(
      long.map(({ place }) => ({ zh: `${place.zh}超过 256 MiB，未导入`, en: `${place.en} is longer than 256 MiB: left out` })),
      (n) => ({ zh: `另有 ${n} 条记录过长，未导入`, en: `${n} more entries are too long: left out` }),
    ),
    ...(others === 0
      ? []
      : [
          {
            zh: `${others} 条记录不经网络（data:、blob: 等），未导入`,
            en: `${others} entries did not go over the network (data:, blob: …): left out`,
          },
        ]),
    ...(foreign === 0 ? [] : [{ zh: `${foreign} 条记录不是 HTTP，未导入`, en: `${foreign} entries are not HTTP: left out` }]),
  ];
}

function slacks({ calls, consents, har }: Evidence): readonly Words[] {
  const untold = [...(calls ?? []), ...(consents ?? []), ...(har?.marks ?? [])].filter(({ slackMs }) => slackMs === null).length;
  if (untold === 0) return [];
  return [
    {
      zh: `${untold} 处没有写明时间误差（slackMs）：按同一文件中最大的计，全都没有时按 1000 毫秒`,
      en: `${untold} times do not tell how far off they may be (slackMs): taken as the worst of their file, 1000 ms where none tells`,
    },
  ];
}

function renames({ renamed }: Names): readonly Words[] {
  return told(
    renamed.map(({ from, to, place }) => ({
      zh: `${place.zh}：编号“${quoted(from)}”已被占用，改为“${quoted(to)}”`,
      en: `${place.en}: the id "${quoted(from)}" is taken, so it is called "${quoted(to)}"`,
    })),
    (n) => ({ zh: `另有 ${n} 个编号改名`, en: `${n} more ids were renamed` }),
  );
}

function told(all: readonly Words[], rest: (n: number) => Words): readonly Words[] {
  return all.length <= MOST_TOLD ? all : [...all.slice(0, MOST_TOLD), rest(all.length - MOST_TOLD)];
}
