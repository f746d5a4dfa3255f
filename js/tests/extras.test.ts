import { beforeEach, expect, test, vi } from "vitest";

beforeEach(() => {
  vi.resetModules();
});

test("an operation that is not known fails by name", async () => {
  const { default: run } = await import("../src/extras/main.ts");
  expect(() => run(vi.fn(), ["toString"], 0)).toThrow("unknown operation toString");
});

test("what is said before the core is there is sent when it is, in order", async () => {
  const { say } = await import("../src/extras/page.ts");
  const numbers: unknown[] = [];
  say("first", { a: 1 }, (n) => numbers.push(n));
  say("second", {}, (n) => numbers.push(n));
  const { default: run } = await import("../src/extras/main.ts");
  const post = vi.fn().mockReturnValueOnce({ n: 7 });
  run(post, ["start"], 0);
  expect(post.mock.calls).toEqual([
    [{ id: ".", event: "first", data: { a: 1 } }],
    [{ id: ".", event: "second", data: {} }],
  ]);
  expect(numbers).toEqual([7, undefined]);
  say("third", {});
  expect(post).toHaveBeenCalledTimes(3);
});

test("several modules add to one window.jibe", async () => {
  const { offer } = await import("../src/extras/page.ts");
  offer({ one: 1 });
  offer({
    get two() {
      return 2;
    },
  });
  expect(window).toMatchObject({ jibe: { one: 1, two: 2 } });
});
