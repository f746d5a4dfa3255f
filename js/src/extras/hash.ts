/** Tells the session what stands behind the "#" of the page's address. */
import { say } from "./page.ts";

let listening = false;

function current(): string {
  return location.hash.slice(1);
}

function tell(): void {
  say("hash", { hash: current() });
}

/** Tells it whenever it changes, and now where it is not what the session knows. */
export function watchHash(_got: number, known: string): void {
  if (current() !== known) {
    tell();
  }
  if (!listening) {
    listening = true;
    addEventListener("hashchange", tell);
  }
}
