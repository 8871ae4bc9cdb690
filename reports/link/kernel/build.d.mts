/** The text of `kernel.generated.ts`, from the sources beside this file. */
export function generated(): Promise<string>;
