import { LabError } from '../model/errors.js';
import type { Picture } from '../model/event.js';
import type { ScenarioStep } from '../model/scenario.js';
import { ACTS, asTrouble } from './acts.js';
import type { ActName, Place } from './acts.js';
import { mask, substitute } from './scenario-faults.js';
import { PATIENCE_SECONDS, Stage } from './stage.js';
import type { Performance, Trouble } from './stage.js';
import { visibleLabels } from './touch.js';
import { readTree } from './tree.js';

export type { Performance, StepNews } from './stage.js';

/**
 * Performs a scenario step by step; every step leaves its marks in the record.
 * @throws LabError STEP_FAILED with file, line and what was on the screen; DRIVER_LOST; the signal's reason when aborted
 */
export async function performScenario(play: Performance): Promise<void> {
  const stage = new Stage(play);
  try {
    await performSteps(stage, play.scenario.steps, { path: '', seconds: PATIENCE_SECONDS, optional: false });
  } finally {
    stage.settle();
  }
}

/** The block that steps stand in: its path, how long an act may wait, and whether it may find nothing to do. */
interface Block {
  readonly path: string;
  readonly seconds: number;
  readonly optional: boolean;
}

async function performSteps(stage: Stage, steps: readonly ScenarioStep[], block: Block): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const above = block.path === '' || block.path.endsWith('.e') ? block.path : `${block.path}.`;
    await performStep(stage, step, { ...block, path: `${above}${index + 1}` });
  }
}

async function performStep(stage: Stage, step: ScenarioStep, { path, seconds, optional }: Block): Promise<void> {
  const [act] = Object.keys(step) as [ActName];
  const place: Place = {
    path,
    seconds,
    perform: (steps, above, brief) => performSteps(stage, steps, { path: above, seconds: brief, optional: optional || act === 'optional' }),
  };
  stage.play.signal.throwIfAborted();
  stage.at(path, act);
  stage.note(act, '', 'begun');
  try {
    const detail = await run(stage, step, act, place);
    stage.at(path, act);
    stage.note(act, detail, 'done', act === 'screenshot' ? await stage.picture() : null);
  } catch (error) {
    stage.at(path, act);
    const trouble = asTrouble(error);
    if (trouble === null) {
      stage.note(act, bothWords(error), 'failed');
      throw error;
    }
    // What is optional found nothing to do; its block ends and the run goes on.
    if (optional) {
      stage.note(act, trouble.both, 'done');
      throw trouble;
    }
    throw await failed(stage, path, act, trouble);
  }
}

/** Each act takes its own argument: the one key of the step names both. */
function run<K extends ActName>(stage: Stage, step: ScenarioStep, act: K, place: Place): Promise<string> {
  type Argument = Parameters<(typeof ACTS)[K]>[1];
  const given = (step as unknown as Readonly<Record<K, Argument>>)[act];
  // Steps inside a block are filled in when their turn comes.
  const argument = act === 'optional' || act === 'repeat' ? given : substitute(given, stage.play.persona);
  return (ACTS[act] as (stage: Stage, argument: Argument, place: Place) => Promise<string>)(stage, argument, place);
}

function bothWords(error: unknown): string {
  if (error instanceof LabError) return `${error.words('zh').what} / ${error.words('en').what}`;
  return error instanceof Error ? error.message : String(error);
}

async function failed(stage: Stage, path: string, act: string, trouble: Trouble): Promise<LabError> {
  const { lines, persona } = stage.play;
  const xml = await stage.play.screen.source();
  const picture: Picture = await stage.picture(xml);
  stage.note(act, trouble.both, 'failed', picture);
  return new LabError(
    'STEP_FAILED',
    {
      file: lines.file,
      line: lines.lineOf(path),
      step: path,
      act,
      what: mask(trouble.zh, persona),
      whatEn: mask(trouble.en, persona),
      visible: visibleLabels(readTree(xml)),
    },
    { cause: trouble },
  );
}
