let table: ReadonlyMap<string, number> | null = null;

/** GBK bytes of a text by turning the platform's decoder round; null where a character has none. */
export function encodeGbk(text: string): Uint8Array | null {
  table ??= invert();
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

function invert(): ReadonlyMap<string, number> {
  const pairs = new Map<string, number>();
  const decoder = new TextDecoder('gbk');
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail === 0x7f) continue;
      const char = decoder.decode(Uint8Array.of(lead, trail));
      if ([...char].length === 1 && char !== '\ufffd' && !pairs.has(char)) pairs.set(char, (lead << 8) | trail);
    }
  }
  return pairs;
}
