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
  /** What the server has set meanwhile: by element, since a group of radio buttons is one field. */
  readonly held: Map<Element, readonly [name: string, value: unknown]>;
}

/** Fields that the user has changed since they were last reported, in the order of typing. */
export const typed = new Set<Field>();

const fields = new WeakMap<Element, Map<string, Field>>();
/** Fields that the server's next `got` may concern. */
const waiting = new Set<Field>();
let handledUpTo = 0;

/** The field of an element's two-way property. */
export function fieldOf(element: Element, property: TwoWay): Field {
  const name = wireName(property);
  const own = fields.get(element) ?? new Map<string, Field>();
  const field = own.get(name) ?? { element, target: element, held: new Map() };
  fields.set(element, own.set(name, field));
  return field;
}

/** Whether the server has the field's present value. */
export function isKnown({ element, target, known }: Field, property: TwoWay): boolean {
  return JSON.stringify(read(element, target, property)) === JSON.stringify(known);
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
  if (field && isHeld(field)) {
    field.held.set(element, [name, value]);
    waiting.add(field);
    return;
  }
  write(element, name, value);
  if (field) {
    field.known = field.element === element ? read(element, element, name as TwoWay) : undefined;
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
  field.held.clear();
  waiting.add(field);
}

/** What is typed in the field need not be reported. */
export function settle(field: Field): void {
  typed.delete(field);
  release(field);
}

function release(field: Field): void {
  if (isHeld(field)) {
    return;
  }
  waiting.delete(field);
  field.sent = undefined;
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
  waiting.forEach(release);
}

/** A fresh session: what the old one has not handled counts as typed. */
export function restartHold(): void {
  for (const field of waiting) {
    if (isUnhandled(field) && field.entry && isEdit(field.entry)) {
      typed.add(field);
    }
    field.sent = undefined;
    field.known = undefined;
    field.held.clear();
  }
  waiting.clear();
  handledUpTo = 0;
}
