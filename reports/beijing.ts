import type { Words } from '../harness/model/finding.js';

const EIGHT_HOURS_MS = 8 * 3_600_000;

/** A moment of ISO 8601 as the clocks of China show it, which know no summer time; as it stands when it is no moment. */
export function beijingTime(iso: string): Words {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return { zh: iso, en: iso };
  const shown = new Date(ms + EIGHT_HOURS_MS).toISOString().slice(0, 19).replace('T', ' ');
  return { zh: `${shown}（北京时间）`, en: `${shown} Beijing time` };
}
