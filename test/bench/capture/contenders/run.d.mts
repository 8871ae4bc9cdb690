import type { Told } from '../check.mjs';

export function readRun(dir: string): AsyncGenerator<Told>;
