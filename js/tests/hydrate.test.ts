import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  byId,
  changes,
  connect,
  FakeSocket,
  fire,
  isModal,
  operate,
  setPage,
  start,
  summary,
  type,
  useFreshClient,
} from "./client.ts";

useFreshClient();

describe("styles", () => {
  test("go from their sheet to the elements, and the sheet goes", async () => {
    const sheet = "#a{color:red;margin:1px 2px}#b,#c\\.part{width:50%}#gone{color:blue}";
    await start('<p id="a"></p><p id="b"></p><p id="c.part"></p><p id="d"></p>', {}, sheet);
    expect(["a", "b", "c.part", "d"].map((id) => byId(id).style.cssText)).toEqual([
      "color: red; margin: 1px 2px;",
      "width: 50%;",
      "width: 50%;",
      "",
    ]);
    expect(document.getElementById("jibe-style")).toBeNull();
  });

  test("keep short forms with variables, custom properties and what is important", async () => {
    await start('<p id="a"></p>', {}, "#a{margin:var(--x) 0;--y:1px;color:red !important}");
    expect(byId("a").style.cssText).toBe("margin: var(--x) 0; --y: 1px; color: red !important;");
  });

  test("never touch the attribute: a strict policy would not have it", async () => {
    const set = vi.spyOn(Element.prototype, "setAttribute");
    await start('<p id="a"></p>', {}, "#a{color:red}");
    expect(set.mock.calls.filter(([name]) => name === "style")).toEqual([]);
  });

  test("a page without the sheet is fine", async () => {
    setPage('<p id="a"></p>');
    byId("jibe-style").remove();
    await import("../src/main.ts");
    expect(byId("a").style.cssText).toBe("");
  });
});

test("no node of the page is replaced or touched", async () => {
  setPage(
    '<p id="a">x</p><input id="f" value="v" data-on="change:value"><details open data-on="toggle:open"></details>',
  );
  const { hydrate } = await import("../src/hydrate.ts");
  const { startEvents } = await import("../src/events.ts");
  startEvents();
  expect(summary(changes(hydrate))).toEqual([]);
});

test("what came open becomes modal", async () => {
  const socket = await connect('<dialog id="a" open data-on="close:open"></dialog><dialog id="b"></dialog>');
  expect([isModal(byId("a")), isModal(byId("b")), byId<HTMLDialogElement>("b").open]).toEqual([
    true,
    false,
    false,
  ]);
  expect(socket.sent).toEqual([]);
});

test("the types of all elements are listened to", async () => {
  const socket = await connect(
    '<p id="a" data-on="dblclick keyup"></p><div><b id="c" data-on="custom"></b></div>',
  );
  for (const [id, type] of [
    ["a", "dblclick"],
    ["a", "keyup"],
    ["c", "custom"],
    ["c", "click"],
  ] as const) {
    fire(byId(id), type);
  }
  expect(socket.news()).toEqual(["dblclick a", "keyup a", "custom c"]);
});

describe("what was changed before the client was there", () => {
  let found: string[];

  async function changed(html: string, change: () => void): Promise<void> {
    setPage(html);
    change();
    await import("../src/main.ts");
    found = FakeSocket.last.greet().news();
  }

  beforeEach(() => {
    found = [];
  });

  test.each([
    ["a text", '<input id="f" value="old" data-on="change:value">', "value", "new", 'change f "new"'],
    [
      "a text reported while typing",
      '<input id="f" data-on="input:value,debounce=500">',
      "value",
      "new",
      'input f "new"',
    ],
    ["a box", '<input id="f" type="checkbox" data-on="change:checked">', "checked", true, "change f true"],
    ["an area", '<textarea id="f" data-on="change:value">old</textarea>', "value", "new", 'change f "new"'],
    [
      "a choice",
      '<select id="f" data-on="change:value"><option>a<option>b</select>',
      "value",
      "b",
      'change f "b"',
    ],
  ])("%s is reported", async (_, html, property, value, report) => {
    await changed(html, () => Object.assign(byId("f"), { [property]: value }));
    expect(found).toEqual([report]);
  });

  test("several choices", async () => {
    await changed(
      '<select multiple id="f" data-on="change:selected"><option selected>a<option>b</select>',
      () => {
        (byId<HTMLSelectElement>("f").options[1] as HTMLOptionElement).selected = true;
      },
    );
    expect(found).toEqual(['change f ["a","b"]']);
  });

  test("a group of radio buttons", async () => {
    await changed(
      '<fieldset id="f" data-on="change:value"><input type="radio" name="r" value="a" checked>' +
        '<input type="radio" name="r" value="b" id="b"></fieldset>',
      () => byId("b").click(),
    );
    expect(found).toEqual(['change f "b"']);
  });

  test("by a user who is still typing waits for the browser's own event", async () => {
    await changed('<input id="f" data-on="change:value"><p id="p" data-on="click"></p>', () => {
      byId("f").focus();
      byId<HTMLInputElement>("f").value = "half";
    });
    expect(found).toEqual([]);
    operate(FakeSocket.last, [["prop", "f", "value", "older"]]);
    expect(byId<HTMLInputElement>("f").value).toBe("half");
    type(byId<HTMLInputElement>("f"), "whole");
    fire(byId("f"), "change");
    expect(FakeSocket.last.news()).toEqual(['change f "whole"']);
  });

  test("and reported as input leaves the browser's own change to come", async () => {
    await changed('<input id="f" data-on="change:value input:value,debounce=300">', () =>
      Object.assign(byId("f"), { value: "new" }),
    );
    fire(byId("f"), "change");
    expect([...found, ...FakeSocket.last.news()]).toEqual(['input f "new"', 'change f "new"']);
  });

  test("is nothing where the browser only made a value fit", async () => {
    await changed(
      '<input id="f" type="range" max="100" value="150" data-on="change:value">' +
        '<input type="color" data-on="change:value"><input type="range" data-on="input:value">' +
        '<select data-on="change:value"><option>first</select>',
      () => undefined,
    );
    expect(found).toEqual([]);
  });
});
