import { beforeEach, describe, expect, test, vi } from "vitest";

let outbox: typeof import("../src/outbox.ts");

beforeEach(async () => {
  vi.resetModules();
  outbox = await import("../src/outbox.ts");
});

function add(...events: string[]): number[] {
  return events.map((event) => {
    const kept = outbox.number({ id: "w1", event });
    expect(outbox.keep(kept)).toBe(true);
    return kept.n;
  });
}

const missing = (got: number): [number, string][] => outbox.resumeFrom(got).map(({ n, event }) => [n, event]);

test("events are numbered from 1; one that is not kept has no number", () => {
  expect(add("a", "b")).toEqual([1, 2]);
  expect(outbox.number({ id: "w1", event: "x" }).n).toBe(3);
  expect(add("c")).toEqual([3]);
});

test("what the server has for good is dropped, the rest kept in order", () => {
  missing(0);
  add("a", "b", "c", "d");
  outbox.dropUpTo(2);
  expect(missing(0)).toEqual([
    [3, "c"],
    [4, "d"],
  ]);
  expect(missing(3)).toEqual([[4, "d"]]);
  expect(missing(4)).toEqual([]);
  expect(add("e")).toEqual([5]);
});

test("what it has handled is kept till then: it may go back", () => {
  missing(0);
  add("a", "b");
  expect(missing(2)).toEqual([]);
  expect(missing(1)).toEqual([[2, "b"]]);
});

describe("an earlier copy of the page has sent events already", () => {
  test("those of this one come after", () => {
    add("a", "b");
    expect(missing(57)).toEqual([
      [58, "a"],
      [59, "b"],
    ]);
    expect(add("c")).toEqual([60]);
  });

  test("only the first hello can tell of them", () => {
    expect(missing(57)).toEqual([]);
    expect(add("a")).toEqual([58]);
    expect(missing(57)).toEqual([[58, "a"]]);
    expect(missing(58)).toEqual([]);
  });
});

test("a fresh session counts from 1", () => {
  add("a", "b");
  outbox.restartOutbox(0);
  expect(add("c")).toEqual([1]);
  expect(missing(0)).toEqual([[1, "c"]]);
});

test("so many are kept and no more, until the server has some for good", () => {
  missing(0);
  for (let i = 0; i < outbox.MOST_KEPT; i++) {
    add("a");
  }
  expect(outbox.keep(outbox.number({ id: "w1", event: "b" }))).toBe(false);
  outbox.dropUpTo(1);
  expect(add("c")).toEqual([outbox.MOST_KEPT + 1]);
});
