/** One element of a DER encoding (ITU-T X.690). */
export interface Element {
  readonly tag: number;
  readonly body: Buffer;
  /** With its tag and length. */
  readonly whole: Buffer;
}

/** The elements that stand one after another in `bytes`; ends before one that would lead out of them or has no length of its own. */
export function elements(bytes: Buffer): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const [tag = 0, short = 0] = bytes.subarray(at, at + 2);
    const more = short < 0x80 ? 0 : short & 0x7f;
    // Indefinite lengths are not DER; nothing here is longer than four bytes can say.
    if (short === 0x80 || more > 4 || at + 2 + more > bytes.length) break;
    const length = more === 0 ? short : bytes.readUIntBE(at + 2, more);
    const from = at + 2 + more;
    if (from + length > bytes.length) break;
    found.push({ tag, body: bytes.subarray(from, from + length), whole: bytes.subarray(at, from + length) });
    at = from + length;
  }
  return found;
}
