/** A page for whoever mends the linker: each family that misses, each false link and each wrong level, with the smallest example of it. */
export function missesPage({ misses, surplus, recall, precision, levels, families, features, agreement }) {
  const lines = ['# What the benchmark says of the linker', ''];
  lines.push(
    `recall ${recall.hits} of ${recall.all}; precision at C4 and above ${precision.get('C4').hits} of ${precision.get('C4').all}`,
    '',
  );
  lines.push(`levels: ${[...levels].map(([key, count]) => `${key}: ${count}`).join('; ')}`);
  lines.push(`agreement: ${[...agreement].map(([fact, [yes, of]]) => `${fact} ${yes}/${of}`).join(', ')}`, '');
  const example = ({ capture, flow, type, value, why, features: row, got }) =>
    `- ${capture} ${flow} ${type} \`${value}\`${row ? ` ${dressed(row)}` : ''}${got ? `, got ${got}` : ''}${why ? ` (${why})` : ''}`;
  lines.push('## Families that miss', '');
  for (const [family, found] of families) {
    if (found.value === 1) continue;
    const mine = misses.filter((row) => family === row.family || (row.features && family.startsWith('pairs')));
    lines.push(`### ${family}: ${found.hits} of ${found.all}`, '');
    if (!family.startsWith('pairs')) lines.push(...mine.slice(0, 3).map(example), '');
  }
  lines.push('## Factors of the grammar that miss', '');
  const factors = [...features].filter(([, found]) => found.value < 1).toSorted(([, a], [, b]) => a.value - b.value);
  for (const [factor, found] of factors) lines.push(`- ${factor}: ${found.hits} of ${found.all}`);
  lines.push('', '## Missed rows of the grammar, the plainest first', '');
  const flows = new Map(misses.filter((row) => row.features).map((row) => [`${row.capture} ${row.flow}`, row]));
  const rows = [...flows.values()].toSorted((a, b) => worn(a) - worn(b));
  lines.push(...rows.slice(0, 60).map(example), '', '## False links', '');
  for (const row of surplus)
    lines.push(`${example(row)} **${row.level}** by ${row.link.chain.map(({ op }) => op).join('>')}, ${row.family}`);
  return `${lines.join('\n')}\n`;
}

const PLAIN = ['none', 'bare', 'body', 'utf-8', 'before', 0];

/** What of a row is not the plainest. */
function dressed(features) {
  const facts = Object.entries(features).filter(([, level]) => !PLAIN.includes(level));
  return facts
    .map(([factor, level]) => `${factor}=${level}`)
    .toSorted()
    .join(' | ');
}

function worn({ features }) {
  return Object.values(features).filter((level) => !PLAIN.includes(level)).length;
}
