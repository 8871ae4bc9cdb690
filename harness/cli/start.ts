import { LabError } from '../model/errors.js';
import { diskError } from '../store/disk.js';
import { letGo } from './early-stop.js';
import { languageOf } from './language.js';
import { buildProgram, usageError } from './program.js';
import { complaint, complaintDocument, json, leave, remark } from './say.js';

/** EX_SOFTWARE of sysexits.h: a fault of this program, which must not look like any verdict. */
const FAULT = 70;
const language = languageOf(process.argv, process.env);

// A pipe closed by its reader (`jiejing runs | head`) is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3));
// Node would end with 1, which here means that violations were found.
process.on('uncaughtException', (error) => leave(told(error)));

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
  // These record, and close what they recorded when they are stopped.
  const recording = new Set(['audit', 'record', 'nightly', 'capture']);
  program.hook('preAction', (_, command) => void (recording.has(command.name()) || letGo()));
  try {
    hereIsHere();
    await program.parseAsync(process.argv);
  } catch (error) {
    const usage = usageError(error, process.argv);
    if (usage === 'shown') return 0;
    throw usage ?? error;
  }
  return code;
}

/** A folder may be removed under the feet of whoever stands in it. @throws LabError BAD_PATH */
function hereIsHere(): void {
  try {
    process.cwd();
  } catch (error) {
    throw diskError(error, '.');
  }
}

function told(error: unknown): number {
  const known = error instanceof LabError;
  const what = error instanceof Error ? error.message : String(error);
  if (process.argv.includes('--json'))
    json({ error: known ? complaintDocument(error, language) : { code: 'FAULT', exit: FAULT, what, remedy: '' } });
  if (known) remark(complaint(error, language));
  else remark(error instanceof Error ? (error.stack ?? what) : what);
  return known ? error.exit : FAULT;
}
