import { packOf, type PackOp } from './inflate.js';

/** What the head of a part of a multipart body says of the bytes below it. */
interface DeclaredPart {
  readonly op: PackOp;
  readonly start: number;
  readonly end: number;
}

const MAX_BOUNDARY = 202;
const MAX_HEAD = 8192;
const MAX_PARTS = 256;
const HEAD_END = Buffer.from('\r\n\r\n');

/** Parts of a multipart body that are packed by themselves; base64 and quoted-printable show by themselves. `more`: not all parts were looked at. */
export function declaredParts(bytes: Uint8Array): { readonly parts: readonly DeclaredPart[]; readonly more: boolean } {
  const parts: DeclaredPart[] = [];
  if (bytes[0] !== 0x2d || bytes[1] !== 0x2d) return { parts, more: false };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const boundary = /^--[^\r\n]{1,200}(?=\r\n)/.exec(buffer.toString('latin1', 0, MAX_BOUNDARY))?.[0];
  if (boundary === undefined) return { parts, more: false };
  let at = 0;
  for (let n = 0; n < MAX_PARTS; n += 1) {
    const headEnd = buffer.indexOf(HEAD_END, at);
    if (headEnd < 0) return { parts, more: false };
    const start = headEnd + HEAD_END.length;
    const next = buffer.indexOf(`\r\n${boundary}`, headEnd + 2, 'latin1');
    const end = next < 0 ? buffer.length : Math.max(start, next);
    const op = codingOf(buffer.toString('latin1', at, Math.min(headEnd, at + MAX_HEAD)));
    if (op !== null && end > start) parts.push({ op, start, end });
    if (next < 0) return { parts, more: false };
    at = next + 2;
  }
  return { parts, more: true };
}

function codingOf(head: string): PackOp | null {
  const word = /^content-encoding:[ \t]*([\w-]+)[ \t]*$/im.exec(head)?.[1];
  return word === undefined ? null : packOf(word);
}
