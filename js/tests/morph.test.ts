import { beforeEach, describe, expect, test, vi } from "vitest";
import { build } from "../src/build.ts";
import { insert, morph } from "../src/morph.ts";
import type { Branch, Tree } from "../src/protocol.ts";
import { byId, changes, summary } from "./client.ts";

const item = (id: string, ...children: Tree[]): Branch => ["li", { id }, ...children];
const list = (...children: Tree[]): Branch => ["ul", { id: "list" }, ...children];

function show(node: Branch): Element {
  const element = build(node);
  document.body.replaceChildren(element);
  return element;
}

/** Morphs, checks that the page is then what would be built, and tells what was changed. */
function morphTo(element: Element, node: Branch): string[] {
  const records = summary(changes(() => morph(element, node)));
  expect(document.body.innerHTML).toBe(build(node).outerHTML);
  return records;
}

beforeEach(() => {
  document.body.replaceChildren();
});

describe("the least is changed", () => {
  test("nothing where nothing differs", () => {
    const node = list(
      "a",
      item("x", ["b", { class: "c", title: "t", hidden: true }, "text"]),
      item("y"),
      "z",
    );
    expect(morphTo(show(node), node)).toEqual([]);
  });

  test("one text", () => {
    const records = morphTo(
      show(list(item("x", "one"), item("y", "two"))),
      list(item("x", "one"), item("y", "2")),
    );
    expect(records).toEqual(["characterData #text"]);
  });

  test("one attribute", () => {
    const element = show(["div", { id: "a", class: "b", title: "t" }]);
    expect(morphTo(element, ["div", { id: "a", class: "c", title: "t" }])).toEqual(["attributes a class"]);
    expect(morphTo(element, ["div", { id: "a", class: "c" }])).toEqual(["attributes a title"]);
  });

  test("one style", () => {
    const element = show(["div", { id: "a", style: { color: "red", width: "1px" } }]);
    expect(morphTo(element, ["div", { id: "a", style: { color: "red", width: "1px" } }])).toEqual([]);
    expect(morphTo(element, ["div", { id: "a", style: { color: "blue" } }])).toEqual(["attributes a style"]);
  });

  test("one element out of place moves alone", () => {
    const ids = ["a", "b", "c", "d", "e"];
    const records = morphTo(
      show(list(...ids.map((id) => item(id)))),
      list(...["e", "a", "b", "c", "d"].map((id) => item(id))),
    );
    expect(records).toEqual(["childList list -e", "childList list +e"]);
  });

  test("new ones go in together, old ones go", () => {
    const element = show(list(item("a"), item("b"), item("c")));
    expect(morphTo(element, list(item("a"), item("x", "1"), item("y"), item("c")))).toEqual([
      "childList list +x +y",
      "childList list -b",
    ]);
  });

  test("HTML that is the same stays", () => {
    const element = show(["div", { id: "a", html: "<p>x <b>y</b></p>" }]);
    expect(morphTo(element, ["div", { id: "a", html: "<p>x <b>y</b></p>" }])).toEqual([]);
    expect(morphTo(element, ["div", { id: "a", html: "<i>z</i>" }])).toEqual(["childList a +i -p"]);
  });
});

describe("elements are kept", () => {
  test("of equal identifier and tag, wherever they go", () => {
    const element = show([
      "div",
      { id: "a" },
      ["div", { id: "b" }, ["p", { id: "c" }, "x"]],
      ["div", { id: "d" }],
    ]);
    const before = ["a", "b", "c", "d"].map((id) => byId(id));
    morphTo(element, [
      "div",
      { id: "a" },
      ["div", { id: "d" }, ["p", { id: "c" }, "y"]],
      ["div", { id: "b" }],
    ]);
    expect(["a", "b", "c", "d"].map((id) => byId(id))).toEqual(before);
  });

  test("when what was outside goes inside", () => {
    const element = show(["div", { id: "a" }, ["div", { id: "b" }, ["p", { id: "c" }]]]);
    const [b, c] = [byId("b"), byId("c")];
    morphTo(element, ["div", { id: "a" }, ["p", { id: "c" }, ["div", { id: "b" }]]]);
    expect([byId("b"), byId("c")]).toEqual([b, c]);
  });

  test("when something new comes around them", () => {
    const element = show(["div", { id: "a" }, ["input", { id: "b" }]]);
    const b = byId<HTMLInputElement>("b");
    b.value = "typed";
    b.focus();
    morphTo(element, [
      "div",
      { id: "a" },
      ["label", { id: "new" }, "Name ", ["span", {}, ["input", { id: "b" }]]],
    ]);
    expect(byId("b")).toBe(b);
    expect(document.activeElement).toBe(b);
    expect(b.value).toBe("typed");
  });

  test("without identifier by tag, in order", () => {
    const element = show(["div", { id: "a" }, ["b", {}, "1"], ["i", {}, "2"], ["b", {}, "3"]]);
    const [one, two, three] = element.children;
    morphTo(element, ["div", { id: "a" }, ["i", {}, "II"], ["b", {}, "I"], ["u", {}], ["b", {}, "III"]]);
    expect([...element.children].filter((child) => child.localName !== "u")).toEqual([two, one, three]);
  });

  test("not for another tag or another identifier", () => {
    const element = show(["div", { id: "a" }, ["b", { id: "x" }], ["i", {}], ["u", { id: "y" }]]);
    const before = [...element.children];
    morphTo(element, ["div", { id: "a" }, ["p", { id: "x" }], ["i", { id: "z" }], ["u", {}]]);
    expect([...element.children].some((child) => before.includes(child))).toBe(false);
  });
});

