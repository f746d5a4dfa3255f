/** What the extras say to the session, and what they are told. */
import type { Kept, PageEvent } from "../protocol.ts";

/** Sends an event, as the core's `post` does. */
export type Post = (event: PageEvent) => Kept | undefined;

/** Does an operation. `got`: the last of the page's events that the server had handled when it sent it. */
export type Do = (got: number, ...args: never[]) => void;

/** Names the session where a message names a widget. */
const SESSION = ".";

let post: Post | undefined;
const early: (() => void)[] = [];

/** From now on what the extras say is sent. */
export function connect(given: Post): void {
  post = given;
  for (const action of early.splice(0)) {
    action();
  }
}

/**
 * Says something to the session; before the core is there, as soon as it is. `sent` gets the number of the event, or
 * undefined where it cannot be sent.
 */
export function say(
  event: string,
  data: Record<string, unknown>,
  sent?: (n: number | undefined) => void,
): void {
  if (post) {
    const kept = post({ id: SESSION, event, data });
    sent?.(kept?.n);
  } else {
    early.push(() => say(event, data, sent));
  }
}

const api: Record<string, unknown> = {};

/** Adds to `window.jibe`, what the page's own JavaScript may use. */
export function offer(additions: Record<string, unknown>): void {
  Object.defineProperties(api, Object.getOwnPropertyDescriptors(additions));
  Object.assign(window, { jibe: api });
}
