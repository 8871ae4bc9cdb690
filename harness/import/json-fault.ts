const SPACE = /[ \t\n\r]*/y;
const WORD = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /["\\/bfnrt]|u[\da-fA-F]{4}/y;

/** Where a text that is no JSON stops being the beginning of one, in UTF-16 units; its length: it ends in its midst. */
export function brokenAt(text: string): number {
  const open: ('{' | '[')[] = [];
  let at = 0;
  let wanted: 'value' | 'key' | 'more' = 'value';
  /** An empty list or object may end at once. */
  let mayEnd = false;
  const isNext = (char: string): boolean => text[at] === char && (at += 1) > 0;
  for (;;) {
    at = endOf(SPACE, text, at) ?? at;
    const inside = open.at(-1);
    if (wanted !== 'value' || mayEnd) {
      if (inside !== undefined && (mayEnd || wanted === 'more') && isNext(inside === '{' ? '}' : ']')) {
        open.pop();
        [wanted, mayEnd] = ['more', false];
        continue;
      }
      if (wanted === 'more') {
        if (inside === undefined || !isNext(',')) return at;
        wanted = inside === '{' ? 'key' : 'value';
        continue;
      }
    }
    mayEnd = false;
    if (wanted === 'key') {
      const key = stringEnd(text, at);
      if (key.broken) return key.at;
      at = endOf(SPACE, text, key.at) ?? key.at;
      if (!isNext(':')) return at;
      wanted = 'value';
    } else if (text[at] === '{' || text[at] === '[') {
      open.push(text[at] as '{' | '[');
      [wanted, mayEnd] = [text[at] === '{' ? 'key' : 'value', true];
      at += 1;
    } else {
      const end = text[at] === '"' ? stringEnd(text, at) : { at: endOf(WORD, text, at) ?? at, broken: endOf(WORD, text, at) === null };
      if (end.broken) return end.at;
      [at, wanted] = [end.at, 'more'];
    }
  }
}

function endOf(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}

/** Behind a string that begins here, or where it is broken. */
function stringEnd(text: string, from: number): { readonly at: number; readonly broken: boolean } {
  if (text[from] !== '"') return { at: from, broken: true };
  for (let at = from + 1; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x22) return { at: at + 1, broken: false };
    if (char < 0x20) return { at, broken: true };
    if (char !== 0x5c) continue;
    const end = endOf(ESCAPE, text, at + 1);
    if (end === null) return { at, broken: true };
    at = end - 1;
  }
  return { at: text.length, broken: true };
}
