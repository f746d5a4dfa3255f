import { beforeEach, describe, expect, test, vi } from "vitest";
import { byId, connect, type FakeSocket, fire, operate, type, useFreshClient } from "./client.ts";

useFreshClient();

let socket: FakeSocket;

beforeEach(() => {
  vi.useFakeTimers();
});

async function show(html: string): Promise<void> {
  socket = await connect(html);
}

const pass = (milliseconds: number): void => void vi.advanceTimersByTime(milliseconds);
const field = (id = "f"): HTMLInputElement => byId<HTMLInputElement>(id);

function key(id: string, name: string, init: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...init });
  byId(id).dispatchEvent(event);
  return event;
}

describe("the walk from the target up", () => {
  test("reaches every element that lists the type", async () => {
    await show(
      '<div id="a" data-on="click"><div id="b" data-on="keyup"><i id="c" data-on="click"></i></div></div>',
    );
    byId("c").click();
    expect(socket.news()).toEqual(["click c", "click a"]);
    byId("b").click();
    expect(socket.news()).toEqual(["click a"]);
  });

  test("ends where one says stop", async () => {
    await show(
      '<div id="a" data-on="click"><div id="b" data-on="click,stop"><i id="c" data-on="click"></i></div></div>',
    );
    byId("c").click();
    expect(socket.news()).toEqual(["click c", "click b"]);
  });

  test("starts at whatever was hit inside", async () => {
    await show('<button id="w1" data-on="click"><b><i id="i">x</i></b></button>');
    byId("i").click();
    expect(socket.news()).toEqual(["click w1"]);
  });

  test("a part speaks for its widget", async () => {
    await show('<div id="w1"><button id="w1.close" data-on="click"></button></div>');
    byId("w1.close").click();
    expect(socket.news()).toEqual(["click w1"]);
  });

  test("ends at what is disabled", async () => {
    await show(
      '<div id="a" data-on="click"><fieldset disabled><button id="b" data-on="click"></button></fieldset></div>',
    );
    fire(byId("b"), "click");
    expect(socket.news()).toEqual([]);
  });

  test("is in the capture phase: what stops an event in the page does not stop it here", async () => {
    await show('<button id="a" data-on="click"></button>');
    byId("a").addEventListener("click", (event) => event.stopImmediatePropagation());
    byId("a").click();
    expect(socket.news()).toEqual(["click a"]);
  });

  test("leaves alone what happens to the document", async () => {
    await show('<div id="a" data-on="scroll"></div>');
    document.dispatchEvent(new Event("scroll"));
    expect(socket.news()).toEqual([]);
  });
});

describe("events that do not bubble", () => {
  const dispatch = (id: string, type: string): void => void byId(id).dispatchEvent(new Event(type));

  test("are for the target alone, as in the DOM", async () => {
    await show(
      '<div id="w1" data-on="scroll focus"><div id="w2" data-on="scroll"><input id="w3"></div></div>',
    );
    dispatch("w2", "scroll");
    dispatch("w3", "focus");
    expect(socket.news()).toEqual(["scroll w2"]);
  });

  test("of a part are the widget's too", async () => {
    await show('<div id="w1" data-on="focus"><input id="w1.box"></div>');
    dispatch("w1.box", "focus");
    expect(socket.news()).toEqual(["focus w1"]);
  });

  test("which the browser dispatches to each element come once", async () => {
    await show('<div id="w1" data-on="mouseenter"><b id="w1.label"></b></div>');
    dispatch("w1", "mouseenter");
    dispatch("w1.label", "mouseenter");
    expect(socket.news()).toEqual(["mouseenter w1"]);
  });
});

