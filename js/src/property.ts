/** Reading and writing DOM properties, with the few that need more than an assignment. */
import type { TwoWay } from "./listening.ts";
import type { Carried } from "./protocol.ts";

/** An element as what it is to scripts: names with values. */
export type Properties = Record<string, unknown>;

/** Throws for a property or method that takes HTML: that comes in sanitised, by nodes and operations of its own. */
export function refuseHtml(name: string): void {
  if (/html|srcdoc/i.test(name)) {
    throw new Error(`${name} takes HTML`);
  }
}

/** What a two-way property is now. `target` is what the user touched: the element or something inside it. */
export function read(element: Element, target: Element, property: TwoWay): Carried {
  if (property === "selected") {
    const select = target instanceof HTMLSelectElement ? target : (element as HTMLSelectElement);
    return Array.from(select.selectedOptions, (option) => option.value);
  }
  const source = property in target ? target : element;
  const value = (source as unknown as Properties)[property];
  return property === "value" ? String(value ?? "") : Boolean(value);
}

function writeValue(field: HTMLInputElement, value: unknown): void {
  const { value: old, selectionStart: start, selectionEnd: end } = field;
  if (String(old) !== String(value)) {
    (field as unknown as Properties).value = value;
    // Browsers put the caret at the end of a value that is set.
    if (field === document.activeElement && start !== null && start < old?.length) {
      field.setSelectionRange(start, end);
    }
  }
}

/** Makes a dialog modal that came open in the markup. */
export function makeModal(dialog: HTMLDialogElement): void {
  dialog.removeAttribute("open");
  dialog.showModal();
}

function writeOpen(dialog: HTMLDialogElement, open: boolean): void {
  if (!dialog.isConnected) {
    dialog.open = open;
    // It is being built, and can become modal once it is in the page.
    queueMicrotask(() => dialog.isConnected && dialog.open && makeModal(dialog));
  } else if (dialog.open !== open) {
    open ? dialog.showModal() : dialog.close();
  }
}

/** Sets a DOM property. Throws where the element does not let it be set. */
export function write(element: Element, name: string, value: unknown): void {
  refuseHtml(name);
  if (name === "open" && element instanceof HTMLDialogElement) {
    writeOpen(element, Boolean(value));
  } else if (name === "value") {
    writeValue(element as HTMLInputElement, value);
  } else if (name === "selected" && element instanceof HTMLSelectElement) {
    for (const option of element.options) {
      option.selected = (value as string[]).includes(option.value);
    }
  } else if ((element as unknown as Properties)[name] !== value) {
    (element as unknown as Properties)[name] = value;
  }
}

/** Sets one style property through the CSSOM, which a strict Content-Security-Policy allows. */
export function writeStyle(element: Element, name: string, value: string | null): void {
  const [plain = "", important] = (value ?? "").split(/\s*!(important)/);
  (element as HTMLElement).style.setProperty(name, plain, important);
}
