import type { ClassDefinition } from '../classes.js';
import { clipboard } from './clipboard.js';
import { coding } from './coding.js';
import { content } from './content.js';
import { language } from './language.js';
import { location } from './location.js';
import { net } from './net.js';
import { packages } from './packages.js';
import { security } from './security.js';
import { settings } from './settings.js';
import { sms } from './sms.js';
import { telephony } from './telephony.js';
import { ui } from './ui.js';

/** All classes of the virtual Java world. */
export const allClasses: readonly ClassDefinition[] = [
  ...language,
  ...telephony,
  ...settings,
  ...content,
  ...sms,
  ...location,
  ...packages,
  ...clipboard,
  ...net,
  ...ui,
  ...security,
  ...coding,
];
