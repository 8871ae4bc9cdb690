const FIRST_LEAD = 0x81;
const FIRST_TRAIL = 0x40;
const LAST = 0xfe;
/** What is written where bytes are no character. */
const REPLACEMENT = 0xfffd;

let codes: Uint16Array | null = null;
let table: ReadonlyMap<string, number> | null = null;

/** For each two bytes of GBK, by their number `first * 256 + second`, the character's code; 0: they are none. From the platform's decoder. */
export function gbkCodes(): Uint16Array {
  codes ??= decodePairs();
  return codes;
}

/** GBK bytes of a text by turning the platform's decoder round; null where a character has none. */
export function encodeGbk(text: string): Uint8Array | null {
  table ??= new Map([...gbkCodes()].flatMap((code, pair) => (code === 0 ? [] : [[String.fromCharCode(code), pair] as const])).toReversed());
  const out: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    const pair = code < 0x80 ? code : table.get(char);
    if (pair === undefined) return null;
    if (pair < 0x100) out.push(pair);
    else out.push(pair >> 8, pair & 0xff);
  }
  return Uint8Array.from(out);
}

function decodePairs(): Uint16Array {
  const pairs = new Uint16Array(65_536);
  const decoder = new TextDecoder('gbk');
  for (let lead = FIRST_LEAD; lead <= LAST; lead += 1) {
    for (let trail = FIRST_TRAIL; trail <= LAST; trail += 1) {
      if (trail === 0x7f) continue;
      const char = decoder.decode(Uint8Array.of(lead, trail));
      if (char.length === 1 && char.charCodeAt(0) !== REPLACEMENT) pairs[(lead << 8) | trail] = char.charCodeAt(0);
    }
  }
  return pairs;
}

/** Undoes GBK to UTF-8; a byte that is none becomes U+FFFD. `map`, where given, is filled: for each byte that comes out, where its unit began. */
export function decodeGbk(src: Uint8Array, map: Uint32Array | null): Uint8Array {
  const known = gbkCodes();
  const out = new Uint8Array(src.length * 3);
  let n = 0;
  for (let i = 0; i < src.length;) {
    const began = i;
    const first = src[i] as number;
    const pair = first < 0x80 ? first : (known[(first << 8) | (src[i + 1] ?? 0)] as number);
    i += first >= 0x80 && pair !== 0 ? 2 : 1;
    const code = first >= 0x80 && pair === 0 ? REPLACEMENT : pair;
    const from = n;
    if (code < 0x80) out[n++] = code;
    else {
      if (code < 0x800) out[n++] = 0xc0 | (code >> 6);
      else {
        out[n++] = 0xe0 | (code >> 12);
        out[n++] = 0x80 | ((code >> 6) & 63);
      }
      out[n++] = 0x80 | (code & 63);
    }
    if (map !== null) map.fill(began, from, n);
  }
  if (map !== null) map[n] = src.length;
  return out.subarray(0, n);
}
