/** A time with or without a zone; seconds may have any number of decimals. */
const TIME = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i;

/** What a time text comes to. */
type TimeRead =
  | { readonly kind: 'moment'; /** ms since 1970, with its decimals. */ readonly ms: number }
  /** It has no zone, and none was given. */
  | { readonly kind: 'no-zone' }
  | { readonly kind: 'none' };

/** Reads an ISO 8601 time. `zoneMinutes`: east of Greenwich, for a text that does not tell; null: not known. */
export function timeOf(text: string, zoneMinutes: number | null): TimeRead {
  const [, year, month, day, hour, minute, second = '0', decimals = '0', zone] = TIME.exec(text.trim()) ?? [];
  if (year === undefined) return { kind: 'none' };
  const east = zone === undefined ? zoneMinutes : zoneMinutesOf(zone);
  if (east === null) return { kind: zone === undefined ? 'no-zone' : 'none' };
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const isDay = new Date(midnight).toISOString().startsWith(`${year}-${month}-${day}`);
  if (!isDay || h > 24 || m > 59 || s > 60) return { kind: 'none' };
  return { kind: 'moment', ms: midnight + ((h * 60 + m - east) * 60 + s) * 1000 + Number(`0.${decimals}`) * 1000 };
}

/** Minutes east of Greenwich of `Z`, `+08:00`, `+0800` or `+08`; null: it is none. */
export function zoneMinutesOf(text: string): number | null {
  if (/^z$/i.test(text)) return 0;
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d)(?::?(\d\d))?$/.exec(text) ?? [];
  if (sign === undefined || Number(hours) > 14 || Number(minutes) > 59) return null;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
