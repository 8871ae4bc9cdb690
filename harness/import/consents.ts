import type { Consent } from '../model/event.js';
import type { Line } from './lines.js';
import { choiceOf } from './members.js';
import { datedOf, type Dated } from './observations.js';

/** A line of consent.jsonl. */
export interface ConsentAct extends Dated {
  readonly act: Consent['act'];
}

/** Reads a line of consent.jsonl. @throws LabError IMPORT_SYNTAX */
export function consentOf(line: Line): ConsentAct {
  return { ...datedOf(line, 'c'), act: choiceOf(line.row, 'act', ['shown', 'agreed', 'declined', 'withdrawn']) };
}
