import { afterEach, beforeEach, expect, test, vi } from "vitest";

const post = vi.fn();

async function watch(known = ""): Promise<void> {
  const { default: run } = await import("../src/extras/main.ts");
  run(post, ["hash", known], 0);
}

/** What the session was told. */
function told(): unknown[] {
  return post.mock.calls.map(([{ id, event, data }]) => [id, event, data.hash]);
}

function go(hash: string): void {
  history.replaceState(null, "", hash || location.pathname);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

const added: [string, EventListener][] = [];

beforeEach(() => {
  vi.resetModules();
  post.mockReset();
  const add = window.addEventListener.bind(window);
  vi.spyOn(window, "addEventListener").mockImplementation((type: string, listener: unknown) => {
    added.push([type, listener as EventListener]);
    add(type, listener as EventListener);
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  for (const [type, listener] of added.splice(0)) {
    removeEventListener(type, listener);
  }
  history.replaceState(null, "", location.pathname);
});

test("tells what there is, and each change", async () => {
  history.replaceState(null, "", "#first");
  await watch();
  go("#second");
  go("");
  expect(told()).toEqual([
    [".", "hash", "first"],
    [".", "hash", "second"],
    [".", "hash", ""],
  ]);
});

test("tells nothing that is known", async () => {
  await watch();
  history.replaceState(null, "", "#first");
  await watch("first");
  expect(told()).toEqual([]);
});

test("another session is told anew, and each change once", async () => {
  history.replaceState(null, "", "#first");
  await watch();
  await watch();
  go("#second");
  expect(told().map((entry) => (entry as unknown[])[2])).toEqual(["first", "first", "second"]);
});
