/** Typing wins: seen from the page. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Branch } from "../src/protocol.ts";
import { byId, connect, FakeSocket, fire, operate, start, type, useFreshClient } from "./client.ts";

useFreshClient();

const FIELD = '<input id="f" data-on="change:value"><button id="go" data-on="click"></button>';

let socket: FakeSocket;

async function show(html: string): Promise<void> {
  socket = await connect(html);
}

const field = (id = "f"): HTMLInputElement => byId<HTMLInputElement>(id);
const serverSets = (value: unknown, got?: number, id = "f", name = "value"): void =>
  operate(socket, [["prop", id, name, value]], got);

describe("what the server sets", () => {
  beforeEach(() => show(FIELD));

  test("is applied where the user has typed nothing", () => {
    serverSets("a");
    expect(field().value).toBe("a");
  });

  test("waits while something typed is not reported, and is dropped by the report", () => {
    type(field(), "mine");
    serverSets("older");
    expect(field().value).toBe("mine");
    fire(field(), "change");
    socket.receive({ got: 1 });
    expect(field().value).toBe("mine");
  });

  test("waits until the report is handled, and is dropped then: the server has the newer value", () => {
    type(field(), "mine");
    fire(field(), "change");
    serverSets("one");
    serverSets("two");
    expect(field().value).toBe("mine");
    socket.receive({ got: 1 });
    expect(field().value).toBe("mine");
    serverSets("three");
    expect(field().value).toBe("three");
  });

  test("before the report is dropped with it, also where the user has typed on and takes that back", () => {
    type(field(), "mine");
    fire(field(), "change");
    serverSets("older");
    type(field(), "mine and more");
    socket.receive({ got: 1 });
    type(field(), "mine");
    field().focus();
    field().blur();
    expect(field().value).toBe("mine");
  });

  test("is applied at once by the frame that says that the report is handled", () => {
    type(field(), "mine");
    fire(field(), "change");
    serverSets("answer", 1);
    expect(field().value).toBe("answer");
  });

  test("waits on while the user goes on typing", () => {
    type(field(), "m");
    fire(field(), "change");
    type(field(), "mine");
    serverSets("older", 1);
    expect(field().value).toBe("mine");
    fire(field(), "change");
    socket.receive({ got: 2 });
    expect(field().value).toBe("mine");
    serverSets("newer");
    expect(field().value).toBe("newer");
  });

  test("of another property or another element does not wait", () => {
    type(field(), "mine");
    operate(socket, [
      ["prop", "f", "disabled", true],
      ["attr", "f", "title", "t"],
      ["text", "go", "Go"],
    ]);
    expect([field().disabled, field().title, byId("go").textContent]).toEqual([true, "t", "Go"]);
  });

  test("by morphing waits too, the rest of it does not", () => {
    type(field(), "mine");
    operate(socket, [
      ["render", "f", ["input", { id: "f", "data-on": "change:value", title: "t", ".value": "older" }]],
    ]);
    expect([field().value, field().title]).toEqual(["mine", "t"]);
  });

  test("and fails when its time comes is reported, and harms nothing", () => {
    const error = vi.spyOn(console, "error").mockReturnValue();
    type(field(), "x");
    serverSets("later");
    Object.defineProperty(field(), "value", {
      get: () => "",
      set() {
        throw new Error("no");
      },
    });
    byId("go").click();
    expect(error.mock.calls[0]?.[0]).toBe("jibe_like: setting value of f failed");
    expect(socket.news()).toEqual(["click go"]);
  });
});

describe("what was typed and taken back", () => {
  beforeEach(() => show(FIELD));

  test("does not keep the server's value away once the field is left", () => {
    field().focus();
    type(field(), "x");
    serverSets("server");
    type(field(), "");
    field().blur();
    expect(field().value).toBe("server");
    expect(socket.sent).toEqual([]);
  });

  test("is not reported before another event", () => {
    type(field(), "x");
    type(field(), "");
    byId("go").click();
    expect(socket.news()).toEqual(["click go"]);
  });
});

describe("other two-way properties", () => {
  test("checked", async () => {
    await show('<input type="checkbox" id="f" data-on="change:checked">');
    field().click();
    serverSets(false, undefined, "f", "checked");
    expect(field().checked).toBe(true);
    serverSets(false, 1, "f", "checked");
    expect(field().checked).toBe(false);
  });

  test("the chosen one of a group of radio buttons", async () => {
    const radio = (id: string): string => `<input type="radio" name="r" id="${id}" value="${id}">`;
    await show(`<fieldset id="g" data-on="change:value">${radio("a")}${radio("b")}${radio("c")}</fieldset>`);
    field("b").click();
    expect(socket.news()).toEqual(['change g "b"']);
    serverSets(false, undefined, "b", "checked");
    serverSets(true, undefined, "c", "checked");
    expect(field("b").checked).toBe(true);
    socket.receive({ got: 1 });
    expect(field("b").checked).toBe(true);
    serverSets(true, undefined, "a", "checked");
    expect(field("a").checked).toBe(true);
  });

  test("several selected", async () => {
    await show('<select multiple id="s" data-on="change:selected"><option>a<option>b</select>');
    const select = byId<HTMLSelectElement>("s");
    const chosen = (): string[] => Array.from(select.selectedOptions, ({ value }) => value);
    (select.options[0] as HTMLOptionElement).selected = true;
    fire(select, "change");
    expect(socket.news()).toEqual(['change s ["a"]']);
    serverSets(["b"], undefined, "s", "selected");
    expect(chosen()).toEqual(["a"]);
    serverSets(["b"], 1, "s", "selected");
    expect(chosen()).toEqual(["b"]);
  });

  test("open", async () => {
    await show('<details id="d" data-on="toggle:open"><summary></summary></details>');
    const details = byId<HTMLDetailsElement>("d");
    details.open = true;
    await vi.waitFor(() => expect(socket.news()).toEqual(["toggle d true"]));
    serverSets(false, undefined, "d", "open");
    expect(details.open).toBe(true);
    serverSets(false, 1, "d", "open");
    expect(details.open).toBe(false);
  });

  test("one that no event carries does not wait", async () => {
    await show('<input id="f" data-on="focus">');
    type(field(), "mine");
    serverSets("server");
    expect(field().value).toBe("server");
  });
});

describe("a lost connection", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return show(FIELD);
  });

  function reconnect(got: number, kept?: number): void {
    socket.drop();
    vi.advanceTimersByTime(300);
    socket = FakeSocket.last;
    socket.onopen?.();
    socket.receive({ hello: { token: "t", got, ...(kept !== undefined && { kept }), resumed: true } });
  }

  test("does not lose what was typed meanwhile", () => {
    socket.drop();
    type(field(), "mine");
    fire(field(), "change");
    vi.advanceTimersByTime(300);
    socket = FakeSocket.last.greet(0);
    serverSets("older");
    expect(field().value).toBe("mine");
    expect(socket.news()).toEqual(['change f "mine"']);
  });

  test("and a server that has lost what it had handled: its older value does not show", () => {
    reconnect(0, 0);
    type(field(), "mine");
    fire(field(), "change");
    socket.receive({ got: 1 });
    reconnect(0, 0);
    expect(socket.news()).toEqual(['change f "mine"']);
    serverSets("older");
    expect(field().value).toBe("mine");
    serverSets("older still");
    socket.receive({ got: 1 });
    expect(field().value).toBe("mine");
    serverSets("answer");
    expect(field().value).toBe("answer");
  });

  test("and a value that was set before the event was handled, and comes after: it does not show", () => {
    type(field(), "mine");
    fire(field(), "change");
    reconnect(1);
    serverSets("older");
    expect(field().value).toBe("mine");
    socket.receive({ got: 1 });
    expect(field().value).toBe("mine");
    serverSets("answer");
    expect(field().value).toBe("answer");
  });

  test("and a server that says it has less than it said, but gets nothing again: its value shows", () => {
    type(field(), "mine");
    fire(field(), "change");
    socket.receive({ got: 1 });
    reconnect(0);
    expect(socket.sent).toEqual([]);
    serverSets("server");
    expect(field().value).toBe("server");
  });
});

describe("a fresh session", () => {
  const PAGE =
    '<input id="f" data-on="change:value"><input id="other" data-on="change:value">' +
    '<button id="go" data-on="click"></button>';
  const input = (id: string, value: string): Branch => [
    "input",
    { id, "data-on": "change:value", ".value": value },
  ];

  beforeEach(() => {
    vi.useFakeTimers();
  });

  function restart(): void {
    socket.drop();
    vi.advanceTimersByTime(300);
    socket = FakeSocket.last.greet(0, false);
  }

  function receiveRoot(...children: Branch[]): void {
    socket.receive({ seq: 1, root: ["main", { id: "topwidget" }, ...children] });
  }

  test("gets what was reported, handled or not, once its root has been applied; the rest is the server's", async () => {
    await show(PAGE);
    type(field(), "mine");
    fire(field(), "change");
    socket.receive({ got: 1 });
    restart();
    expect(socket.sent).toEqual([]);
    receiveRoot(input("f", ""), input("other", "fresh"));
    expect([field().value, field("other").value]).toEqual(["mine", "fresh"]);
    expect(socket.messages).toEqual([
      { n: 1, ack: 1, id: "f", event: "change", properties: { value: "mine" } },
    ]);
    serverSets("older", 0);
    socket.receive({ got: 1 });
    expect(field().value).toBe("mine");
  });

  test("gets what was typed and not reported, also of a field in use", async () => {
    await show(PAGE);
    field().focus();
    type(field(), "half");
    restart();
    receiveRoot(input("f", ""));
    expect(field().value).toBe("half");
    expect(socket.news()).toEqual(['change f "half"']);
    type(field(), "whole");
    fire(field(), "change");
    expect(socket.news()).toEqual(['change f "whole"']);
  });

  test("gets it again where it is lost as well", async () => {
    await show(PAGE);
    type(field(), "mine");
    fire(field(), "change");
    for (let i = 0; i < 2; i++) {
      restart();
      receiveRoot(input("f", ""));
      expect(socket.news()).toEqual(['change f "mine"']);
      socket.receive({ got: 1 });
    }
  });

  test("does not get what the server has set since", async () => {
    await show(PAGE);
    type(field(), "mine");
    fire(field(), "change");
    serverSets("MINE", 1);
    restart();
    receiveRoot(input("f", "fresh"));
    expect(field().value).toBe("fresh");
    expect(socket.sent).toEqual([]);
  });

  test("gets what the server has only set to the same", async () => {
    await show(PAGE);
    type(field(), "mine");
    fire(field(), "change");
    serverSets("mine", 1);
    restart();
    receiveRoot(input("f", "fresh"));
    expect(socket.news()).toEqual(['change f "mine"']);
  });

  test("is not told what it has already, nor of a field that it does not have", async () => {
    await show(PAGE);
    for (const id of ["f", "other"]) {
      type(field(id), "mine");
      fire(field(id), "change");
    }
    restart();
    receiveRoot(input("f", "mine"), ["button", { id: "go", "data-on": "click" }]);
    expect(socket.sent).toEqual([]);
    byId("go").click();
    expect(socket.news()).toEqual(["click go"]);
    serverSets("later");
    expect(field().value).toBe("later");
  });

  test("gets boxes and choices", async () => {
    await show(
      '<input type="checkbox" id="c" data-on="change:checked">' +
        '<select multiple id="s" data-on="change:selected"><option>a<option>b</select>' +
        '<fieldset id="g" data-on="change:value"><input type="radio" name="r" id="x" value="x" checked>' +
        '<input type="radio" name="r" id="y" value="y"></fieldset>',
    );
    field("c").click();
    (byId<HTMLSelectElement>("s").options[1] as HTMLOptionElement).selected = true;
    fire(byId("s"), "change");
    field("y").click();
    socket.receive({ got: 3 });
    restart();
    const radio = (id: string, checked: boolean): Branch => [
      "input",
      { id, type: "radio", name: "r", value: id, ".checked": checked },
    ];
    receiveRoot(
      ["input", { id: "c", type: "checkbox", "data-on": "change:checked", ".checked": false }],
      [
        "select",
        { id: "s", multiple: true, "data-on": "change:selected", ".selected": ["a"] },
        ["option", {}, "a"],
        ["option", {}, "b"],
      ],
      ["fieldset", { id: "g", "data-on": "change:value" }, radio("x", true), radio("y", false)],
    );
    expect(socket.news()).toEqual(["change c true", 'change s ["b"]', 'change g "y"']);
    expect([field("c").checked, field("y").checked]).toEqual([true, true]);
  });

  test("does not get what is no field: a toggle is the application's", async () => {
    await show('<details id="d" data-on="toggle:open"><summary></summary></details>');
    const details = byId<HTMLDetailsElement>("d");
    details.open = true;
    fire(details, "toggle");
    expect(socket.news()).toEqual(["toggle d true"]);
    restart();
    receiveRoot(["details", { id: "d", "data-on": "toggle:open", ".open": false }]);
    expect(details.open).toBe(false);
    expect(socket.sent).toEqual([]);
  });
});

test("what is typed before the first hello is held too, also where its number shifts then", async () => {
  socket = await start(FIELD);
  type(field(), "mine");
  fire(field(), "change");
  socket.greet(40);
  expect(socket.messages).toMatchObject([{ n: 41 }]);
  serverSets("older", 40);
  expect(field().value).toBe("mine");
  serverSets("newer", 41);
  expect(field().value).toBe("newer");
});
