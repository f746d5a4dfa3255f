/** The operations of the protocol on the page. */
import { parseHtml, setAttribute } from "./build.ts";
import { setProperty } from "./hold.ts";
import { insert, morph } from "./morph.ts";
import { type Properties, refuseHtml, writeStyle } from "./property.ts";
import type { Inserted, Message, Operation } from "./protocol.ts";

/** Takes an operation that is not of the core. */
export type Extra = (operation: Operation) => void;

function setText(element: Element, text: string): void {
  const child = element.firstChild;
  if (child instanceof Text && !child.nextSibling) {
    child.data = text;
  } else {
    element.textContent = text;
  }
}

function call(element: Element, name: string, args: readonly unknown[]): void {
  refuseHtml(name);
  const method = (element as unknown as Properties)[name] as (...args: unknown[]) => unknown;
  method.apply(element, [...args]);
}

function deliver(message: Message): void {
  const element = typeof message.id === "string" ? document.getElementById(message.id) : null;
  const event = new CustomEvent("jibe-message", { bubbles: true, detail: message });
  (element ?? document).dispatchEvent(event);
}

type OnElement = (element: Element, ...args: never[]) => void;

/** What is done to an element of the page. */
const onElement: Readonly<Record<string, OnElement>> = {
  text: setText,
  prop: setProperty,
  attr(element, name: string, value: string | null) {
    if (value === null) {
      element.removeAttribute(name);
    } else {
      setAttribute(element, name, value);
    }
  },
  style: writeStyle,
  class(element, name: string, on: boolean) {
    element.classList.toggle(name, on);
  },
  html(element, html: string) {
    element.replaceChildren(parseHtml(html));
  },
  insert(element, id: string | null, nodes: readonly Inserted[]) {
    const before = id === null ? null : document.getElementById(id);
    insert(element, before?.parentNode === element ? before : null, nodes);
  },
  remove(element) {
    element.remove();
  },
  render: morph,
  call,
};

/** Applies one operation. One on an element that the page does not have is skipped. */
function apply(operation: Operation, extra: Extra): void {
  const [name, id, ...args] = operation;
  if (name === "message") {
    deliver(id as Message);
  } else if (name === "go") {
    location.assign(id as string);
  } else if (Object.hasOwn(onElement, name)) {
    const element = document.getElementById(id as string);
    if (element) {
      (onElement[name] as OnElement)(element, ...(args as never[]));
    }
  } else {
    extra(operation);
  }
}

/** Applies operations in order; `extra` takes those it does not know. One that throws is reported, and the rest still applied. */
export function applyAll(operations: readonly Operation[], extra: Extra): void {
  for (const operation of operations) {
    try {
      apply(operation, extra);
    } catch (error) {
      console.error(`jibe_like: operation ${JSON.stringify(operation).slice(0, 200)} failed`, error);
    }
  }
}
