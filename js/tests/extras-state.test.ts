import { afterEach, beforeEach, expect, test, vi } from "vitest";

type Run = typeof import("../src/extras/main.ts")["default"];
type State = Record<string, unknown>;

const post = vi.fn();
let run: Run;
let numbers = 0;
const news: unknown[] = [];

function note(event: Event): void {
  news.push((event as CustomEvent).detail);
}

interface Jibe {
  readonly state: State;
  readonly server: { readonly state: State };
}

function jibe(): Jibe {
  return (window as unknown as { jibe: Jibe }).jibe;
}

/** Loads the extras in a page that has these states. */
async function load(states?: object): Promise<State> {
  document.head.innerHTML = '<meta name="jibe-like">';
  document.querySelector("meta")?.setAttribute("content", JSON.stringify({ states }));
  run = (await import("../src/extras/main.ts")).default;
  run(post, ["start"], 0);
  return jibe().state;
}

/** The turn is over. */
async function turn(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await null;
  }
}

/** What the session was told since the last call. */
async function told(): Promise<unknown[]> {
  await turn();
  const calls = post.mock.calls.map(([{ id, event, data }]) => {
    expect([id, event]).toEqual([".", "state"]);
    return data;
  });
  post.mockClear();
  return calls;
}

beforeEach(() => {
  vi.resetModules();
  numbers = 0;
  news.length = 0;
  post.mockReset().mockImplementation(() => ({ n: ++numbers }));
  document.addEventListener("jibe-state", note);
});

afterEach(() => {
  document.removeEventListener("jibe-state", note);
});

test("the page's script finds what the page was loaded with", async () => {
  const state = await load({ app: { n: 1, list: [1, 2] }, server: { all: true } });
  expect({ ...state }).toEqual({ n: 1, list: [1, 2] });
  expect([state.n, "n" in state, "m" in state, state.m]).toEqual([1, true, false, undefined]);
  expect({ ...jibe().server.state }).toEqual({ all: true });
  await turn();
  expect(news).toEqual([]);
});

test("a page without states has empty ones", async () => {
  const state = await load();
  expect([{ ...state }, { ...jibe().server.state }]).toEqual([{}, {}]);
});

test("what the server sets is there, and told once a turn", async () => {
  const state = await load({ app: { n: 1 } });
  run(post, ["state", "n", 2], 0);
  run(post, ["state", "m", 3], 0);
  run(post, ["shared", "all", 4], 0);
  run(post, ["state", "n", 5], 0);
  expect({ ...state }).toEqual({ n: 5, m: 3 });
  expect(jibe().server.state.all).toBe(4);
  await turn();
  expect(news).toEqual([{ app: { n: 5, m: 3 }, server: { all: 4 } }]);
  run(post, ["state", "n", 5], 0);
  await turn();
  expect(news).toHaveLength(1);
  expect(await told()).toEqual([]);
});

test("what the script sets in one turn goes as one event for each state", async () => {
  const state = await load({ app: { n: 1 } });
  state.n = 2;
  state.n = 3;
  state.list = [1];
  jibe().server.state.all = "x";
  expect([state.n, state.list]).toEqual([3, [1]]);
  expect(await told()).toEqual([{ app: { n: 3, list: [1] } }, { server: { all: "x" } }]);
  expect(news).toEqual([{ app: { n: 3, list: [1] }, server: { all: "x" } }]);
  state.n = 3;
  expect(await told()).toEqual([]);
});

test("a list that was changed in place is sent when it is set again", async () => {
  const state = await load({ app: { list: [1] } });
  const list = state.list as number[];
  list.push(2);
  state.list = list;
  expect(await told()).toEqual([{ app: { list: [1, 2] } }]);
});

test("what is deleted or undefined is null", async () => {
  const state = await load({ app: { n: 1, m: 2 } });
  delete state.n;
  state.m = undefined;
  expect(await told()).toEqual([{ app: { n: null, m: null } }]);
});

test("what JSON cannot say is refused", async () => {
  const state = await load({ app: { n: 1 } });
  const loop: unknown[] = [];
  loop.push(loop);
  expect(() => {
    state.n = () => 1;
  }).toThrow("jibe.state: n cannot be a function");
  expect(() => {
    state.n = loop;
  }).toThrow(TypeError);
  expect([state.n, await told()]).toEqual([1, []]);
});

test("the server does not overwrite what it has not heard of yet", async () => {
  const state = await load({ app: { n: 1 } });
  state.n = 2;
  run(post, ["state", "n", 9], 0);
  expect(state.n).toBe(2);
  await turn();
  run(post, ["state", "n", 9], 0);
  expect(state.n).toBe(2);
  run(post, ["state", "n", 10], 1);
  expect(state.n).toBe(10);
  run(post, ["state", "n", 11], 0);
  expect(state.n).toBe(11);
});

test("a value that was set again is not overwritten by what the server made of the first", async () => {
  const state = await load({ app: { n: 1 } });
  state.n = 2;
  await turn();
  state.n = 3;
  run(post, ["state", "n", 20], 1);
  expect(state.n).toBe(3);
  await turn();
  run(post, ["state", "n", 20], 1);
  expect(state.n).toBe(3);
  run(post, ["state", "n", 30], 2);
  expect(state.n).toBe(30);
});

test("a value that cannot be sent does not stand against the server's", async () => {
  const state = await load({ app: { n: 1 } });
  post.mockReturnValue(undefined);
  state.n = 2;
  await turn();
  run(post, ["state", "n", 3], 0);
  expect(state.n).toBe(3);
});

test("all states: what is gone is gone, but for what the page has set since", async () => {
  const state = await load({ app: { n: 1, m: 1, k: 1 }, server: { all: 1 } });
  state.m = 2;
  state.own = 3;
  await turn();
  news.length = 0;
  run(post, ["states", { app: { n: 5, m: 5 } }], 0);
  expect({ ...state }).toEqual({ n: 5, m: 2, own: 3 });
  expect({ ...jibe().server.state }).toEqual({});
  await turn();
  expect(news).toEqual([{ app: { k: null, n: 5 }, server: { all: null } }]);
});

test("a fresh session knows nothing of what the page has set", async () => {
  const state = await load({ app: { n: 1 } });
  state.n = 2;
  await turn();
  run(post, ["states", { app: { n: 1 } }, true], 0);
  expect({ ...state }).toEqual({ n: 1 });
});

test("what is the page's own business is not sent, and kept", async () => {
  const states = { app: { n: 1, open: false }, only: { app: ["open"] } };
  const state = await load(states);
  state.open = true;
  expect(await told()).toEqual([]);
  run(post, ["states", states], 0);
  expect(state.open).toBe(true);
  run(post, ["state", "open", false], 0);
  expect(state.open).toBe(false);
  state.open = true;
  run(post, ["states", states, true], 0);
  expect(state.open).toBe(false);
});
