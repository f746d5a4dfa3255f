import { beforeEach, describe, expect, test, vi } from "vitest";
import { byId, connect, useFreshClient } from "./client.ts";

useFreshClient();

const tab = (id: string, more = ""): string =>
  `<button role="tab" id="${id}" data-on="click" ${more}></button>`;
const TABS = tab("a") + tab("b") + tab("off", "disabled") + tab("c");
const list = (attributes = "", tabs = TABS): string =>
  `<div role="tablist" id="l" ${attributes}>${tabs}</div>`;

let news: () => string[];

async function show(html: string): Promise<void> {
  const socket = await connect(html);
  news = () => socket.news();
}

/** Presses a key on an element; tells who has the focus, and whether the browser's own action was prevented. */
function press(id: string, key: string, init: KeyboardEventInit = {}): [string, boolean] {
  byId(id).focus();
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
  byId(id).dispatchEvent(event);
  return [document.activeElement?.id ?? "", event.defaultPrevented];
}

describe("keys move the focus and choose", () => {
  beforeEach(() => show(list()));

  test.each([
    ["a", "ArrowRight", "b"],
    ["b", "ArrowRight", "c"],
    ["c", "ArrowRight", "a"],
    ["a", "ArrowLeft", "c"],
    ["c", "ArrowLeft", "b"],
    ["b", "Home", "a"],
    ["a", "End", "c"],
  ])("%s %s: %s", (from, key, to) => {
    expect(press(from, key)).toEqual([to, true]);
    expect(news()).toEqual([`click ${to}`]);
  });

  test.each(["ArrowDown", "ArrowUp", "Enter", "x", "Tab"])("%s is left to the browser", (key) => {
    expect(press("a", key)).toEqual(["a", false]);
    expect(news()).toEqual([]);
  });

  test.each(["altKey", "ctrlKey", "metaKey", "shiftKey"])("with %s too", (modifier) => {
    expect(press("a", "ArrowRight", { [modifier]: true })).toEqual(["a", false]);
  });
});

test("up and down in a vertical list", async () => {
  await show(list('aria-orientation="vertical"'));
  expect([press("a", "ArrowDown"), press("b", "ArrowUp"), press("a", "ArrowRight")]).toEqual([
    ["b", true],
    ["a", true],
    ["a", false],
  ]);
});

test("the other way round from right to left", async () => {
  await show(list('style="direction: rtl"'));
  expect([press("a", "ArrowLeft")[0], press("b", "ArrowRight")[0]]).toEqual(["b", "a"]);
});

test("a list inside a panel is one of its own", async () => {
  await show(
    list("", `${tab("a")}<div>${list("", tab("x") + tab("y")).replace('id="l"', "")}</div>${tab("b")}`),
  );
  expect([press("a", "ArrowRight")[0], press("x", "ArrowRight")[0], press("y", "ArrowRight")[0]]).toEqual([
    "b",
    "y",
    "x",
  ]);
});

test("keys that an application has taken, and keys elsewhere, are left alone", async () => {
  await show(`${list()}<input id="i">`);
  byId("a").addEventListener("keydown", (event) => event.preventDefault());
  expect(press("a", "ArrowRight")[0]).toBe("a");
  expect(press("i", "ArrowRight")).toEqual(["i", false]);
  const keydown = new KeyboardEvent("keydown", { key: "Home" });
  const focus = vi.spyOn(HTMLElement.prototype, "focus");
  document.dispatchEvent(keydown);
  expect(focus).not.toHaveBeenCalled();
});
