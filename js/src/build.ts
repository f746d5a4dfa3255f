/** From a node of the widget tree to the DOM. */
import { setProperty } from "./hold.ts";
import { listen } from "./listening.ts";
import { writeStyle } from "./property.ts";
import type { Attributes, Branch, Tree } from "./protocol.ts";

const HTML = "http://www.w3.org/1999/xhtml";
const SVG = "http://www.w3.org/2000/svg";

/** Sanitised HTML as nodes. The one place where the client parses HTML; scripts parsed like this never run. */
export function parseHtml(html: unknown): DocumentFragment {
  const template = document.createElement("template");
  template.innerHTML = String(html);
  return template.content;
}

/** The children of a node as a parser would make them: texts side by side are one, empty ones none. */
export function childrenOf(node: Branch): Tree[] {
  const children: Tree[] = [];
  for (let i = 2; i < node.length; i++) {
    const child = node[i] as Tree;
    const last = children.length - 1;
    const before = children[last];
    if (typeof child === "string" && typeof before === "string") {
      children[last] = before + child;
    } else if (child !== "") {
      children.push(child);
    }
  }
  return children;
}

export function setAttribute(element: Element, name: string, value: string): void {
  element.setAttribute(name, value);
  if (name === "data-on") {
    listen(value);
  }
}

/** Whether the name in a node's attributes is an attribute of the element. */
export function isPlain(name: string): boolean {
  return name[0] !== "." && name !== "style" && name !== "html";
}

/** Sets the DOM properties of a node. After its children: a select takes a value only from options that are there. */
export function setProperties(element: Element, attributes: Attributes): void {
  for (const name in attributes) {
    if (name[0] === ".") {
      setProperty(element, name.slice(1), attributes[name]);
    }
  }
}

/** Sets the style properties of a node. */
export function setStyle(element: Element, attributes: Attributes): void {
  const style = (attributes.style ?? {}) as Record<string, string>;
  for (const name in style) {
    writeStyle(element, name, String(style[name]));
  }
}

/** The element with its attributes and style, still without children and properties. */
export function buildShell([tag, attributes]: Branch, parent: Element | null): Element {
  if (/^script$/i.test(tag)) {
    console.error("jibe_like: a script is never built");
    return document.createElement("template");
  }
  const namespace = tag === "svg" ? SVG : parent ? parent.namespaceURI : HTML;
  const element = document.createElementNS(namespace, tag);
  for (const name in attributes) {
    if (isPlain(name)) {
      const value = attributes[name];
      setAttribute(element, name, value === true ? "" : String(value));
    }
  }
  setStyle(element, attributes);
  return element;
}

/** Builds an element with all inside it. `parent` is where it goes: what is inside an `svg` takes its namespace. */
export function build(node: Branch, parent: Element | null = null): Element {
  const element = buildShell(node, parent);
  const attributes = node[1];
  if ("html" in attributes) {
    element.append(parseHtml(attributes.html));
  } else {
    for (const child of childrenOf(node)) {
      element.append(typeof child === "string" ? child : build(child, element));
    }
  }
  setProperties(element, attributes);
  return element;
}
