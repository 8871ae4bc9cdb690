import type { Fields } from '../model/flow-parts.js';
import { fault } from './fault.js';
import { queryText } from './har-url.js';
import { base64Bytes, isObject, textOr, type Row } from './members.js';

/** Half a surrogate pair that stands for a byte that was no text (PEP 383), as mitmproxy writes it. */
const ESCAPED_BYTE = /(?<![\ud800-\udbff])[\udc80-\udcff]/g;

/** UTF-8 bytes of a text; bytes that a tool wrote as half surrogates are those bytes again. */
export function textBytes(text: string): Buffer {
  if (!/[\udc80-\udcff]/.test(text)) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  let from = 0;
  for (const { index, 0: char } of text.matchAll(ESCAPED_BYTE)) {
    parts.push(Buffer.from(text.slice(from, index), 'utf8'), Buffer.from([char.charCodeAt(0) & 0xff]));
    from = index + 1;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(from), 'utf8')]);
}

/** Text of a header or target as events keep it: characters for bytes where it holds bytes that are no text. */
export function wireText(text: string): string {
  return text.search(ESCAPED_BYTE) < 0 ? text : textBytes(text).toString('latin1');
}

/** Bytes of the request's body; empty: none was told. `binary`: base64 of it that our own export keeps beside the entry. @throws LabError IMPORT_SYNTAX */
export function requestBytes(request: Row, binary: string | null): Buffer {
  const data = request.json['postData'] ?? null;
  if (data === null) return binary === null ? Buffer.alloc(0) : decoded(binary, request, 'requestBodyBase64');
  if (!isObject(data)) throw fault(request.place, { zh: 'postData 应为 JSON 对象', en: 'postData must be a JSON object' });
  const row: Row = { json: data, place: request.place };
  const text = textOr(row, 'text') ?? '';
  if (text === '' && binary !== null) return decoded(binary, request, 'requestBodyBase64');
  if (text !== '') return coded(row, text, 'postData.text');
  return formBytes(pairsOf(data['params']), textOr(row, 'mimeType') ?? '', data['params']);
}

/** Bytes of the response's body; empty: none was told. @throws LabError IMPORT_SYNTAX */
export function responseBytes(response: Row): Buffer {
  const content = response.json['content'] ?? null;
  if (!isObject(content)) return Buffer.alloc(0);
  const row: Row = { json: content, place: response.place };
  const text = textOr(row, 'text') ?? '';
  return text === '' ? Buffer.alloc(0) : coded(row, text, 'content.text');
}

function coded(row: Row, text: string, name: string): Buffer {
  return textOr(row, 'encoding')?.toLowerCase() === 'base64' ? decoded(text, row, name) : textBytes(text);
}

function decoded(text: string, row: Row, name: string): Buffer {
  const bytes = base64Bytes(text);
  if (bytes === null) throw fault(row.place, { zh: `${name} 不是 base64`, en: `${name} is not base64` });
  return bytes;
}

/** Names and values of a list as HAR has headers, parameters and cookies; what has no name is passed over. */
export function pairsOf(list: unknown): Fields {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item): [string, string][] => {
    if (!isObject(item) || typeof item['name'] !== 'string') return [];
    const value = item['value'] ?? '';
    return [[item['name'], typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}

/** A form of which only the fields were kept: its boundary and the order of what stands beside a name were not. */
function formBytes(pairs: Fields, mimeType: string, params: unknown): Buffer {
  if (pairs.length === 0) return Buffer.alloc(0);
  if (!/^multipart\//i.test(mimeType.trim())) return textBytes(queryText(pairs));
  const boundary = /boundary="?([^";]+)/i.exec(mimeType)?.[1] ?? 'imported-form';
  const fileNames = Array.isArray(params)
    ? params.filter((item) => isObject(item) && typeof item['name'] === 'string').map(fileNameOf)
    : [];
  const parts = pairs.map(([name, value], i) => {
    const file = fileNames[i] ?? '';
    return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${value}\r\n`;
  });
  return textBytes(`${parts.join('')}--${boundary}--\r\n`);
}

function fileNameOf(item: unknown): string {
  return isObject(item) && typeof item['fileName'] === 'string' ? `; filename="${item['fileName']}"` : '';
}
