/** From the browser's events to messages: who wants them, what they carry, and in which order they leave. */
import { type Field, fieldOf, isKnown, noteReport, noteTyping, settle, typed } from "./hold.ts";
import {
  closestListening,
  type Entry,
  entriesOf,
  isEdit,
  setListener,
  widgetOf,
  wireName,
} from "./listening.ts";
import { refocus } from "./place.ts";
import { read } from "./property.ts";
import type { Kept, PageEvent } from "./protocol.ts";
import { post } from "./session.ts";

type Data = PageEvent["data"];

/** An event on its way, perhaps after its debounce or throttle time. */
interface Occurrence {
  readonly element: Element;
  readonly entry: Entry;
  target: Element;
  data?: Data;
  timer?: ReturnType<typeof setTimeout> | undefined;
}

const timed = new WeakMap<Element, Map<Entry, Occurrence>>();
/** Events to be sent, oldest first, when their time comes or another event has to leave. */
const waiting = new Set<Occurrence>();

/** The details of an event that travel. */
function dataOf(event: Event): Data {
  let names: string[];
  if (event instanceof MouseEvent) {
    names = ["clientX", "clientY"];
  } else if (event instanceof KeyboardEvent) {
    names = ["key", "code"];
  } else {
    return undefined;
  }
  const all = event as unknown as Record<string, number>;
  const further = ["button", "altKey", "ctrlKey", "metaKey", "shiftKey"].filter((name) => all[name]);
  return Object.fromEntries([...names, ...further].map((name) => [name, all[name] as number]));
}

/** What the browser dispatches to each element by itself, or to one without bubbling, is not for the elements around. */
function reaches({ type, bubbles }: Event, target: Element, element: Element): boolean {
  return (
    bubbles || element === target || (!/(enter|leave)$/.test(type) && widgetOf(element) === widgetOf(target))
  );
}

function hasKey(event: Event, keys: string): boolean {
  const { key, code, isComposing, keyCode } = event as KeyboardEvent;
  // The Enter that ends a composition is no Enter; Safari tells it by the code 229 alone.
  return !isComposing && keyCode !== 229 && keys.split("|").some((name) => name === key || name === code);
}

function send({ element, entry, target, data }: Occurrence): Kept | undefined {
  const { type, property } = entry;
  const event = { id: widgetOf(element), event: type, data };
  if (!property) {
    return post(event);
  }
  const field = fieldOf(element, property);
  field.target = target;
  const value = read(element, target, property);
  const kept = post({ ...event, properties: { [wireName(property)]: value } });
  if (kept) {
    noteReport(field, entry, value, kept);
  }
  return kept;
}

/** Reports a field that the user has changed, by the event that the field would send itself. */
export function report(field: Field): void {
  const { element, entry, target } = field;
  if (!entry?.property || !element.isConnected || isKnown(field, entry.property)) {
    settle(field);
  } else if (send({ element, entry, target })) {
    field.early = entry.type === "change";
  }
}

/** Reports all fields that the user has changed. */
export function reportTyped(): void {
  typed.forEach(report);
}

/** Sends an event, and before it what waits, and what is typed and not reported. */
function sendInOrder(occurrence: Occurrence): void {
  waiting.delete(occurrence);
  for (const other of waiting) {
    waiting.delete(other);
    if (other.element.isConnected) {
      send(other);
    }
  }
  for (const field of typed) {
    if (field.element !== occurrence.element || !occurrence.entry.property) {
      report(field);
    }
  }
  if (occurrence.element.isConnected) {
    send(occurrence);
  }
}

function startTimer(occurrence: Occurrence): void {
  const { debounce, throttle } = occurrence.entry;
  clearTimeout(occurrence.timer);
  occurrence.timer = setTimeout(
    () => {
      occurrence.timer = undefined;
      if (waiting.has(occurrence)) {
        sendInOrder(occurrence);
        if (throttle) {
          startTimer(occurrence);
        }
      }
    },
    Number(debounce ?? throttle),
  );
}

function delay(element: Element, entry: Entry, target: Element, data: Data): void {
  const mine = timed.get(element) ?? new Map<Entry, Occurrence>();
  const occurrence = mine.get(entry) ?? { element, entry, target };
  timed.set(element, mine.set(entry, occurrence));
  occurrence.target = target;
  occurrence.data = data;
  const leading = entry.throttle && !occurrence.timer;
  if (leading) {
    sendInOrder(occurrence);
  } else {
    waiting.add(occurrence);
  }
  if (leading || entry.debounce) {
    startTimer(occurrence);
  }
}

/** Whether the event tells nothing new: it reports what the server did itself, or what was reported ahead of it. */
function isStale(element: Element, { type, property }: Entry, target: Element): boolean {
  if (!property) {
    return false;
  }
  const field = fieldOf(element, property);
  const { early } = field;
  field.target = target;
  field.early = false;
  return (property === "open" || (early === true && type === "change")) && isKnown(field, property);
}

function handle(event: Event): void {
  const { target, type } = event;
  if (!(target instanceof Element) || (refocus.active && /^(focus|blur)/.test(type))) {
    return;
  }
  let element = closestListening(target);
  for (; element; element = closestListening(element.parentElement)) {
    const entry = entriesOf(element).find(
      (entry) => entry.type === type && (!entry.keys || hasKey(event, entry.keys)),
    );
    if (!entry || !reaches(event, target, element)) {
      continue;
    }
    if (element.matches(":disabled")) {
      return;
    }
    if (entry.prevent) {
      event.preventDefault();
    }
    if (!isStale(element, entry, target)) {
      const data = dataOf(event);
      if (entry.debounce || entry.throttle) {
        delay(element, entry, target, data);
      } else {
        sendInOrder({ element, entry, target, data });
      }
    }
    if (entry.stop) {
      return;
    }
  }
}

function onInput({ target }: Event): void {
  let element = closestListening(target as Element);
  for (; element; element = closestListening(element.parentElement)) {
    const entry = entriesOf(element).find(isEdit);
    if (entry) {
      noteTyping(element, entry, target as Element);
    }
  }
}

/** Whoever leaves a field with its text as it was has not changed it. */
function onBlur({ target }: Event): void {
  for (const field of typed) {
    if (field.target === target && isKnown(field, field.entry?.property ?? "value")) {
      settle(field);
    }
  }
}

/** The browser resets the fields of a form once all have heard of it. Those count as typed that it has changed. */
function onReset({ target }: Event): void {
  const before = new Map<Element, string>();
  const compare = (): void => {
    for (const element of (target as Element).querySelectorAll("[data-on]")) {
      const entry = entriesOf(element).find(isEdit);
      if (entry?.property) {
        const holder = element.querySelector("[type=radio]:checked") ?? element;
        const value = JSON.stringify(read(element, holder, entry.property));
        if ((before.get(element) ?? value) !== value) {
          noteTyping(element, entry, holder);
        }
        before.set(element, value);
      }
    }
  };
  compare();
  setTimeout(() => {
    compare();
    reportTyped();
  });
}

/** Begins to listen. Before the page is taken over. */
export function startEvents(): void {
  setListener(handle);
  document.addEventListener("input", onInput, true);
  document.addEventListener("blur", onBlur, true);
  document.addEventListener("reset", onReset, true);
}
