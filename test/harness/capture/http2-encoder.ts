import { integer } from './http2-frames.js';

/** How a field is written: for no table, for none ever, or for the table. */
export type Way = 'plain' | 'never' | 'indexed';

/** A field, and whether it is named by its place in a table where it stands in one. */
export interface Written {
  readonly name: string;
  readonly value: string;
  readonly way: Way;
  readonly again: boolean;
}

/** Writes header blocks by RFC 7541 with a table of its own, newest first; strings as they are. */
export class Encoder {
  #table: { readonly name: string; readonly value: string }[] = [];
  #limit = 4096;

  /** `limit`: a new size of the table, before the fields. */
  block(fields: readonly Written[], limit: number | null): Buffer {
    const out: Buffer[] = [];
    if (limit !== null) {
      out.push(Buffer.from(prefixed(limit, 5, 0x20)));
      this.#limit = limit;
      this.#evict();
    }
    for (const field of fields) out.push(this.#field(field));
    return Buffer.concat(out);
  }

  #field({ name, value, way, again }: Written): Buffer {
    const whole = this.#table.findIndex((entry) => entry.name === name && entry.value === value);
    if (again && whole >= 0) return Buffer.from(prefixed(62 + whole, 7, 0x80));
    const named = again ? this.#table.findIndex((entry) => entry.name === name) : -1;
    const index = named < 0 ? 0 : 62 + named;
    const head = way === 'indexed' ? prefixed(index, 6, 0x40) : prefixed(index, 4, way === 'never' ? 0x10 : 0);
    if (way === 'indexed') {
      this.#table.unshift({ name, value });
      this.#evict();
    }
    return Buffer.concat([Buffer.from(head), index === 0 ? text(name) : Buffer.alloc(0), text(value)]);
  }

  #evict(): void {
    const bytes = (): number => this.#table.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0);
    while (bytes() > this.#limit) this.#table.pop();
  }
}

function prefixed(value: number, bits: number, mark: number): number[] {
  const [first = 0, ...rest] = integer(value, bits);
  return [first | mark, ...rest];
}

const text = (value: string): Buffer => Buffer.concat([Buffer.from(integer(value.length, 7)), Buffer.from(value, 'latin1')]);
