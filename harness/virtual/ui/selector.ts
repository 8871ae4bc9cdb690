import { DriverError } from './driver-error.js';

/** What may stand between the parentheses of a call. */
export type Argument = string | number | boolean | Chain;

/** `new UiSelector().text("x").instance(1)`: a constructor or nothing, and calls in order. */
export interface Chain {
  /** `UiSelector`, `UiScrollable`, or null when the chain begins with a call. */
  readonly make: string | null;
  readonly makeArguments: readonly Argument[];
  readonly calls: readonly { readonly name: string; readonly args: readonly Argument[] }[];
}

/** Parses the Java expression of `-android uiautomator`. @throws DriverError invalid selector */
export function parseSelector(source: string): Chain {
  const reader = new Reader(source);
  const chain = reader.chain();
  reader.end();
  return chain;
}

class Reader {
  private at = 0;
  constructor(private readonly source: string) {}

  chain(): Chain {
    let make: string | null = null;
    let makeArguments: readonly Argument[] = [];
    if (this.take(/new\s+/y) !== null) {
      make = this.need(/(?:[\w.]*\.)?(\w+)/y, 'a class name');
      makeArguments = this.args();
    } else if (/^\s*Ui(Selector|Scrollable)\b/.test(this.source.slice(this.at))) {
      make = this.need(/(\w+)/y, 'a class name');
      if (this.peek('(')) makeArguments = this.args();
    }
    const calls: { name: string; args: readonly Argument[] }[] = [];
    if (make === null) calls.push({ name: this.need(/(\w+)/y, 'a method'), args: this.args() });
    while (this.take(/\./y) !== null) calls.push({ name: this.need(/(\w+)/y, 'a method'), args: this.args() });
    return { make, makeArguments, calls };
  }

  end(): void {
    this.take(/;/y);
    this.space();
    if (this.at < this.source.length) this.fail('the end');
  }

  private args(): readonly Argument[] {
    this.need(/(\()/y, '(');
    const out: Argument[] = [];
    if (this.take(/\)/y) !== null) return out;
    do out.push(this.argument());
    while (this.take(/,/y) !== null);
    this.need(/(\))/y, ')');
    return out;
  }

  private argument(): Argument {
    const text = this.take(/"((?:[^"\\]|\\.)*)"/y);
    if (text !== null) return unescape(text);
    const number = this.take(/(-?\d+)\b/y);
    if (number !== null) return Number(number);
    const truth = this.take(/(true|false)\b/y);
    if (truth !== null) return truth === 'true';
    const className = this.take(/([\w.]+)\.class\b/y);
    return className === null ? this.chain() : className;
  }

  private take(pattern: RegExp): string | null {
    this.space();
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.source);
    if (match === null) return null;
    this.at = pattern.lastIndex;
    return match[1] ?? match[0];
  }

  private peek(char: string): boolean {
    this.space();
    return this.source[this.at] === char;
  }

  private need(pattern: RegExp, what: string): string {
    return this.take(pattern) ?? this.fail(what);
  }

  private space(): void {
    while (/\s/.test(this.source[this.at] ?? '')) this.at++;
  }

  private fail(what: string): never {
    throw new DriverError(
      'invalid selector',
      `Could not parse expression \`${this.source.slice(0, 300)}\`: expected ${what} at position ${this.at}`,
    );
  }
}

function unescape(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, code: string) => {
    if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return code === 'n' ? '\n' : code === 't' ? '\t' : code === 'r' ? '\r' : code;
  });
}
