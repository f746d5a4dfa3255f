/** Typing wins: what the server sets never overwrites what the user has typed since. */
import { carries, closestListening, type Entry, isEdit, type TwoWay, wireName } from "./listening.ts";
import { read, write } from "./property.ts";
import type { Carried, Kept } from "./protocol.ts";

/** A two-way property of an element that reports it. */
export interface Field {
  readonly element: Element;
  /** What the user touched last: the element or something inside it. */
  target: Element;
  /** The entry that reports it. */
  entry?: Entry;
  /** What the server is known to have. */
  known?: Carried | undefined;
  /** Whether that was reported ahead of the browser's own event. */
  early?: boolean;
  /** The last event that carried it. */
  sent?: Kept | undefined;
  /** Whether that is the user's value still: the server has set no other since. */
  own?: boolean;
  /** What the server has set meanwhile: by element, since a group of radio buttons is one field. */
  readonly held: Map<Element, readonly [name: string, value: unknown]>;
}

/** Fields that the user has changed since they were last reported, in the order of typing. */
export const typed = new Set<Field>();

const fields = new WeakMap<Element, Map<string, Field>>();
/** Fields with an event that the server has not handled. */
const waiting = new Set<Field>();
export let handledUpTo = 0;

/** The field of an element's two-way property. */
export function fieldOf(element: Element, property: TwoWay): Field {
  const name = wireName(property);
  const own = fields.get(element) ?? new Map<string, Field>();
  const field = own.get(name) ?? { element, target: element, held: new Map() };
  fields.set(element, own.set(name, field));
  return field;
}

function isSame(one: Carried, other: Carried | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Whether the server has the field's present value. */
export function isKnown({ element, target, known }: Field, property: TwoWay): boolean {
  return isSame(read(element, target, property), known);
}

function isUnhandled(field: Field): boolean {
  return (field.sent?.n ?? 0) > handledUpTo;
}

function isHeld(field: Field): boolean {
  return typed.has(field) || isUnhandled(field);
}

/** The element that reports the property: the one that has it or, for a radio button, its group. */
function reporter(element: Element, property: TwoWay): Field | undefined {
  if (carries(element, property)) {
    return fieldOf(element, property);
  }
  const group = property === "checked" && closestListening(element);
  return group && carries(group, "value") ? fieldOf(group, "value") : undefined;
}

/** Sets a DOM property for the server, now or when the user's own value no longer stands against it. */
export function setProperty(element: Element, name: string, value: unknown): void {
  const field = /^(value|checked|open|selected)$/.test(name) ? reporter(element, name as TwoWay) : undefined;
  if (!field) {
    write(element, name, value);
  } else if (isHeld(field)) {
    field.held.set(element, [name, value]);
    if (isUnhandled(field)) {
      waiting.add(field);
    }
    // Of a fresh session nothing was known yet.
    field.known ??= value as Carried;
  } else {
    const before = read(element, element, name as TwoWay);
    write(element, name, value);
    const now = read(element, element, name as TwoWay);
    field.own &&= isSame(before, now);
    field.known = field.element === element ? now : undefined;
  }
}

/** The user has changed a field. */
export function noteTyping(element: Element, entry: Entry, target: Element): void {
  const field = fieldOf(element, entry.property as TwoWay);
  field.entry = entry;
  field.target = target;
  typed.add(field);
}

/** The field's value goes to the server with this event: what the server set before is older. */
export function noteReport(field: Field, entry: Entry, value: Carried, event: Kept): void {
  typed.delete(field);
  field.entry = entry;
  field.known = value;
  field.sent = event;
  field.own = true;
  field.held.clear();
  waiting.add(field);
}

/** What is typed in the field need not be reported: what the server has set meanwhile stands. */
export function settle(field: Field): void {
  typed.delete(field);
  if (isHeld(field)) {
    return;
  }
  for (const [element, [name, value]] of field.held) {
    field.held.delete(element);
    try {
      setProperty(element, name, value);
    } catch (error) {
      console.error(`jibe_like: setting ${name} of ${element.id} failed`, error);
    }
  }
}

/** The server has handled all events up to this number. */
export function releaseUpTo(got: number): void {
  handledUpTo = Math.max(handledUpTo, got);
  for (const field of waiting) {
    if (!isUnhandled(field)) {
      waiting.delete(field);
      // The server set that before it had the user's value. What it makes of this comes after `got`.
      field.held.clear();
    }
  }
}

/**
 * The session goes on after `got`, maybe from an earlier state: then events from there on are sent `again`. What has been
 * handled while the connection was lost is released by the frames that follow: some of them are older than the events.
 */
export function resumeHold(got: number, again: boolean): void {
  if (again) {
    handledUpTo = Math.min(handledUpTo, got);
  }
}

/** A fresh session knows nothing. What the user has ever changed counts as typed. `got`: see `restartOutbox`. */
export function restartHold(got: number): void {
  handledUpTo = got;
  waiting.clear();
  for (const element of document.querySelectorAll("[data-on]")) {
    for (const field of fields.get(element)?.values() ?? []) {
      if (field.own && field.entry && isEdit(field.entry)) {
        typed.add(field);
      }
      field.sent = undefined;
      field.known = undefined;
      field.held.clear();
    }
  }
}
