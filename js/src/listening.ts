/** What elements with `data-on` want to hear, and which types of event are therefore listened to. */

/** A DOM property that an event carries back. */
export type TwoWay = "value" | "checked" | "open" | "selected";

/** One entry of a `data-on` value: options as they are written, those without a value are "1". */
export interface Entry {
  readonly type: string;
  readonly property?: TwoWay;
  readonly debounce?: string;
  readonly throttle?: string;
  readonly keys?: string;
  readonly prevent?: string;
  readonly stop?: string;
}

const parsed = new Map<string, readonly Entry[]>();
const types = new Set<string>();
let listener: (event: Event) => void;

function parseEntry(text: string): Entry {
  const [what = "", ...options] = text.split(",");
  const [type, property] = what.split(":");
  return {
    type,
    property,
    ...Object.fromEntries(options.map((option) => `${option}=1`.split("="))),
  } as Entry;
}

function parse(on: string): readonly Entry[] {
  let entries = parsed.get(on);
  if (!entries) {
    entries = on.split(" ").map(parseEntry);
    parsed.set(on, entries);
  }
  return entries;
}

/** What the element listens to. Elements of equal `data-on` share the entries. */
export function entriesOf(element: Element): readonly Entry[] {
  return parse(element.getAttribute("data-on") ?? "");
}

/** The nearest element that listens to anything, from this one up. */
export function closestListening(element: Element | null): Element | null {
  return element?.closest("[data-on]") ?? null;
}

/** Whether by this entry an element reports what the user types or picks. */
export function isEdit({ type, property }: Entry): boolean {
  return property !== undefined && /^(change|input)$/.test(type);
}

/** The name under which a property travels. */
export function wireName(property: TwoWay): string {
  return property === "selected" ? "value" : property;
}

/** Whether events of the element carry a property. */
export function carries(element: Element, property: TwoWay): boolean {
  return entriesOf(element).some(
    (entry) => entry.property && wireName(entry.property) === wireName(property),
  );
}

/** The identifier of the widget whose main element or part this is. */
export function widgetOf(element: Element): string {
  return element.id.replace(/\..*/, "");
}

/** Sets the one listener of all types. Before `listen`. */
export function setListener(handle: (event: Event) => void): void {
  listener = handle;
}

/** Listens to the types that a `data-on` value names. */
export function listen(on: string): void {
  for (const { type } of parse(on)) {
    if (!types.has(type)) {
      types.add(type);
      document.addEventListener(type, listener, { capture: true, passive: false });
    }
  }
}