describe("details", () => {
  test("of the mouse", async () => {
    await show('<button id="a" data-on="click"></button>');
    byId("a").dispatchEvent(new MouseEvent("click", { bubbles: true, clientX: 10, clientY: 5 }));
    byId("a").dispatchEvent(
      new MouseEvent("click", {
        bubbles: true,
        button: 2,
        altKey: true,
        ctrlKey: true,
        metaKey: true,
        shiftKey: true,
      }),
    );
    const modifiers = { altKey: true, ctrlKey: true, metaKey: true, shiftKey: true };
    expect(socket.messages.map(({ data }) => data)).toEqual([
      { clientX: 10, clientY: 5 },
      { clientX: 0, clientY: 0, button: 2, ...modifiers },
    ]);
  });

  test("of the keyboard", async () => {
    await show('<input id="f" data-on="keydown">');
    key("f", "A", { code: "KeyA", shiftKey: true });
    expect(socket.messages[0]).toMatchObject({ data: { key: "A", code: "KeyA", shiftKey: true } });
  });

  test("of anything else are none", async () => {
    await show('<form id="a" data-on="submit"></form>');
    fire(byId("a"), "submit");
    expect(socket.sent).toEqual(['{"n":1,"ack":0,"id":"a","event":"submit"}']);
  });
});

describe("options", () => {
  test("prevent keeps the browser from its own action", async () => {
    await show('<a id="a" href="/x" data-on="click,prevent"></a><a id="b" data-on="click"></a>');
    const dispatch = (id: string): boolean =>
      byId(id).dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    expect([dispatch("a"), dispatch("b")]).toEqual([false, true]);
  });

  describe("keys", () => {
    beforeEach(() => show('<input id="f" data-on="keydown,keys=Enter|Space|KeyK,prevent">'));

    test.each([
      ["Enter", {}, true],
      [" ", { code: "Space" }, true],
      ["k", { code: "KeyK" }, true],
      ["Escape", {}, false],
      ["enter", {}, false],
      ["Enter", { isComposing: true }, false],
      ["Enter", { keyCode: 229 }, false],
    ])("%s %j", (name, init, taken) => {
      expect(key("f", name, init).defaultPrevented).toBe(taken);
      expect(socket.sent).toHaveLength(taken ? 1 : 0);
    });

    test("nothing that is no key", () => {
      fire(byId("f"), "keydown");
      expect(socket.sent).toEqual([]);
    });
  });

  test("the first entry whose keys fit counts", async () => {
    await show('<input id="f" data-on="keydown,keys=Enter keydown,keys=Escape,prevent">');
    expect([key("f", "Enter").defaultPrevented, key("f", "Escape").defaultPrevented]).toEqual([false, true]);
    expect(socket.sent).toHaveLength(2);
  });

  describe("debounce", () => {
    beforeEach(() => show('<input id="f" data-on="input:value,debounce=300">'));

    test("reports once, the last value, when it has been quiet", () => {
      type(field(), "a");
      pass(299);
      type(field(), "ab");
      pass(299);
      expect(socket.news()).toEqual([]);
      pass(1);
      expect(socket.news()).toEqual(['input f "ab"']);
      pass(1_000);
      expect(socket.news()).toEqual([]);
    });

    test("an element that went meanwhile is silent", () => {
      type(field(), "a");
      field().remove();
      pass(300);
      expect(socket.news()).toEqual([]);
    });
  });

  describe("throttle", () => {
    beforeEach(() => show('<div id="a" data-on="wheel,throttle=100"></div>'));
    const wheel = (): void => fire(byId("a"), "wheel");

    test("reports the first at once, then one each interval, the last included", () => {
      wheel();
      expect(socket.sent).toHaveLength(1);
      wheel();
      wheel();
      pass(99);
      expect(socket.sent).toHaveLength(1);
      pass(1);
      expect(socket.sent).toHaveLength(2);
      pass(1_000);
      expect(socket.sent).toHaveLength(2);
      wheel();
      expect(socket.sent).toHaveLength(3);
    });

    test("steady events come at the interval", () => {
      for (let i = 0; i < 100; i++) {
        wheel();
        pass(10);
      }
      expect(socket.sent).toHaveLength(11);
    });
  });
});

