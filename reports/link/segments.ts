/** Whether the same bytes were given before with this set, which then holds them. `bytes` lie on a 4-byte boundary. */
export function repeated(seen: Set<string>, bytes: Uint8Array): boolean {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let a = bytes.length;
  let b = 0x9e3779b9;
  for (let i = 0; i < words.length; i += 1) {
    a = Math.imul(a ^ (words[i] as number), 0x85ebca6b);
    b = (Math.imul(b, 31) + (a ^ (a >>> 15))) | 0;
  }
  for (let i = words.length * 4; i < bytes.length; i += 1) a = Math.imul(a ^ (bytes[i] as number), 0xc2b2ae35);
  const key = `${bytes.length}:${a >>> 0}:${b >>> 0}`;
  if (seen.has(key)) return true;
  seen.add(key);
  return false;
}
