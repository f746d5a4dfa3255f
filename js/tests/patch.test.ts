import { describe, expect, test, vi } from "vitest";
import type { Operation } from "../src/protocol.ts";
import { byId, changes, summary, useFreshClient } from "./client.ts";

useFreshClient();

async function apply(html: string, ...ops: Operation[]): Promise<string[]> {
  const { applyAll } = await import("../src/patch.ts");
  document.body.innerHTML = html;
  return summary(changes(() => applyAll(ops, vi.fn())));
}

describe("each operation touches what it names", () => {
  test.each<[string, Operation, string[]]>([
    ["text of an element with one text", ["text", "a", "new"], ["characterData #text"]],
    ["text of an empty element", ["text", "e", "new"], ["childList e +#text"]],
    ["text in place of elements", ["text", "b", "new"], ["childList b +#text -i"]],
    ["prop that shows nowhere", ["prop", "f", "value", "x"], []],
    ["prop that an attribute shows", ["prop", "f", "disabled", true], ["attributes f disabled"]],
    ["attr", ["attr", "a", "title", "t"], ["attributes a title"]],
    ["style", ["style", "a", "color", "red"], ["attributes a style"]],
    ["class", ["class", "a", "on", true], ["attributes a class"]],
    ["html", ["html", "b", "<u>x</u><s>y</s>"], ["childList b +u +s -i"]],
    [
      "insert of two",
      [
        "insert",
        "b",
        "i",
        [
          ["u", {}],
          ["s", {}],
        ],
      ],
      ["childList b +u +s"],
    ],
    ["move", ["insert", "main", null, ["a"]], ["childList main -a", "childList main +a"]],
    ["remove", ["remove", "b"], ["childList main -b"]],
    ["render of one attribute", ["render", "e", ["p", { id: "e", class: "x" }]], ["attributes e class"]],
    ["an element that is not there", ["text", "gone", "x"], []],
  ])("%s", async (_, operation, expected) => {
    const html =
      '<div id="main"><p id="a">old</p><p id="e"></p><p id="b"><i id="i"></i></p><input id="f"></div>';
    expect(await apply(html, operation)).toEqual(expected);
  });
});

test("a text keeps its node, so that a selection around it survives", async () => {
  await apply('<p id="a">old</p>');
  const node = byId("a").firstChild;
  const { applyAll } = await import("../src/patch.ts");
  applyAll([["text", "a", "new"]], vi.fn());
  expect(byId("a").firstChild).toBe(node);
  expect(byId("a").textContent).toBe("new");
});

describe("call", () => {
  test("calls the method with its arguments", async () => {
    document.body.innerHTML = '<input id="a">';
    const { applyAll } = await import("../src/patch.ts");
    const scroll = vi.fn();
    byId("a").scrollIntoView = scroll;
    applyAll(
      [
        ["call", "a", "scrollIntoView", [{ block: "end" }]],
        ["call", "a", "focus", []],
      ],
      vi.fn(),
    );
    expect(scroll).toHaveBeenCalledExactlyOnceWith({ block: "end" });
    expect(document.activeElement).toBe(byId("a"));
  });
});

describe("message", () => {
  test.each([
    [{ id: "a", kind: "x" }, "a"],
    [{ id: "gone", kind: "x" }, "document"],
    [{ kind: "x" }, "document"],
  ])("%j", async (message, where) => {
    document.body.innerHTML = '<p id="a"></p>';
    const heard: unknown[] = [];
    document.addEventListener("jibe-message", (event) => {
      const target = event.target === document ? "document" : (event.target as Element).id;
      heard.push(target, (event as CustomEvent).detail);
    });
    const { applyAll } = await import("../src/patch.ts");
    applyAll([["message", message]], vi.fn());
    expect(heard).toEqual([where, message]);
  });

  test("a listener that throws does not stop what follows", async () => {
    document.body.innerHTML = '<p id="a"></p>';
    const uncaught = vi.fn((event: Event) => event.preventDefault());
    window.addEventListener("error", uncaught);
    document.addEventListener("jibe-message", () => {
      throw new Error("not mine");
    });
    const { applyAll } = await import("../src/patch.ts");
    applyAll(
      [
        ["message", { kind: "x" }],
        ["text", "a", "after"],
      ],
      vi.fn(),
    );
    expect(byId("a").textContent).toBe("after");
    expect(uncaught).toHaveBeenCalledOnce();
  });
});

test("go leaves for the URL", async () => {
  await apply("", ["go", "#there"]);
  expect(location.hash).toBe("#there");
});

test("an operation that throws is named, and the rest applied", async () => {
  const error = vi.spyOn(console, "error").mockReturnValue();
  const bad: Operation = ["class", "a", "two words", true];
  const records = await apply('<p id="a">x</p>', bad, ["text", "a", "after"]);
  expect(records).toEqual(["characterData #text"]);
  expect(error).toHaveBeenCalledOnce();
  expect(error.mock.calls[0]?.[0]).toBe(`jibe_like: operation ${JSON.stringify(bad)} failed`);
  expect(error.mock.calls[0]?.[1]).toMatchObject({ name: "InvalidCharacterError" });
});

test("what is named of a long operation is short", async () => {
  const error = vi.spyOn(console, "error").mockReturnValue();
  await apply('<p id="a">x</p>', ["call", "a", "nothing", ["x".repeat(10_000)]]);
  expect(String(error.mock.calls[0]?.[0]).length).toBeLessThan(300);
});

test("what the core does not know goes to the extras, in order", async () => {
  const { applyAll } = await import("../src/patch.ts");
  document.body.innerHTML = '<p id="n">x</p>';
  const extra = vi.fn();
  const known: Operation = ["text", "n", "y"];
  applyAll([["state", "n", 5], known, ["shared", "toString", 1]], extra);
  expect(extra.mock.calls).toEqual([[["state", "n", 5]], [["shared", "toString", 1]]]);
  expect(document.body.textContent).toBe("y");
});