describe("properties", () => {
  test("the value now, of what was touched", async () => {
    await show(
      '<div id="a" data-on="click:value"><button value="x" id="b"></button><button value="y" id="c"></button></div>',
    );
    byId("b").click();
    byId("c").click();
    byId("c").click();
    expect(socket.news()).toEqual(['click a "x"', 'click a "y"', 'click a "y"']);
  });

  test("an event that the server caused itself is not reported", async () => {
    await show(
      '<details id="d" data-on="toggle:open"></details><dialog id="g" data-on="close:open"></dialog>',
    );
    operate(socket, [
      ["prop", "d", "open", true],
      ["prop", "g", "open", true],
      ["prop", "g", "open", false],
    ]);
    vi.runAllTimers();
    byId("d").dispatchEvent(new Event("toggle"));
    expect(socket.messages.filter(({ event }) => event)).toEqual([]);
    byId<HTMLDetailsElement>("d").open = false;
    byId("d").dispatchEvent(new Event("toggle"));
    expect(socket.news().at(-1)).toBe("toggle d false");
  });

  test("a dialog that the user closes is reported", async () => {
    await show('<dialog id="g" data-on="close:open"></dialog>');
    operate(socket, [["prop", "g", "open", true]]);
    byId<HTMLDialogElement>("g").close();
    vi.runAllTimers();
    expect(socket.news()[0]).toBe("close g false");
  });
});

describe("before any other event", () => {
  test("a field that is typed in is reported, its own event does not come again", async () => {
    await show('<input id="f" data-on="change:value"><button id="go" data-on="click"></button>');
    type(field(), "text");
    byId("go").click();
    expect(socket.news()).toEqual(['change f "text"', "click go"]);
    fire(field(), "change");
    byId("go").click();
    expect(socket.news()).toEqual(["click go"]);
  });

  test("its own event does come when it has another value", async () => {
    await show('<input id="f" data-on="change:value"><button id="go" data-on="click"></button>');
    type(field(), "text");
    byId("go").click();
    type(field(), "texts");
    fire(field(), "change");
    expect(socket.news()).toEqual(['change f "text"', "click go", 'change f "texts"']);
  });

  test("the same text typed again is news: the server may have cleared the field", async () => {
    await show('<input id="f" data-on="change:value keydown,keys=Enter">');
    type(field(), "milk");
    key("f", "Enter");
    expect(socket.news()).toEqual(['change f "milk"', "keydown f"]);
    operate(socket, [["prop", "f", "value", ""]], 2);
    expect(field().value).toBe("");
    type(field(), "milk");
    fire(field(), "change");
    expect(socket.news()).toEqual(['change f "milk"']);
  });

  test("what waits for its debounce time leaves, in the order in which it came", async () => {
    await show(
      '<input id="f" data-on="input:value,debounce=300"><input id="g" data-on="input:value,debounce=300">' +
        '<input id="h" data-on="change:value"><button id="go" data-on="click"></button>',
    );
    type(field("g"), "1");
    type(field("h"), "2");
    type(field("f"), "3");
    byId("go").click();
    expect(socket.news()).toEqual(['input g "1"', 'input f "3"', 'change h "2"', "click go"]);
    pass(1_000);
    expect(socket.news()).toEqual([]);
  });

  test("a field with both events is reported by the one that waits; the other still comes", async () => {
    await show(
      '<input id="f" data-on="input:value,debounce=300 change:value"><button id="go" data-on="click"></button>',
    );
    type(field(), "a");
    byId("go").click();
    expect(socket.news()).toEqual(['input f "a"', "click go"]);
    fire(field(), "change");
    expect(socket.news()).toEqual(['change f "a"']);
  });

  test("the event of a field itself carries its value: nothing goes twice", async () => {
    await show('<input id="f" data-on="input:value"><input id="g" data-on="change:value">');
    type(field("f"), "a");
    type(field("g"), "b");
    fire(field("g"), "change");
    expect(socket.news()).toEqual(['input f "a"', 'change g "b"']);
  });

  test("an event around the field comes after the field's report", async () => {
    await show('<form id="form" data-on="input submit"><input id="f" data-on="change:value"></form>');
    type(field(), "a");
    fire(byId("form"), "submit");
    expect(socket.news()).toEqual(['change f "a"', "input form", "submit form"]);
  });

  test("a box that reports a change reports it once", async () => {
    await show(
      '<form id="form" data-on="input"><input type="checkbox" id="f" data-on="change:checked"></form>',
    );
    field().click();
    expect(socket.news()).toEqual(["change f true", "input form"]);
    field().click();
    expect(socket.news()).toEqual(["change f false", "input form"]);
  });
});

