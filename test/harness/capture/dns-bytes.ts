/** Builds DNS messages byte by byte, so that they need not be right. */
export const name = (text: string): Buffer =>
  Buffer.concat([
    ...text
      .split('.')
      .filter((label) => label !== '')
      .map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')])),
    Buffer.of(0),
  ]);

export const u16 = (...numbers: readonly number[]): Buffer => Buffer.from(numbers.flatMap((n) => [(n >> 8) & 0xff, n & 0xff]));

/** Flags, then how many questions, answers, authorities and additionals are said to come. */
export const header = (id: number, flags: number, counts: readonly [number, number, number, number]): Buffer => u16(id, flags, ...counts);

export const question = (of: string, type: number, cls = 1): Buffer => Buffer.concat([name(of), u16(type, cls)]);

/** A query of one question with recursion desired. */
export const query = (of: string, type: number, id = 7): Buffer => Buffer.concat([header(id, 0x0100, [1, 0, 0, 0]), question(of, type)]);

/** The OPT record of a client that takes 4096 bytes. */
export const opt = (version = 0, flags = 0): Buffer => Buffer.concat([Buffer.of(0), u16(41, 4096), Buffer.of(0, version), u16(flags, 0)]);

/** A query with EDNS. */
export const ednsQuery = (of: string, type: number, option = opt()): Buffer =>
  Buffer.concat([header(7, 0x0100, [1, 0, 0, 1]), question(of, type), option]);
