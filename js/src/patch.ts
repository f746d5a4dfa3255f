/** The operations of the protocol on the page. */
import { parseHtml, setAttribute } from "./build.ts";
import { setProperty } from "./hold.ts";
import { insert, morph } from "./morph.ts";
import { type Properties, refuseHtml, writeStyle } from "./property.ts";
import type { Message, Operation } from "./protocol.ts";

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

/** Applies one operation. One on an element that the page does not have is skipped. */
function apply(operation: Operation): void {
  if (operation[0] === "message") {
    deliver(operation[1]);
    return;
  }
  if (operation[0] === "go") {
    location.assign(operation[1]);
    return;
  }
  const element = document.getElementById(operation[1]);
  if (!element) {
    return;
  }
  switch (operation[0]) {
    case "text":
      setText(element, operation[2]);
      break;
    case "prop":
      setProperty(element, operation[2], operation[3]);
      break;
    case "attr":
      if (operation[3] === null) {
        element.removeAttribute(operation[2]);
      } else {
        setAttribute(element, operation[2], operation[3]);
      }
      break;
    case "style":
      writeStyle(element, operation[2], operation[3]);
      break;
    case "class":
      element.classList.toggle(operation[2], operation[3]);
      break;
    case "html":
      element.replaceChildren(parseHtml(operation[2]));
      break;
    case "insert": {
      const before = operation[2] === null ? null : document.getElementById(operation[2]);
      insert(element, before?.parentNode === element ? before : null, operation[3]);
      break;
    }
    case "remove":
      element.remove();
      break;
    case "render":
      morph(element, operation[2]);
      break;
    case "call":
      call(element, operation[2], operation[3]);
      break;
    default:
      throw new Error("unknown operation");
  }
}

/** Applies operations in order. One that throws is reported, and the rest still applied. */
export function applyAll(operations: readonly Operation[]): void {
  for (const operation of operations) {
    try {
      apply(operation);
    } catch (error) {
      console.error(`jibe_like: operation ${JSON.stringify(operation).slice(0, 200)} failed`, error);
    }
  }
}
