import { describe, expect, test, vi } from "vitest";
import { place, refocus, startPlaces } from "../src/place.ts";
import { byId, changes, summary } from "./client.ts";

function list(...ids: string[]): HTMLElement {
  document.body.innerHTML = `<div id="list">${ids.map((id) => `<input id="${id}">`).join("")}</div>`;
  return byId("list");
}

function order(parent: Element): string[] {
  return [...parent.children].map((child) => child.id);
}

/** Brings the children into an order, and tells which were moved. */
function arrange(parent: Element, ids: string[]): Set<string> {
  const records = changes(() =>
    place(
      parent,
      ids.map((id) => byId(id)),
      null,
      [...parent.childNodes],
    ),
  );
  expect(order(parent)).toEqual(ids);
  return new Set(records.flatMap((record) => [...record.addedNodes].map((node) => (node as Element).id)));
}

describe("an order takes the fewest moves", () => {
  test.each([
    [["a", "b", "c", "d", "e"], []],
    [["e", "a", "b", "c", "d"], ["e"]],
    [["b", "c", "d", "e", "a"], ["a"]],
    [["a", "d", "b", "c", "e"], ["d"]],
    [["b", "a", "c", "e", "d"], 2],
    [["e", "d", "c", "b", "a"], 4],
  ])("%j", (ids, moved) => {
    const found = arrange(list("a", "b", "c", "d", "e"), ids);
    expect(typeof moved === "number" ? found.size : [...found]).toEqual(moved);
  });

  test("of a thousand rows one out of place moves alone", () => {
    const ids = Array.from({ length: 1000 }, (_, i) => `r${i}`);
    const parent = list(...ids);
    ids.splice(3, 0, ...ids.splice(900, 1));
    expect([...arrange(parent, ids)]).toEqual(["r900"]);
  });

  test("all orders of five come out right", () => {
    const permute = (rest: string[]): string[][] =>
      rest.length < 2
        ? [rest]
        : rest.flatMap((id) => permute(rest.filter((r) => r !== id)).map((p) => [id, ...p]));
    for (const ids of permute(["a", "b", "c", "d", "e"])) {
      arrange(list("a", "b", "c", "d", "e"), ids);
    }
  });
});

describe("the focused one stays", () => {
  test.each(["a", "b", "c", "d"])("%s", (id) => {
    const parent = list("a", "b", "c", "d");
    byId(id).focus();
    expect(arrange(parent, ["d", "c", "b", "a"])).not.toContain(id);
    expect(document.activeElement).toBe(byId(id));
  });

  test("also where it is deep inside", () => {
    document.body.innerHTML =
      '<div id="list"><div id="a"></div><div id="b"><p><input id="in"></p></div><div id="c"></div></div>';
    byId("in").focus();
    expect(arrange(byId("list"), ["b", "c", "a"])).not.toContain("b");
  });
});

test("new neighbours go in together", () => {
  const parent = list("a", "b");
  const fresh = (id: string): Element => Object.assign(document.createElement("p"), { id });
  const [x, y, z] = [fresh("x"), fresh("y"), fresh("z")];
  const records = changes(() => place(parent, [x, y, byId("a"), z, byId("b")], null, [...parent.childNodes]));
  expect(summary(records)).toEqual(["childList list +z", "childList list +x +y"]);
  expect(order(parent)).toEqual(["x", "y", "a", "z", "b"]);
});

describe("a move", () => {
  const moveToEnd = (id: string): void => place(byId("list"), [byId(id)], null, []);

  test("keeps focus and selection, and tells nobody of the focus", () => {
    list("a", "b");
    const heard = vi.fn(() => expect(refocus.active).toBe(true));
    const field = byId<HTMLInputElement>("a");
    field.value = "some text";
    field.focus();
    field.setSelectionRange(2, 5);
    document.addEventListener("focus", heard, true);
    moveToEnd("a");
    document.removeEventListener("focus", heard, true);
    expect(document.activeElement).toBe(field);
    expect([field.selectionStart, field.selectionEnd]).toEqual([2, 5]);
    expect(heard).toHaveBeenCalledOnce();
    expect(refocus.active).toBe(false);
  });

  test("keeps scroll positions inside, which the browser forgets", () => {
    startPlaces();
    document.body.innerHTML = '<div id="list"><div id="a"><p id="p"></p></div><div id="b"></div></div>';
    for (const id of ["p", "b"]) {
      byId(id).scrollTop = 13;
      byId(id).scrollLeft = 7;
      byId(id).dispatchEvent(new Event("scroll"));
    }
    const parent = byId("list");
    const native = parent.insertBefore;
    parent.insertBefore = <T extends Node>(node: T, before: Node | null): T => {
      byId("p").scrollTop = byId("p").scrollLeft = 0;
      return native.call(parent, node, before) as T;
    };
    const others = vi.spyOn(byId("b"), "scrollTop", "get");
    moveToEnd("a");
    expect([byId("p").scrollTop, byId("p").scrollLeft]).toEqual([13, 7]);
    expect(others).not.toHaveBeenCalled();
  });

  test("uses moveBefore where the browser has it, and not for what is new", () => {
    const parent = list("a", "b");
    const moveBefore = vi.fn(parent.insertBefore);
    Object.assign(parent, { moveBefore });
    place(parent, [byId("b")], byId("a"), []);
    expect(order(parent)).toEqual(["b", "a"]);
    expect(moveBefore).toHaveBeenCalledOnce();
    place(parent, [document.createElement("p")], null, []);
    expect(moveBefore).toHaveBeenCalledOnce();
    expect(parent.lastElementChild?.localName).toBe("p");
  });
});
