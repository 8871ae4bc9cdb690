import { DriverError } from './driver-error.js';
import type { Argument, Chain } from './selector.js';
import type { SourceNode } from './source.js';

type Test = (node: SourceNode) => boolean;

const attribute = (node: SourceNode, name: string): string => node.attributes.get(name) ?? '';

const EQUALS: Readonly<Record<string, string>> = {
  text: 'text',
  resourceId: 'resource-id',
  className: 'class',
  description: 'content-desc',
  packageName: 'package',
};
const MATCHES: Readonly<Record<string, string>> = {
  textMatches: 'text',
  resourceIdMatches: 'resource-id',
  classNameMatches: 'class',
  descriptionMatches: 'content-desc',
  packageNameMatches: 'package',
};
const FLAGS: Readonly<Record<string, string>> = {
  checkable: 'checkable',
  checked: 'checked',
  clickable: 'clickable',
  enabled: 'enabled',
  focusable: 'focusable',
  focused: 'focused',
  longClickable: 'long-clickable',
  scrollable: 'scrollable',
  selected: 'selected',
};

/** All nodes at and below `from` that a UiSelector means, in document order. @throws DriverError invalid selector */
export function select(chain: Chain, ...from: readonly SourceNode[]): readonly SourceNode[] {
  if (chain.make !== null && chain.make !== 'UiSelector') throw bad(`${chain.make} is no UiSelector`);
  const own = chain.calls.filter(({ name }) => name !== 'childSelector' && name !== 'fromParent');
  const tests = own.filter(({ name }) => name !== 'instance').map(({ name, args }) => testOf(name, args[0]));
  const instance = own.findLast(({ name }) => name === 'instance');
  let found: readonly SourceNode[] = unique(from.flatMap((node) => [...below(node)])).filter((node) => tests.every((test) => test(node)));
  if (instance !== undefined) {
    const at = whole(instance.args[0], 'instance');
    found = found.slice(at, at + 1);
  }
  for (const { name, args } of chain.calls) {
    if (name === 'childSelector') found = unique(found.flatMap((node) => select(sub(args[0], name), ...node.children)));
    else if (name === 'fromParent') found = unique(found.flatMap((node) => select(sub(args[0], name), ...(node.parent?.children ?? []))));
  }
  return found;
}

/** Depth first, parents before children; the hierarchy element itself is no node. */
export function* below(node: SourceNode): Generator<SourceNode> {
  if (node.className !== 'hierarchy') yield node;
  for (const child of node.children) yield* below(child);
}

function testOf(name: string, argument: Argument | undefined): Test {
  const equal = EQUALS[name];
  if (equal !== undefined) {
    const wanted = words(argument, name);
    return (node) => attribute(node, equal) === wanted;
  }
  const matched = MATCHES[name];
  if (matched !== undefined) {
    const pattern = javaPattern(words(argument, name));
    return (node) => pattern.test(attribute(node, matched));
  }
  const flag = FLAGS[name];
  if (flag !== undefined) {
    const wanted = String(truth(argument, name));
    return (node) => attribute(node, flag) === wanted;
  }
  if (name === 'index') {
    const wanted = String(whole(argument, name));
    return (node) => attribute(node, 'index') === wanted;
  }
  const partly = /^(text|description)(Contains|StartsWith)$/.exec(name);
  if (partly === null) throw bad(`UiSelector has no ${name} method`);
  const field = partly[1] === 'text' ? 'text' : 'content-desc';
  // Without regard to case, as the documentation of UiSelector says.
  const part = words(argument, name).toLowerCase();
  return (node) => {
    const at = attribute(node, field).toLowerCase().indexOf(part);
    return partly[2] === 'Contains' ? at >= 0 : at === 0;
  };
}

/** Java's whole-string match; `(?i)` and `(?s)` at the front are understood. */
function javaPattern(source: string): RegExp {
  const flags = /^\(\?([is]+)\)/.exec(source);
  const letters = [...new Set(flags?.[1] ?? '')].join('');
  try {
    return new RegExp(`^(?:${source.slice(flags?.[0].length ?? 0)})$`, letters);
  } catch (cause) {
    throw new DriverError('invalid selector', `bad regular expression ${source}`, { cause });
  }
}

function unique(nodes: readonly SourceNode[]): readonly SourceNode[] {
  return [...new Set(nodes)];
}

/** The UiSelector that stands as an argument of `name`. */
export function sub(argument: Argument | undefined, name: string): Chain {
  if (typeof argument !== 'object') throw bad(`${name} takes a UiSelector`);
  return argument;
}

/** The whole number that `name` takes. @throws DriverError invalid selector */
export function whole(argument: Argument | undefined, name: string): number {
  if (typeof argument !== 'number') throw bad(`${name} takes a whole number`);
  return argument;
}

/** The string that `name` takes. @throws DriverError invalid selector */
export function words(argument: Argument | undefined, name: string): string {
  if (typeof argument === 'string') return argument;
  throw bad(`${name} takes a string`);
}

function truth(argument: Argument | undefined, name: string): boolean {
  if (typeof argument !== 'boolean') throw bad(`${name} takes true or false`);
  return argument;
}

/** A selector that cannot be understood. */
export function bad(message: string): DriverError {
  return new DriverError('invalid selector', message);
}
