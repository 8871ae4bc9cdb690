#!/usr/bin/env node
import { catchEarlyStop } from './early-stop.js';

catchEarlyStop();
// All else is loaded when a stop is already caught.
await import('./start.js');
