/** What few pages need, loaded when it is first needed: see "The extras" in docs/protocol.md. */
import { settle } from "./calls.ts";
import { setEnvironment, startEnvironment } from "./env.ts";
import { watchHash } from "./hash.ts";
import { runJs } from "./js.ts";
import { download, openApp } from "./leave.ts";
import { connect, type Do, type Post } from "./page.ts";
import { makePristine } from "./pristine.ts";
import { signIn } from "./signin.ts";
import { setShared, setState, setStates, startState } from "./state.ts";
import { sendTo, stopFiles, takeFiles } from "./upload.ts";

/** Each operation by its name. */
const operations: Readonly<Record<string, Do>> = {
  start() {
    // The core has come.
  },
  hash: watchHash,
  state: setState,
  shared: setShared,
  states: setStates,
  js: runJs,
  signin: signIn,
  download,
  open: openApp,
  env: setEnvironment,
  pristine: makePristine,
  result: settle,
  upload: takeFiles,
  upload_to: sendTo,
  upload_stop: stopFiles,
};

startEnvironment();
startState();

/** Does an operation that the core does not know. `post` and `got`: see page.ts. */
export default function run(
  post: Post,
  operation: readonly [name: string, ...args: unknown[]],
  got: number,
): void {
  connect(post);
  const [name, ...args] = operation;
  const action = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (!action) {
    throw new Error(`unknown operation ${name}`);
  }
  action(got, ...(args as never[]));
}
