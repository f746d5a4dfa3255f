import { beforeEach, expect, test, vi } from "vitest";

interface Api {
  trigger(name: string, args?: unknown[], kwargs?: Record<string, unknown>): Promise<unknown>;
  call(method: string, ...args: unknown[]): Promise<unknown>;
}

const post = vi.fn();
let run: (post: unknown, operation: [string, ...unknown[]], got: number) => void;

function api(): Api {
  return (window as unknown as { jibe: Api }).jibe;
}

beforeEach(async () => {
  vi.resetModules();
  let n = 0;
  post.mockReset().mockImplementation(() => {
    n += 1;
    return { n };
  });
  const { default: start } = await import("../src/extras/main.ts");
  run = start as unknown as typeof run;
  run(post, ["start"], 0);
});

test("a trigger is sent with its arguments, and gives what the server says", async () => {
  const value = api().trigger("add", [1, 2], { now: true });
  expect(post.mock.calls).toEqual([
    [{ id: ".", event: "trigger", data: { call: 1, name: "add", args: [1, 2], kwargs: { now: true } } }],
  ]);
  run(post, ["result", 1, { sum: 3 }, null], 1);
  await expect(value).resolves.toEqual({ sum: 3 });
});

test("a trigger needs no arguments", async () => {
  const value = api().trigger("add");
  expect(post.mock.calls[0]?.[0].data).toEqual({ call: 1, name: "add", args: [], kwargs: {} });
  run(post, ["result", 1, null, null], 1);
  await expect(value).resolves.toBeNull();
});

test("a call that failed is rejected with what the server says", async () => {
  const value = api().call("files.list", "/", 2);
  expect(post.mock.calls).toEqual([
    [{ id: ".", event: "call", data: { call: 1, method: "files.list", args: ["/", 2] } }],
  ]);
  run(post, ["result", 1, null, "files.list failed"], 1);
  await expect(value).rejects.toThrow("files.list failed");
});

test("answers are matched by number, in whatever order they come", async () => {
  const [first, second] = [api().call("a"), api().call("b")];
  run(post, ["result", 2, "b", null], 2);
  run(post, ["result", 1, "a", null], 2);
  expect(await Promise.all([first, second])).toEqual(["a", "b"]);
});

test("an answer that nobody waits for is let go", () => {
  expect(() => run(post, ["result", 7, null, "too late"], 1)).not.toThrow();
});

test("what cannot be sent is rejected", async () => {
  post.mockReturnValue(undefined);
  await expect(api().call("a")).rejects.toThrow("cannot be sent");
  const round: unknown[] = [];
  round.push(round);
  await expect(api().call("a", round)).rejects.toThrow();
  let deep: unknown = 1;
  for (let i = 0; i < 20; i++) {
    deep = [deep];
  }
  await expect(api().call("a", deep)).rejects.toThrow("nested more than 12 levels deep");
  expect(post).toHaveBeenCalledTimes(1);
});
