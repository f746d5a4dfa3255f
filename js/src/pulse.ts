/** Finds out whether the server is still there: asks after a silence, and expects to hear something soon. */

/** Milliseconds that an answer may take. */
const PATIENCE = 5_000;

let period = 0;
let ask: () => void;
let dead: () => void;
/** When something came last. By the clock, since other times may stand still while the machine sleeps. */
let heardAt = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

const silence = (): number => Date.now() - heardAt;

/** After so many seconds of silence the server is asked; 0: never. `dead` is told where it does not answer. */
export function setPulse(seconds: number, toAsk: () => void, whenDead: () => void): void {
  period = seconds * 1_000;
  ask = toAsk;
  dead = whenDead;
}

/** Something has come. */
export function heard(): void {
  heardAt = Date.now();
}

/** Whether the silence is long enough to ask. */
export function isSilent(): boolean {
  return silence() >= period;
}

/** Asks now. */
export function check(patience = PATIENCE): void {
  if (period) {
    clearTimeout(timer);
    const asked = Date.now();
    timer = setTimeout(() => (heardAt < asked ? dead() : watch()), patience);
    ask();
  }
}

/** Asks whenever it has been silent for long enough. */
export function watch(): void {
  clearTimeout(timer);
  if (isSilent()) {
    check();
  } else {
    // One timer however many frames come: it looks when the last one was.
    timer = setTimeout(watch, period - silence());
  }
}

/** There is no connection to ask on. */
export function unwatch(): void {
  clearTimeout(timer);
}
