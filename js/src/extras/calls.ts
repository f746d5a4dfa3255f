/** What the page's own JavaScript calls on the server by name, and what comes of it. */
import { offer, say } from "./page.ts";

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** Levels of lists and objects that the server takes inside a call's arguments. */
const MOST_LEVELS = 14;

const waiting = new Map<number, Waiting>();
let calls = 0;

function levels(value: unknown): number {
  if (typeof value !== "object" || value === null) {
    return 0;
  }
  let deepest = 0;
  for (const item of Object.values(value)) {
    deepest = Math.max(deepest, levels(item));
  }
  return deepest + 1;
}

/** Has the server call something. Rejects where that cannot be said, or went wrong there. */
function ask(event: string, data: Record<string, unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    calls += 1;
    const call = calls;
    // As JSON has it: whatever has a `toJSON` is what that gives.
    const plain: Record<string, unknown> = JSON.parse(JSON.stringify(data));
    if (levels(plain) > MOST_LEVELS) {
      throw new Error(`arguments nested more than ${MOST_LEVELS - 2} levels deep cannot be sent`);
    }
    waiting.set(call, { resolve, reject });
    say(event, { call, ...plain }, (n) => {
      if (n === undefined) {
        waiting.delete(call);
        reject(new Error("the call cannot be sent: it is too long, or too much waits for the server"));
      }
    });
  });
}

/** The server tells what came of a call. */
export function settle(_got: number, call: number, value: unknown, error: string | null): void {
  const asked = waiting.get(call);
  waiting.delete(call);
  if (error === null) {
    asked?.resolve(value);
  } else {
    asked?.reject(new Error(error));
  }
}

offer({
  trigger(name: string, args: readonly unknown[] = [], kwargs: Readonly<Record<string, unknown>> = {}) {
    return ask("trigger", { name, args, kwargs });
  },
  call(method: string, ...args: readonly unknown[]) {
    return ask("call", { method, args });
  },
});
