import { median, run } from './processes.mjs';

export async function measure() {
  const seconds = [];
  for (let i = 0; i < 15; i++) seconds.push((await run(process.execPath, ['dist/harness/cli/main.js', '--help'])).seconds);
  return [{ what: 'jiejing --help, median of 15', goal: 0.15, reached: median(seconds.slice(1)), unit: 's', note: '' }];
}
