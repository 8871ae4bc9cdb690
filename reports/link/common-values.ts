/** Values that thousands of handsets share: those of Android's emulator, of handsets that say nothing, of examples. */
const COMMON: ReadonlySet<string> = new Set([
  'null',
  'none',
  'nil',
  'n/a',
  'nan',
  'true',
  'false',
  'test',
  'admin',
  'android',
  'default',
  'unknown',
  'undefined',
  'anonymous',
  'localhost',
  '<unknown ssid>',
  'unknown ssid',
  'androidwifi',
  '02:00:00:00:00:00',
  '02:15:b2:00:00:00',
  '00:13:10:85:fe:01',
  '9774d56d682e549c',
  '0123456789abcdef',
  '012345678912345',
  '123456789012345',
  '012345678901234',
  '1234567890',
  '12345678901',
  '13800138000',
  '15555215554',
  '310260000000000',
  '89014103211118510720',
  '358240051111110',
  '358673013795895',
]);
const LONGEST = 40;
const LEAST_CHARACTERS = 3;
const PASSED_OVER: ReadonlySet<string> = new Set(['-', ':', '.', ' ']);

/** Whether a value is a default that many handsets share, or has hardly any content. */
export function isCommon(text: string): boolean {
  if (!hasContent(text)) return true;
  if (text.length > LONGEST) return false;
  return COMMON.has(
    text
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .toLowerCase(),
  );
}

/** Whether at least three different characters stand in a text, separators apart. */
function hasContent(text: string): boolean {
  const seen: string[] = [];
  for (const char of text) {
    if (PASSED_OVER.has(char) || seen.includes(char)) continue;
    seen.push(char);
    if (seen.length === LEAST_CHARACTERS) return true;
  }
  return false;
}
