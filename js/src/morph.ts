/** Makes what is in the page agree with a node, in place: what can stay does, with all its state. */
import {
  build,
  buildShell,
  childrenOf,
  isPlain,
  parseHtml,
  setAttribute,
  setProperties,
  setStyle,
} from "./build.ts";
import { place } from "./place.ts";
import type { Attributes, Branch, Inserted, Tree } from "./protocol.ts";

/** An element that is to be filled once it is where it belongs. */
type Fill = [element: Element, node: Branch];

/** What the page no longer needs. It goes at the end, since a later step may still want a part of it. */
type Doomed = Set<ChildNode>;

const idOf = (node: Branch): string => (node[1].id ?? "") as string;

function fits(element: Element, node: Branch): boolean {
  return element.localName === node[0] && element.id === idOf(node);
}

/** Whether the page has an element of the same identifier as the node or one inside it. */
function isKnown(node: Tree): boolean {
  return (
    typeof node !== "string" &&
    (document.getElementById(idOf(node)) !== null || (node.slice(2) as Tree[]).some(isKnown))
  );
}

function morphStyle(element: Element, attributes: Attributes): void {
  if (!attributes.style && !element.hasAttribute("style")) {
    return;
  }
  const { style } = element as HTMLElement;
  const wanted = document.createElement("div");
  setStyle(wanted, attributes);
  if (style.cssText !== wanted.style.cssText) {
    style.cssText = wanted.style.cssText;
  }
}

function morphAttributes(element: Element, attributes: Attributes): void {
  // The first HTML shows properties as attributes of the same name; `open` of a `details` is the user's.
  const left = new Set(["style", "open", "selected"]);
  for (const name in attributes) {
    if (isPlain(name)) {
      const value = attributes[name] === true ? "" : String(attributes[name]);
      if (element.getAttribute(name) !== value && !(name === "open" && element.localName === "details")) {
        setAttribute(element, name, value);
      }
    }
    left.add(name.replace(".", "").toLowerCase());
  }
  for (const { name } of [...element.attributes]) {
    if (!left.has(name.toLowerCase())) {
      element.removeAttribute(name);
    }
  }
  morphStyle(element, attributes);
}

/** The element for a node that goes into `parent`: the page's own, or a new one. */
function elementFor(node: Branch, parent: Element, doomed: Doomed, fills: Fill[]): Element {
  const found = document.getElementById(idOf(node));
  let element: Element;
  if (found && fits(found, node)) {
    doomed.delete(found);
    element = found;
  } else if (isKnown(node)) {
    if (found) {
      doomed.add(found);
    }
    element = buildShell(node, parent);
  } else {
    return build(node, parent);
  }
  fills.push([element, node]);
  return element;
}

function updateChildren(parent: Element, node: Branch, doomed: Doomed): void {
  const present = [...parent.childNodes];
  const unnamed = present.filter((child) => !(child as Element).id);
  const take = (kind: string): ChildNode | undefined => {
    const index = unnamed.findIndex((child) => ((child as Element).localName ?? child.nodeName) === kind);
    const [child] = index < 0 ? [] : unnamed.splice(index, 1);
    return child;
  };
  const fills: Fill[] = [];
  const wanted = childrenOf(node).map((child): ChildNode => {
    if (typeof child === "string") {
      const text = (take("#text") as Text | undefined) ?? document.createTextNode(child);
      if (text.data !== child) {
        text.data = child;
      }
      return text;
    }
    const same = idOf(child) ? undefined : (take(child[0]) as Element | undefined);
    if (!same) {
      return elementFor(child, parent, doomed, fills);
    }
    fills.push([same, child]);
    return same;
  });
  for (const child of present) {
    doomed.add(child);
  }
  for (const child of wanted) {
    doomed.delete(child);
  }
  place(parent, wanted, null, present);
  fill(fills, doomed);
}

function update(element: Element, node: Branch, doomed: Doomed): void {
  const attributes = node[1];
  const html = attributes.html;
  morphAttributes(element, attributes);
  if (html === undefined) {
    updateChildren(element, node, doomed);
  } else if (element.innerHTML !== html) {
    element.replaceChildren(parseHtml(html));
  }
  setProperties(element, attributes);
}

function fill(fills: readonly Fill[], doomed: Doomed): void {
  for (const [element, node] of fills) {
    update(element, node, doomed);
  }
}

/** Makes an element agree with a node. One of another tag or identifier is replaced. */
export function morph(element: Element, node: Branch): void {
  const doomed: Doomed = new Set();
  if (fits(element, node)) {
    update(element, node, doomed);
  } else {
    const parent = element.parentElement as Element;
    const fills: Fill[] = [];
    doomed.add(element);
    place(parent, [elementFor(node, parent, doomed, fills)], element, []);
    fill(fills, doomed);
  }
  removeAll(doomed);
}

/** The neighbours right before `before` that are among `nodes`: those need not move. */
function neighbours(parent: Element, nodes: readonly Node[], before: Node | null): Node[] {
  const found: Node[] = [];
  let node = before ? before.previousSibling : parent.lastChild;
  for (const among = new Set(nodes); node && among.has(node); node = node.previousSibling) {
    found.unshift(node);
  }
  return found;
}

/**
 * Puts nodes before the child `before`, or at the end. A string is the identifier of an element that moves, and is
 * skipped where the page has none; an element whose identifier the page has already becomes the new one.
 */
export function insert(parent: Element, before: Node | null, nodes: readonly Inserted[]): void {
  const doomed: Doomed = new Set();
  const fills: Fill[] = [];
  const wanted = nodes.flatMap((node) =>
    typeof node === "string"
      ? (document.getElementById(node) ?? [])
      : elementFor(node, parent, doomed, fills),
  );
  place(parent, wanted, before, neighbours(parent, wanted, before));
  fill(fills, doomed);
  removeAll(doomed);
}

function removeAll(doomed: Doomed): void {
  for (const node of doomed) {
    node.remove();
  }
}
