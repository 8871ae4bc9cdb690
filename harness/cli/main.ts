#!/usr/bin/env node
import { LabError } from '../model/errors.js';
import { languageOf } from './language.js';
import { buildProgram, usageError } from './program.js';

const language = languageOf(process.argv, process.env);

// A pipe closed by its reader (`jiejing runs | head`) is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3));

try {
  process.exitCode = await run();
} catch (error) {
  process.exitCode = told(error);
}

async function run(): Promise<number> {
  let code = 0;
  const program = buildProgram(language, (exit) => {
    code = exit;
  });
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    const usage = usageError(error, process.argv);
    if (usage === 'shown') return 0;
    throw usage ?? error;
  }
  return code;
}

function told(error: unknown): number {
  if (!(error instanceof LabError)) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 70;
  }
  const { what, remedy } = error.words(language);
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: { code: error.code, exit: error.exit, what, remedy } })}\n`);
  process.stderr.write(language === 'zh' ? `错误：${what}。\n办法：${remedy}\n` : `error: ${what}\nway out: ${remedy}\n`);
  return error.exit;
}
