// Prints every speed and size goal beside what was reached on this machine. `npm run bench -- help audit` runs some of them only.
import { arch, cpus, platform, release } from 'node:os';

const MEASURES = ['help', 'audit', 'synthetic', 'night', 'install', 'fuzz', 'capture', 'link'];
/** They take many minutes: only when asked for by name. */
const LONG = ['fuzz', 'capture', 'link'];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !MEASURES.includes(name));
if (unknown.length > 0) {
  console.error(`no measure ${unknown.join(', ')}; there are ${MEASURES.join(', ')}`);
  process.exit(2);
}

console.log(`Node ${process.versions.node}, ${platform()} ${release()} ${arch()}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}`);
let missed = 0;
for (const name of MEASURES) {
  if (wanted.length > 0 ? !wanted.includes(name) : LONG.includes(name)) continue;
  const { measure } = await import(`./${name}.mjs`);
  for (const { what, goal, reached, unit, note, least = false } of await measure()) {
    const met = least ? reached >= goal : reached <= goal;
    if (!met) missed += 1;
    console.log(
      `${met ? 'met   ' : 'MISSED'}  ${what}: ${shown(reached)} ${unit} (goal ${least ? '≥' : '≤'} ${goal} ${unit})${note ? ` — ${note}` : ''}`,
    );
  }
}
console.log(missed === 0 ? 'all goals met' : `${missed} goals missed`);
process.exitCode = missed === 0 ? 0 : 1;

function shown(number) {
  return Number.isInteger(number) ? String(number) : number.toFixed(number < 10 ? 2 : 1);
}
