/** Finds out whether the server is still there: asks after a silence, and expects to hear something soon. */
import { PONG_PATIENCE } from "./limits.ts";

/** Milliseconds; 0 while there is nothing to ask. */
let period = 0;
let ask: () => void;
let dead: () => void;
/** When something came last. By the clock, since other times may stand still while the machine sleeps. */
let heardAt = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** From now on asks after so many seconds of silence; 0: never. `dead` is told where nothing comes then. */
export function startPulse(seconds: number, toAsk: () => void, whenDead: () => void): void {
  period = seconds * 1_000;
  ask = toAsk;
  dead = whenDead;
  heard();
  watch();
}

/** There is no connection to ask on. */
export function stopPulse(): void {
  period = 0;
  clearTimeout(timer);
}

/** Something has come. */
export function heard(): void {
  heardAt = Date.now();
}

/** Asks now; only after a silence unless `always`. */
export function check(patience: number, always: boolean): void {
  const now = Date.now();
  if (period && (always || now - heardAt >= period)) {
    clearTimeout(timer);
    timer = setTimeout(() => (heardAt < now ? dead() : watch()), patience);
    ask();
  }
}

function watch(): void {
  const left = heardAt + period - Date.now();
  if (left > 0) {
    // One timer however many frames come: it looks when the last one was.
    timer = setTimeout(watch, left);
  } else {
    check(PONG_PATIENCE, true);
  }
}
