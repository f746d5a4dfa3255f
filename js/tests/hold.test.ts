/** Typing wins: seen from the page. */
import { beforeEach, describe, expect, test, vi } from "vitest";
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

  test("waits until the report is handled; the latest is applied then", () => {
    type(field(), "mine");
    fire(field(), "change");
    serverSets("one");
    serverSets("two");
    expect(field().value).toBe("mine");
    socket.receive({ got: 1 });
    expect(field().value).toBe("two");
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
    type(field(), "mine");
    fire(field(), "change");
    serverSets("later");
    Object.defineProperty(field(), "value", {
      get: () => "x",
      set() {
        throw new Error("no");
      },
    });
    socket.receive({ seq: 50, got: 1, ops: [["text", "go", "after"]] });
    expect(error.mock.calls[0]?.[0]).toBe("jibe_like: setting value of f failed");
    expect(byId("go").textContent).toBe("after");
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
    socket.receive({ got: 1 });
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
    expect(field("c").checked).toBe(true);
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
    socket.receive({ got: 1 });
    expect(chosen()).toEqual(["b"]);
  });

  test("open", async () => {
    await show('<details id="d" data-on="toggle:open"><summary></summary></details>');
    const details = byId<HTMLDetailsElement>("d");
    details.open = true;
    await vi.waitFor(() => expect(socket.news()).toEqual(["toggle d true"]));
    serverSets(false, undefined, "d", "open");
    expect(details.open).toBe(true);
    socket.receive({ got: 1 });
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

  function reconnect(got: number, resumed: boolean): void {
    socket.drop();
    vi.advanceTimersByTime(300);
    socket = FakeSocket.last.greet(got, resumed);
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

  test("to a fresh session keeps what the old one has not handled, and reports it before the next event", () => {
    type(field(), "mine");
    fire(field(), "change");
    reconnect(0, false);
    const root = { id: "f", "data-on": "change:value", ".value": "" };
    socket.receive({
      seq: 1,
      root: ["main", { id: "topwidget" }, ["input", root], ["button", { id: "go", "data-on": "click" }]],
    });
    expect(field().value).toBe("mine");
    byId("go").click();
    expect(socket.news()).toEqual(['change f "mine"', "click go"]);
  });

  test("to a fresh session gives up what was handled", () => {
    type(field(), "mine");
    fire(field(), "change");
    socket.receive({ got: 1 });
    reconnect(0, false);
    operate(socket, [["prop", "f", "value", "fresh"]]);
    expect(field().value).toBe("fresh");
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
