/** Runs JavaScript that the application has sent, and answers with its value. */
import { say } from "./page.ts";

/** In place of a call's number: nobody waits for the value. */
const NO_ANSWER = 0;

/** The element of a script, where that has left its value. */
interface Script extends HTMLScriptElement {
  jibeValue?: unknown;
}

/** The code in a block, with the arguments as variables of it: what it declares by `var` and `function` is global. */
function block(code: string, args: Record<string, unknown>): string {
  const names = Object.keys(args);
  const variables = names.length
    ? `let {${names.join()}} = JSON.parse(${JSON.stringify(JSON.stringify(args))});`
    : "";
  return `{${variables}\n${code}\n}`;
}

/**
 * Runs a classic script, which the page's policy allows by its nonce, and gives what it has left in its element.
 * Throws what the script throws, and where it is not JavaScript.
 */
function runScript(code: string): unknown {
  const script: Script = document.createElement("script");
  script.nonce = document.querySelector<HTMLElement>("[nonce]")?.nonce ?? "";
  script.textContent = code;
  let failure: ErrorEvent | undefined;
  // A script's error goes to the window, while it is being appended.
  const note = (event: ErrorEvent): void => {
    failure = event;
    event.preventDefault();
  };
  addEventListener("error", note, true);
  try {
    document.head.append(script);
  } finally {
    removeEventListener("error", note, true);
    script.remove();
  }
  if (failure) {
    throw failure.error ?? new Error(failure.message);
  }
  return script.jibeValue;
}

/** Tells what went wrong in the console, and to the server. */
function complain(call: number, error: unknown): void {
  console.error("jibe_like: JavaScript of the application", error);
  say("answer", { call, error: `${error}`.slice(0, 500) });
}

async function answer(call: number, code: string, args: Record<string, unknown>): Promise<void> {
  try {
    const value = await runScript(block(`document.currentScript.jibeValue = (\n${code}\n);`, args));
    // As text: however deep it is nested, it is one value of an event.
    const text = JSON.stringify(value) ?? "null";
    say("answer", { call, value: text }, (n) => {
      if (n === undefined) {
        complain(call, new Error(`the value of ${text.length} characters cannot be sent`));
      }
    });
  } catch (error) {
    complain(call, error);
  }
}

/** Runs code; with a number, an expression whose value the server waits for. */
export function runJs(_got: number, call: number, code: string, args: Record<string, unknown>): void {
  if (call !== NO_ANSWER) {
    answer(call, code, args);
    return;
  }
  try {
    runScript(block(code, args));
  } catch (error) {
    complain(call, error);
  }
}
