import { DriverError } from './driver-error.js';
import type { Argument, Chain } from './selector.js';
import type { SourceNode } from './source.js';

type Test = (node: SourceNode) => boolean;

const attribute = (node: SourceNode, name: string): string => node.attributes.get(name) ?? '';

const EQUALS: Readonly<Record<string, string>> = { text: 'text', resourceId: 'resource-id', className: 'class', description: 'content-desc', packageName: 'package' };
const MATCHES: Readonly<Record<string, string>> = { textMatches: 'text', resourceIdMatches: 'resource-id', classNameMatches: 'class', descriptionMatches: 'content-desc', packageNameMatches: 'package' };
const FLAGS: Readonly<Record<string, string>> = {
  checkable: 'checkable', checked: 'checked', clickable: 'clickable', enabled: 'enabled', focusable: 'focusable', focused: 'focused', longClickable: 'long-clickable', scrollable: 'scrollable', selected: 'selected',
};

/** All nodes below (and with) `from` that a UiSelector means, in document order. @throws DriverError invalid selector */
export function select(chain: Chain, from: SourceNode): readonly SourceNode[] {
  if (chain.make !== null && chain.make !== 'UiSelector') throw bad(`${chain.make} is no UiSelector`);
  const tests: Test[] = [];
  let instance: number | null = null;
  let found: readonly SourceNode[] | null = null;
  const current = (): readonly SourceNode[] => {
    const all = [...below(from)].filter((node) => tests.every((test) => test(node)));
    return instance === null ? all : all.slice(instance, instance + 1);
  };
  for (const { name, args } of chain.calls) {
    if (name === 'instance') instance = whole(args[0], name);
    else if (name === 'childSelector') found = unique((found ?? current()).flatMap((node) => node.children.flatMap((child) => select(sub(args[0], name), child))));
    else if (name === 'fromParent') found = unique((found ?? current()).flatMap((node) => (node.parent === null ? [] : [...select(sub(args[0], name), node.parent)])));
    else tests.push(testOf(name, args[0]));
  }
  return found ?? current();
}

/** Depth first, parents before children; the hierarchy element itself is no node. */
export function* below(node: SourceNode): Generator<SourceNode> {
  if (node.className !== 'hierarchy') yield node;
  for (const child of node.children) yield* below(child);
}

function testOf(name: string, argument: Argument | undefined): Test {
  const equal = EQUALS[name];
  if (equal !== undefined) return (node) => attribute(node, equal) === words(argument, name);
  const matched = MATCHES[name];
  if (matched !== undefined) {
    const pattern = javaPattern(words(argument, name));
    return (node) => pattern.test(attribute(node, matched));
  }
  const flag = FLAGS[name];
  if (flag !== undefined) return (node) => attribute(node, flag) === String(truth(argument, name));
  const field = name.startsWith('text') ? 'text' : 'content-desc';
  const part = words(argument, name).toLowerCase();
  if (name === 'textContains' || name === 'descriptionContains') return (node) => attribute(node, field).toLowerCase().includes(part);
  if (name === 'textStartsWith' || name === 'descriptionStartsWith') return (node) => attribute(node, field).toLowerCase().startsWith(part);
  if (name === 'index') return (node) => attribute(node, 'index') === String(whole(argument, name));
  throw bad(`UiSelector has no ${name} method`);
}

/** Java's whole-string match; `(?i)` and `(?s)` at the front are understood. */
function javaPattern(source: string): RegExp {
  const flags = /^\(\?([is]+)\)/.exec(source);
  try {
    return new RegExp(`^(?:${source.slice(flags?.[0].length ?? 0)})$`, `u${[...new Set(flags?.[1] ?? '')].join('')}`);
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

export function whole(argument: Argument | undefined, name: string): number {
  if (typeof argument !== 'number') throw bad(`${name} takes a whole number`);
  return argument;
}

export function words(argument: Argument | undefined, name: string): string {
  if (typeof argument === 'string') return argument;
  if (typeof argument === 'number' || typeof argument === 'boolean' || argument === undefined || argument.make !== null) throw bad(`${name} takes a string or is unknown`);
  throw bad(`UiSelector.${name} cannot take ${argument.calls[0]?.name ?? 'that'}`);
}

function truth(argument: Argument | undefined, name: string): boolean {
  if (typeof argument !== 'boolean') throw bad(`${name} takes true or false`);
  return argument;
}

export function bad(message: string): DriverError {
  return new DriverError('invalid selector', message);
}