describe("what is the user's stays", () => {
  test("focus, selection and scroll position", () => {
    const field = (value: string): Branch => ["input", { id: "f", title: value }];
    const element = show(["div", { id: "a" }, ["p", { id: "p" }], field("1"), ["p", { id: "q" }]]);
    const input = byId<HTMLInputElement>("f");
    input.value = "some text";
    input.focus();
    input.setSelectionRange(2, 4);
    element.scrollTop = 13;
    const blurred = vi.fn();
    input.addEventListener("blur", blurred);
    morphTo(element, [
      "div",
      { id: "a" },
      ["p", { id: "q" }],
      field("2"),
      ["p", { id: "p" }],
      ["p", { id: "r" }],
    ]);
    expect(document.activeElement).toBe(input);
    expect([input.selectionStart, input.selectionEnd, element.scrollTop]).toEqual([2, 4, 13]);
    expect(blurred).not.toHaveBeenCalled();
  });

  test("details that the user opened, unless the server has a say", () => {
    const element = show(["details", { id: "a" }, ["summary", {}, "s"]]) as HTMLDetailsElement;
    element.open = true;
    morph(element, ["details", { id: "a", class: "x" }, ["summary", {}, "s"]]);
    expect(element.open).toBe(true);
    morph(element, ["details", { id: "a", "data-on": "toggle:open", ".open": false }, ["summary", {}, "s"]]);
    expect(element.open).toBe(false);
    morph(element, ["details", { id: "a", open: true }, ["summary", {}, "s"]]);
    expect(element.open).toBe(false);
  });
});

test("attributes that show a property in the first HTML do not get in its way", () => {
  document.body.innerHTML =
    '<div id="a"><input id="f" value="first" readonly><select id="s"><option value="x">X</option>' +
    '<option value="y" selected>Y</option></select></div>';
  morph(byId("a"), [
    "div",
    { id: "a" },
    ["input", { id: "f", ".value": "second", ".readOnly": true }],
    ["select", { id: "s", ".value": "x" }, ["option", { value: "x" }, "X"], ["option", { value: "y" }, "Y"]],
  ]);
  expect(byId<HTMLInputElement>("f").value).toBe("second");
  expect(byId<HTMLInputElement>("f").readOnly).toBe(true);
  expect(byId<HTMLSelectElement>("s").value).toBe("x");
});

describe("insert", () => {
  test("ten thousand new rows are one change", () => {
    const element = show(["div", { id: "a" }]);
    const rows = Array.from({ length: 10_000 }, (_, i): Branch => ["p", { id: `r${i}` }, `row ${i}`]);
    const records = changes(() => insert(element, null, rows));
    expect(records).toHaveLength(1);
    expect(element.childElementCount).toBe(10_000);
  });

  test("one at the end of ten thousand touches nothing else", () => {
    const element = show(["div", { id: "a" }, ...Array.from({ length: 10_000 }, (): Branch => ["p", {}])]);
    const last = element.lastChild as ChildNode;
    const visited = vi.spyOn(Node.prototype, "childNodes", "get");
    const records = changes(() => insert(element, null, [["p", { id: "new" }]]));
    expect(summary(records)).toEqual(["childList a +new"]);
    expect(last.nextSibling).toBe(byId("new"));
    expect(visited).not.toHaveBeenCalled();
  });

  test("what is in place already does not move", () => {
    const element = show(list(item("a"), item("b"), item("c")));
    expect(changes(() => insert(element, byId("c"), ["a", "b"]))).toEqual([]);
    expect(changes(() => insert(element, null, ["a", "b", "c"]))).toEqual([]);
  });

  test("a sort with one row out of place moves one row", () => {
    const element = show(list(item("b"), item("c"), item("d"), item("a")));
    const records = changes(() => insert(element, null, ["a", "b", "c", "d"]));
    expect(summary(records)).toEqual(["childList list -a", "childList list +a"]);
  });

  test("a new element whose identifier the page has becomes the old one", () => {
    show(["div", { id: "a" }, ["input", { id: "f", title: "old" }], ["p", { id: "p" }]]);
    const field = byId<HTMLInputElement>("f");
    field.focus();
    insert(byId("p"), null, [["input", { id: "f" }]]);
    expect(byId("f")).toBe(field);
    expect(field.parentElement).toBe(byId("p"));
    expect(field.title).toBe("");
    expect(document.activeElement).toBe(field);
  });
});
