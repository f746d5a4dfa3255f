/** Takes over the page that the server has rendered, without replacing a node. */
import { report } from "./events.ts";
import { fieldOf, isKnown, noteTyping, typed } from "./hold.ts";
import { entriesOf, isEdit, listen } from "./listening.ts";
import { makeModal, read } from "./property.ts";

const SHEET = "jibe-style";

/** Moves the inline styles from their sheet to the elements, where later changes meet no rule that is stronger. */
function takeStyles(): void {
  const style = document.getElementById(SHEET) as HTMLStyleElement | null;
  for (const rule of style?.sheet?.cssRules ?? []) {
    if (rule instanceof CSSStyleRule) {
      // One by one: the browser finds a single identifier at once, but tries a list on every element.
      for (const selector of rule.selectorText.split(/(?<!\\),/)) {
        const element = document.querySelector<HTMLElement>(selector);
        if (element) {
          element.style.cssText += rule.style.cssText;
        }
      }
    }
  }
  style?.remove();
}

/** The element as its markup alone makes it: browsers copy what was typed when they clone. Its style does not matter. */
function pristine(element: Element): Element {
  const copy = document.createElement(element.localName);
  for (const { name, value } of element.attributes) {
    if (name !== "style") {
      copy.setAttribute(name, value);
    }
  }
  copy.append(...Array.from(element.childNodes, (node) => node.cloneNode(true)));
  return copy;
}

/** Finds what the server knows of each two-way property, and what the user has changed before the client was there. */
function takeFields(element: Element): void {
  for (const entry of entriesOf(element)) {
    const { property } = entry;
    if (property === "open") {
      fieldOf(element, property).known = read(element, element, property);
    } else if (property && isEdit(entry)) {
      if (property in element || property === "selected") {
        const field = fieldOf(element, property);
        const copy = pristine(element);
        field.known = read(copy, copy, property);
        if (!isKnown(field, property)) {
          noteTyping(element, entry, element);
        }
      } else {
        for (const radio of element.querySelectorAll<HTMLInputElement>("input[type=radio]")) {
          if (radio.checked && !radio.defaultChecked) {
            noteTyping(element, entry, radio);
          }
        }
      }
    }
  }
}

/** Takes over the page, and reports what was changed before. */
export function hydrate(): void {
  takeStyles();
  for (const element of document.querySelectorAll("[data-on]")) {
    listen(element.getAttribute("data-on") ?? "");
    takeFields(element);
  }
  for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) {
    makeModal(dialog);
  }
  for (const field of typed) {
    // Who is still typing has not changed it yet: the browser's own event will come.
    if (field.target !== document.activeElement) {
      report(field);
    }
  }
}
