import fontoxpath from 'fontoxpath';
import { Document } from 'slimdom';
import type { Element, Node } from 'slimdom';
import type { Frame } from './desk.js';
import { DriverError } from './driver-error.js';
import { below, select } from './match.js';
import { scrollAndFind } from './scrollable.js';
import { parseSelector } from './selector.js';
import type { SourceNode } from './source.js';
import { sourceOf } from './source.js';
import type { Screen } from './windows.js';

// Node does not find the names that this CommonJS bundle exports.
const { evaluateXPath } = fontoxpath; // oxlint-disable-line import/no-named-as-default-member

/** A frame's page source as a document that XPath can walk. */
interface Dom {
  readonly document: Document;
  readonly elements: ReadonlyMap<SourceNode, Element>;
  readonly nodes: ReadonlyMap<Node, SourceNode>;
}

const doms = new WeakMap<Frame, Dom>();

/**
 * Nodes of the page source that a locator means, in document order; `within` limits them to what lies below a node.
 * An id without package is completed with the active window's package.
 * @throws DriverError invalid selector
 */
export function locate(screen: Screen, strategy: string, selector: string, within: SourceNode | null): readonly SourceNode[] {
  const frame = screen.frame();
  const root = within ?? sourceOf(frame);
  const inside = [...below(root)].filter((node) => node !== within);
  switch (strategy) {
    case 'id': {
      const id = /[:/]/.test(selector) ? selector : `${frame.active.package}:id/${selector}`;
      return inside.filter((node) => node.attributes.get('resource-id') === id);
    }
    case 'accessibility id':
      return inside.filter((node) => node.attributes.get('content-desc') === selector);
    case 'class name':
      return inside.filter((node) => node.className === selector);
    case '-android uiautomator':
      return byUiAutomator(screen, selector, root).filter((node) => node !== within);
    case 'xpath':
      return byXPath(frame, selector, root);
    default:
      throw new DriverError('invalid selector', `The locator strategy '${strategy}' is not supported`);
  }
}

function byUiAutomator(screen: Screen, selector: string, root: SourceNode): readonly SourceNode[] {
  const chain = parseSelector(selector);
  return chain.make === 'UiScrollable' ? scrollAndFind(chain, screen) : select(chain, root);
}

function byXPath(frame: Frame, selector: string, context: SourceNode): readonly SourceNode[] {
  const dom = domOf(frame);
  const from = context.className === 'hierarchy' ? dom.document : dom.elements.get(context);
  let found: unknown;
  try {
    found = evaluateXPath(selector, from ?? dom.document, null, null, evaluateXPath.ALL_RESULTS_TYPE, {
      language: evaluateXPath.XPATH_3_1_LANGUAGE,
    });
  } catch (cause) {
    throw new DriverError(
      'invalid selector',
      `Unable to locate an element with the xpath expression ${selector.slice(0, 300)}: ${String(cause).split('\n')[0] ?? ''}`,
      { cause },
    );
  }
  const hits = new Set<unknown>(Array.isArray(found) ? found : []);
  return [...dom.nodes].filter(([node]) => hits.has(node)).map(([, source]) => source);
}

function domOf(frame: Frame): Dom {
  const known = doms.get(frame);
  if (known !== undefined) return known;
  const document = new Document();
  const elements = new Map<SourceNode, Element>();
  const nodes = new Map<Node, SourceNode>();
  const grow = (source: SourceNode, parent: Node): void => {
    const element = document.createElement(source.className);
    for (const [name, value] of source.attributes) element.setAttribute(name, value);
    parent.appendChild(element);
    elements.set(source, element);
    // The hierarchy element can be named on a path but is nothing to touch.
    if (source.className !== 'hierarchy') nodes.set(element, source);
    for (const child of source.children) grow(child, element);
  };
  grow(sourceOf(frame), document);
  const dom = { document, elements, nodes };
  doms.set(frame, dom);
  return dom;
}
