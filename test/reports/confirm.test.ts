import { expect, test } from 'vitest';
import { confirm, type Side } from '../../reports/confirm.js';
import { judge } from '../../reports/judge.js';
import { LAW } from '../../reports/law/law.js';
import contactsUpload from '../../reports/rules/la-e02-contacts-upload.js';
import type { Link } from '../../harness/model/finding.js';

const line = contactsUpload.examples.violation;
const findings = judge(line, [contactsUpload], LAW);
const side = (more: Partial<Side>): Side => ({ timeline: line, findings, ...more });
const without = (id: Link['id']): Side => side({ timeline: { ...line, links: line.links.filter((link) => link.id !== id) } });

test('the same links again with other values confirm every violation', () => {
  const found = confirm(side({}), side({}), []);
  expect(found.links).toBeGreaterThan(1);
  expect(found).toMatchObject({ moved: found.links, unmoved: [] });
  expect(found.violations.length).toBeGreaterThan(0);
  expect(found.violations.every(({ confirmed }) => confirmed)).toBe(true);
});

test('a link that the second run does not have is named, and its violation is not confirmed', () => {
  const gone = line.links.find(({ id }) => findings.some((f) => f.verdict === 'violation' && f.links.includes(id)));
  if (gone === undefined) throw new Error('the example has a link behind its violation');
  const found = confirm(side({}), without(gone.id), []);
  expect(found.unmoved).toEqual([{ link: gone.id, why: 'absent' }]);
  expect(found.violations.some(({ confirmed }) => !confirmed)).toBe(true);
});

test('a value of the first run that the second sends again did not come from the handset', () => {
  const [first] = line.links;
  if (first === undefined) throw new Error('the example has links');
  const found = confirm(side({}), side({}), [first]);
  expect(found.unmoved).toContainEqual({ link: first.id, why: 'stays' });
});

test('a violation that the second run lacks is not confirmed', () => {
  const found = confirm(side({}), side({ findings: [] }), []);
  expect(found.violations.some(({ confirmed }) => confirmed)).toBe(false);
});