test("focus that is put back after a move is not the user's", async () => {
  await show('<div id="l"><input id="f" data-on="focus"></div><div id="r"></div>');
  field().focus();
  expect(socket.news()).toEqual(["focus f"]);
  operate(socket, [["insert", "r", null, ["f"]]]);
  expect(document.activeElement).toBe(field());
  expect(socket.news()).toEqual([]);
});

test("elements that come later are listened to", async () => {
  await show('<div id="a"></div>');
  operate(socket, [["insert", "a", null, [["button", { id: "b", "data-on": "click" }]]]]);
  byId("b").click();
  operate(socket, [["attr", "a", "data-on", "dblclick"]]);
  fire(byId("b"), "dblclick");
  operate(socket, [["render", "a", ["div", { id: "a", "data-on": "keyup" }]]]);
  fire(byId("a"), "keyup");
  operate(socket, [["attr", "a", "data-on", null]]);
  fire(byId("a"), "keyup");
  expect(socket.news()).toEqual(["click b", "dblclick a", "keyup a"]);
});

describe("a form that is reset", () => {
  const FORM =
    '<form id="form" data-on="reset"><input id="f" value="default" data-on="change:value">' +
    '<input id="i" data-on="input:value,debounce=300">' +
    '<input type="checkbox" id="c" data-on="change:checked">' +
    '<select multiple id="s" data-on="change:selected"><option selected>a<option>b</select>' +
    '<fieldset id="g" data-on="change:value"><input type="radio" name="r" id="x" value="x" checked>' +
    '<input type="radio" name="r" id="y" value="y"></fieldset>' +
    '<button type="reset" id="reset" data-on="click"></button></form><input id="out" data-on="change:value">';

  beforeEach(() => show(FORM));

  function fill(): void {
    type(field(), "mine");
    fire(field(), "change");
    field("c").click();
    (byId<HTMLSelectElement>("s").options[1] as HTMLOptionElement).selected = true;
    fire(byId("s"), "change");
    field("y").click();
    socket.news();
  }

  test("reports what the server does not know, once the browser has reset it", () => {
    fill();
    byId("reset").click();
    expect(socket.news()).toEqual(["click reset", "reset form"]);
    expect(field().value).toBe("default");
    pass(0);
    expect(socket.news()).toEqual(['change f "default"', "change c false", 'change s ["a"]', 'change g "x"']);
    pass(1_000);
    expect(socket.news()).toEqual([]);
  });

  test("reports nothing where nothing was changed, nor what is outside", () => {
    type(field("out"), "mine");
    fire(field("out"), "change");
    socket.news();
    byId("reset").click();
    pass(0);
    expect(socket.news()).toEqual(["click reset", "reset form"]);
  });

  test("takes back what was typed and not reported", () => {
    field().focus();
    type(field(), "half");
    operate(socket, [["prop", "f", "value", "server"]]);
    byId<HTMLFormElement>("form").reset();
    pass(0);
    // The native event of the form brought the typed text along.
    expect(socket.news()).toEqual(['change f "half"', "reset form", 'change f "default"']);
    expect(field().value).toBe("default");
  });

  test("reports what the server has set since", () => {
    operate(socket, [["prop", "f", "value", "server"]]);
    byId<HTMLFormElement>("form").reset();
    pass(0);
    expect(socket.news()).toEqual(["reset form", 'change f "default"']);
  });

  test("says of a group without a choice that it has none", async () => {
    byId("x").removeAttribute("checked");
    field("y").click();
    socket.news();
    byId<HTMLFormElement>("form").reset();
    pass(0);
    expect(socket.news()).toEqual(["reset form", 'change g ""']);
  });

  test("that a listener keeps from being reset reports nothing", () => {
    fill();
    byId("form").addEventListener("reset", (event) => event.preventDefault());
    byId("reset").click();
    pass(0);
    expect(socket.news()).toEqual(["click reset", "reset form"]);
    expect(field().value).toBe("mine");
  });
});
