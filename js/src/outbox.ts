/** Events that the server may not have yet, or may lose, numbered, in order. */
import type { Kept, PageEvent } from "./protocol.ts";

/** Most events that are kept; what happens beyond is refused until the server has some for good. */
export const MOST_KEPT = 1000;

let kept: Kept[] = [];
let last = 0;
let greeted = false;

/** The event with the next number, not kept yet. */
export function number(event: PageEvent): Kept {
  return { n: last + 1, ...event };
}

/** Keeps an event that `number` gave. False where too many are kept already. */
export function keep(event: Kept): boolean {
  if (kept.length >= MOST_KEPT) {
    return false;
  }
  last = event.n;
  kept.push(event);
  return true;
}

/** The server will never ask for an event up to this number again. */
export function dropUpTo(number: number): void {
  kept = kept.filter(({ n }) => n > number);
}

/** The session goes on: gives the events that the server does not have. */
export function resumeFrom(got: number): readonly Kept[] {
  if (!greeted) {
    // A page out of the browser's cache starts anew where an earlier copy of it has been counted already.
    last += got;
    for (const event of kept) {
      event.n += got;
    }
  }
  greeted = true;
  return kept.filter(({ n }) => n > got);
}

/** A fresh session knows none of the events. `got` is 0, but where it was greeted before it could show itself. */
export function restartOutbox(got: number): void {
  kept = [];
  last = got;
  greeted = true;
}
