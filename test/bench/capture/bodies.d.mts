export const SMALL: number;
export function number(id: number): string;
export function putUp(target: Buffer, at: number, id: number): void;
export function putDown(target: Buffer, at: number, digits: string): void;
export function bigBlocks(bytes: number): Generator<Buffer>;
