/** Says in a corner of the page that the connection is gone, once it has been for a while. */

/** Milliseconds: how long a lost connection goes unmentioned, and how long a note stands. */
const QUIET = 1_000;
const NOTE = 6_000;

let element: HTMLElement | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let connected = true;

function show(text: string, milliseconds = 0): void {
  if (!element) {
    // A region that speaks must be there before it has something to say.
    element = document.createElement("div");
    element.id = "jibe-status";
    element.role = "status";
    element.ariaLive = "polite";
    document.body.append(element);
  }
  clearTimeout(timer);
  if (milliseconds) {
    timer = setTimeout(show, milliseconds, text);
  } else {
    element.textContent = text;
  }
}

/** There is no connection. */
export function showLost(): void {
  if (connected) {
    show("Connection lost. Reconnecting…", QUIET);
  }
  connected = false;
}

/** There is a connection again. */
export function showFound(): void {
  connected = true;
  show("");
}

/** The session is over or, `elsewhere`, goes on in another copy of the page. */
export function showEnded(elsewhere: boolean): void {
  connected = false;
  show(
    elsewhere
      ? "This page is open in another window."
      : "This session has ended. Reload the page to start anew.",
  );
}

/** Shows a text for a few seconds. */
export function showNote(text: string): void {
  if (connected) {
    show(text);
    show("", NOTE);
  }
}
