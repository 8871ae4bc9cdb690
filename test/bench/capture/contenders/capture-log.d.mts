export const REQUEST: number;
export const UP: number;
export const RESPONSE: number;
export const DOWN: number;
export const END: number;
export function openLog(file: string): { put(id: number, kind: number, bytes: Uint8Array): void; end(): Promise<void> };
export function readLog(file: string): AsyncGenerator<{ readonly id: number; readonly kind: number; readonly bytes: Buffer }>;
