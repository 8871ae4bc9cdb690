import { describe, expect, test } from 'vitest';
import type { ManifestValue } from '../../../harness/model/values.js';
import { createKernel } from '../../../reports/link/kernel.js';
import type { Layer } from '../../../reports/link/layer.js';
import { splitValues } from '../../../reports/link/split-values.js';
import { CANARIES, ID_CARD, PHONE, PHONE_1, Story, value } from './story.js';

// PHONE is 14082736951.
const CARD = value('bank_card', '7220198364517203', { origin: 'typed' });
const VALUES: readonly ManifestValue[] = [...CANARIES, CARD];

const layerOf = (text: string, part: 'url' | 'body'): Layer => ({
  bytes: Uint8Array.from(Buffer.from(text)),
  above: null,
  step: null,
  depth: 0,
  source: { kind: 'part', flow: 'e1', part },
});

/** Values that the matcher tells of a request, and over which pieces. */
function see(body: string, url = '/x', values: readonly ManifestValue[] = VALUES): string {
  const seen: string[] = [];
  const kernel = createKernel(0);
  const matching = splitValues(values, kernel)?.begin((match, layer) => {
    const pieces = layer.source?.kind === 'joined' ? layer.source.pieces : [];
    const parts = pieces.map((p) => Buffer.from(p.layer.bytes.subarray(p.start, p.end)).toString());
    expect(Buffer.from(layer.bytes).toString()).toBe(parts.join(''));
    expect(match).toMatchObject({ kind: 'matched', form: 'raw', cap: 'C2' });
    seen.push(`${match.value.id === PHONE.id ? 'phone' : match.value.type}: ${parts.join('|')}`);
  });
  for (const layer of [layerOf(url, 'url'), layerOf(body, 'body')])
    matching?.look(layer, kernel.glance(kernel.put(layer.bytes), layer.bytes.length));
  matching?.end();
  return seen.join(', ');
}

describe('a number cut over two fields', () => {
  test.each<readonly [string, string, string]>([
    ['three and eight digits', '{"a":"140","b":"82736951"}', 'phone: 140|82736951'],
    ['as numbers, with spaces', '{ "a" : 140 , "b" : 82736951 }', 'phone: 140|82736951'],
    ['the second half first', '{"b":"82736951","a":"140"}', 'phone: 140|82736951'],
    ['seven and four', '{"x":{"a":"1408273","b":"6951"}}', 'phone: 1408273|6951'],
    ['five and six, side by side', '{"a":"14082","b":"736951"}', 'phone: 14082|736951'],
    ['five and six, one between', '{"a":"14082","x":1,"b":"736951"}', ''],
    ['two fields between', '{"a":"140","x":"y","z":null,"b":"82736951"}', 'phone: 140|82736951'],
    ['three fields between', '{"a":"140","x":"y","z":null,"w":3.5,"b":"82736951"}', ''],
    ['an object between', '{"a":"140","x":{"y":1},"b":"82736951"}', ''],
    ['in two objects', '[{"a":"140"},{"b":"82736951"}]', ''],
    ['a form', 'c=1&p1=140&p2=82736951&d=4', 'phone: 140|82736951'],
    ['a form, the last pair', 'p1=1408&p2=2736951', 'phone: 1408|2736951'],
    ['two digits and nine', '{"a":"14","b":"082736951"}', ''],
    ['the country apart', '{"a":"86","b":"14082736951"}', ''],
    ['a piece that goes on', '{"a":"140","b":"82736951 x"}', ''],
    ['a piece with a digit more', '{"a":"1401","b":"82736951"}', ''],
    ['a lone half', '{"b":"82736951"}', ''],
    ['halves of two phones', `{"a":"${PHONE_1.text.slice(0, 3)}","b":"82736951"}`, ''],
    ['an ID number', '{"a":"990129180002","b":"30123X"}', 'id_card: 990129180002|30123X'],
    ['a bank card', 'a=72201983&b=64517203', 'bank_card: 72201983|64517203'],
    ['a bank card, its last three apart', 'a=7220198364517&b=203', 'bank_card: 7220198364517|203'],
    ['free text', 'call 140 82736951 now', ''],
    ['a list', '["140","82736951"]', ''],
  ])('%s', (_title, body, expected) => expect(see(body)).toBe(expected));

  test('a half that two values share tells neither by itself', () => {
    const twin = value('contact_phone', '14982736951');
    expect(see('{"a":"140","x":1,"b":"82736951"}', '/x', [PHONE, twin])).toBe('');
    expect(see('{"a":"140","b":"82736951"}', '/x', [PHONE, twin])).toBe('');
    expect(see('{"a":"1408","b":"2736951"}', '/x', [PHONE, twin])).toBe('phone: 1408|2736951');
  });

  test('far fields are read up to the edge of the bytes, and no cut field is taken for a whole one', () => {
    const pad = 'y'.repeat(120);
    expect(see(`{"q":"${pad}","a":"140","x":"${pad}","b":"82736951"}`)).toBe('phone: 140|82736951');
    for (let n = 280; n < 340; n += 1) expect(see(`{"a":"999140${' '.repeat(n)}","b":"82736951"}`)).toBe('');
  });
});

