/** What few pages need, loaded when it is first needed: see "The extras" in docs/protocol.md. */
import { connect, type Do, type Post } from "./page.ts";

/** Each operation by its name. */
const operations: Readonly<Record<string, Do>> = {
  start() {
    // The core has come.
  },
};

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
