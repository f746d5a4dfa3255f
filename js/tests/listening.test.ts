import { describe, expect, test, vi } from "vitest";
import { carries, entriesOf, isEdit, listen, setListener, widgetOf } from "../src/listening.ts";

function element(on: string, id = ""): Element {
  const div = document.createElement("div");
  div.setAttribute("data-on", on);
  div.id = id;
  return div;
}

describe("data-on", () => {
  test.each([
    ["click", [{ type: "click" }]],
    ["change:value", [{ type: "change", property: "value" }]],
    ["input:value,debounce=300", [{ type: "input", property: "value", debounce: "300" }]],
    ["keydown,keys=Enter|Escape,prevent", [{ type: "keydown", keys: "Enter|Escape", prevent: "1" }]],
    ["scroll,throttle=100,stop", [{ type: "scroll", throttle: "100", stop: "1" }]],
    ["click change:selected", [{ type: "click" }, { type: "change", property: "selected" }]],
  ])("%s", (on, entries) => {
    expect(entriesOf(element(on))).toEqual(entries);
  });

  test("elements of equal value share the entries", () => {
    expect(entriesOf(element("click"))).toBe(entriesOf(element("click")));
  });
});

test("what an element carries", () => {
  const select = element("change:selected");
  expect([carries(select, "selected"), carries(select, "value"), carries(select, "open")]).toEqual([
    true,
    true,
    false,
  ]);
  expect(carries(element("change"), "value")).toBe(false);
});

test("an edit is a change or an input that carries something", () => {
  const edits = entriesOf(element("change:value input:value change click:value toggle:open")).map(isEdit);
  expect(edits).toEqual([true, true, false, false, false]);
});

test("a part belongs to its widget", () => {
  expect([widgetOf(element("", "w3.box.inner")), widgetOf(element("", "w3"))]).toEqual(["w3", "w3"]);
});

test("each type has one listener", () => {
  const add = vi.spyOn(document, "addEventListener").mockReturnValue();
  const listener = (): void => undefined;
  setListener(listener);
  listen("click dblclick");
  listen("click,stop keyup");
  expect(add.mock.calls).toEqual(
    ["click", "dblclick", "keyup"].map((type) => [type, listener, { capture: true, passive: false }]),
  );
});