describe('a number cut over URL and body', () => {
  test.each<readonly [string, string, string, string]>([
    ['first half in the URL', '/u?p=140&x=2', '{"rest":"82736951"}', 'phone: 140|82736951'],
    ['second half in the URL', '/u?p=82736951', 'x=1&head=140', 'phone: 140|82736951'],
    ['seven in the URL', '/u?p=1408273', '{"t":6951}', 'phone: 1408273|6951'],
    ['short halves', '/u?p=14082', '{"t":"736951"}', ''],
    ['in the path', '/u/140', '{"rest":"82736951"}', ''],
    ['inside a longer number', '/u?p=1400', '{"rest":"82736951"}', ''],
  ])('%s', (_title, url, body, expected) => expect(see(body, url)).toBe(expected));
});

describe('through the linker', () => {
  test.each<readonly [string, { readonly body: string; readonly target?: string }, string]>([
    ['73 two JSON fields', { body: '{"a":"140","b":"82736951"}' }, 'body'],
    [
      'two JSON fields in base64',
      { body: JSON.stringify({ d: Buffer.from('{"k":1,"a":"140","b":"82736951"}').toString('base64') }) },
      'body',
    ],
    ['two fields of a JSON string', { body: JSON.stringify({ d: '{"a":"140","b":"82736951"}' }) }, 'body'],
    ['78 half in the URL', { target: '/u?p=140', body: '{"rest":"82736951"}' }, 'body'],
    ['78 half in the body', { target: '/u?p=82736951', body: 'x=1&head=140' }, 'url'],
  ])('%s', (_title, request, part) => {
    const story = new Story();
    story.flow(request);
    const { links, gaps } = story.link(VALUES);
    expect(gaps).toEqual([]);
    expect(links).toMatchObject([{ value: PHONE.id, span: { part }, chain: [{ op: 'joined' }] }]);
    expect(['C1', 'C2']).toContain(links[0]?.level);
  });

  test('a whole number beside its halves stays what it is', () => {
    const story = new Story();
    story.flow({ body: JSON.stringify({ a: '140', b: '82736951', p: PHONE.text, id: ID_CARD.text }) });
    expect(story.link(VALUES).links).toMatchObject([
      { value: PHONE.id, level: 'C4' },
      { value: ID_CARD.id, level: 'C4' },
    ]);
  });

  test('an input of a hooked call is not searched for halves', () => {
    const story = new Story();
    story.derive(['digest', 'MD5'], Buffer.from('{"a":"140","b":"82736951"}'), Buffer.alloc(16, 7));
    story.flow({ body: Buffer.alloc(16, 7) });
    expect(story.link(VALUES).links).toEqual([]);
  });
});

test('short numbers side by side, in a thousand objects, are no halves', () => {
  let state = 7;
  const next = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.floor(((state >>> 0) / 2 ** 32) * n);
  };
  const rows = Array.from({ length: 20_000 }, () => ({ code: 140 + next(60), id: 10_000_000 + next(9e7), n: next(1e4), ref: next(1e7) }));
  const contacts = Array.from({ length: 500 }, () => value('contact_phone', `140${String(next(1e8)).padStart(8, '0')}`));
  expect(see(JSON.stringify(rows), '/x?page=2&n=3', contacts)).toBe('');
});
