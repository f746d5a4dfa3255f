import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Hello, Operation } from "../src/protocol.ts";
import { byId, connect, FakeRequest, FakeSocket, settled, start, useFreshClient } from "./client.ts";

useFreshClient();

beforeEach(() => {
  vi.useFakeTimers();
});

const BUTTONS =
  '<button id="a" data-on="click">A</button><button id="b" data-on="click">B</button><p id="p">0</p>';
const click = (id: string): void => byId(id).click();
const numbers = (socket: FakeSocket): unknown[] => socket.messages.map(({ n }) => n);

/** Lets the connection break and come back. */
function reconnect(got: number, resumed = true): FakeSocket {
  FakeSocket.last.drop();
  vi.advanceTimersByTime(300);
  return FakeSocket.last.greet(got, resumed, "third");
}

describe("a click", () => {
  test("leaves at once, without a timer", async () => {
    const socket = await connect(BUTTONS);
    const timer = vi.spyOn(globalThis, "setTimeout");
    click("a");
    expect(socket.sent).toEqual([
      '{"n":1,"ack":0,"id":"a","event":"click","data":{"clientX":0,"clientY":0}}',
    ]);
    expect(timer).not.toHaveBeenCalled();
  });

  test("before the server's hello waits for that", async () => {
    const socket = await start(BUTTONS);
    click("a");
    socket.onopen?.();
    expect(socket.sent).toEqual([]);
    socket.receive({ hello: { token: "t", got: 0, resumed: true } });
    expect(numbers(socket)).toEqual([1]);
  });

  test("after the session has ended goes nowhere", async () => {
    const socket = await connect(BUTTONS);
    socket.drop(1000);
    click("a");
    expect(socket.sent).toEqual([]);
  });
});

describe("frames", () => {
  test("one with one operation is applied, and its number reported with the next event", async () => {
    const socket = await connect(BUTTONS);
    socket.receive({ seq: 13, got: 8, ops: [["text", "p", "count: 1"]] });
    expect(byId("p").textContent).toBe("count: 1");
    click("a");
    expect(socket.messages[0]).toMatchObject({ ack: 13 });
  });

  test("one that was applied already is dropped, its `got` is not", async () => {
    const socket = await connect(BUTTONS, { seq: 5 });
    click("a");
    socket.receive({ seq: 5, ops: [["text", "p", "old"]] });
    socket.receive({ seq: 7, ops: [["text", "p", "new"]] });
    socket.receive({ seq: 6, got: 1, ops: [["text", "p", "late"]] });
    expect(byId("p").textContent).toBe("new");
    expect(reconnect(0).sent).toEqual([]);
  });

  test("numbers may jump", async () => {
    const socket = await connect(BUTTONS);
    socket.receive({ seq: 1_000_000, ops: [["text", "p", "a"]] });
    socket.receive({ seq: 2_000_000, ops: [["text", "p", "b"]] });
    expect(byId("p").textContent).toBe("b");
  });

  test("the whole tree is morphed into the page", async () => {
    const socket = await connect(BUTTONS);
    const a = byId("a");
    socket.receive({
      seq: 1,
      root: [
        "main",
        { id: "topwidget" },
        ["p", { id: "p" }, "1"],
        ["button", { id: "a", "data-on": "click" }, "A"],
      ],
    });
    expect(byId("topwidget").innerHTML).toBe('<p id="p">1</p><button id="a" data-on="click">A</button>');
    expect(byId("a")).toBe(a);
  });
});

describe("after a lost connection", () => {
  test("what the server does not have is sent again, in order and with the same numbers", async () => {
    const socket = await connect(BUTTONS);
    ["a", "b", "a", "b"].forEach(click);
    socket.receive({ seq: 3, got: 1, ops: [["text", "p", "1"]] });
    socket.drop();
    click("a");
    vi.advanceTimersByTime(300);
    const next = FakeSocket.last;
    expect(next).not.toBe(socket);
    expect(next.sent).toEqual([]);
    next.greet(2);
    expect(next.messages.map(({ n, id, ack }) => [n, id, ack])).toEqual([
      [3, "a", 3],
      [4, "b", 3],
      [5, "a", 3],
    ]);
  });

  test("nothing is sent twice on one connection, nor what was handled", async () => {
    const socket = await connect(BUTTONS);
    click("a");
    expect(reconnect(1).sent).toEqual([]);
    click("b");
    expect(numbers(FakeSocket.last)).toEqual([2]);
    FakeSocket.last.receive({ got: 2 });
    expect(reconnect(0).sent).toEqual([]);
    expect(numbers(socket)).toEqual([1]);
  });

  test("the page says what it has, and by which token", async () => {
    const socket = await connect(BUTTONS, { seq: 4 });
    expect(socket.url).toMatch(/\?seq=4$/);
    expect(socket.protocols).toEqual(["jibe-like.1", "first"]);
    socket.receive({ seq: 9, ops: [] });
    socket.drop();
    vi.advanceTimersByTime(300);
    expect(FakeSocket.last.url).toMatch(/\?seq=9$/);
    expect(FakeSocket.last.protocols).toEqual(["jibe-like.1", "second"]);
  });

  test("a page without a token asks without one, until the server gives it one", async () => {
    const socket = await start(BUTTONS, { token: "" });
    expect(socket.protocols).toEqual(["jibe-like.1"]);
    socket.greet().drop();
    vi.advanceTimersByTime(300);
    expect(FakeSocket.last.protocols).toEqual(["jibe-like.1", "second"]);
  });

  test("frames that the server sends again are not applied again", async () => {
    const socket = await connect('<ul id="l"></ul>');
    const frame = (seq: number): object => ({ seq, ops: [["insert", "l", null, [["li", {}, `${seq}`]]]] });
    socket.receive(frame(1));
    socket.receive(frame(2));
    const next = reconnect(0);
    for (const seq of [1, 2, 3]) {
      next.receive(frame(seq));
    }
    expect(byId("l").innerHTML).toBe("<li>1</li><li>2</li><li>3</li>");
  });
});

describe("a fresh session", () => {
  test("knows no event, and counts from 1", async () => {
    await connect(BUTTONS);
    click("a");
    const socket = reconnect(0, false);
    expect(socket.sent).toEqual([]);
    click("b");
    expect(socket.messages).toMatchObject([{ n: 1, id: "b" }]);
    expect(socket.messages[0]).not.toHaveProperty("ack");
  });

  test("that was lost before it could show itself goes on counting where it is", async () => {
    await connect(BUTTONS);
    reconnect(0, false);
    click("a");
    const socket = reconnect(1, false);
    expect(socket.sent).toEqual([]);
    click("b");
    expect(numbers(socket)).toEqual([2]);
  });

  test("begins its frames at any number", async () => {
    await connect(BUTTONS, { seq: 100 });
    const socket = reconnect(0, false);
    socket.receive({ seq: 1, root: ["main", { id: "topwidget" }, ["p", { id: "p" }, "fresh"]] });
    socket.receive({ seq: 2, ops: [["text", "p", "fresher"]] });
    expect(byId("p").textContent).toBe("fresher");
  });

  test("of which nothing came yet is asked for the whole tree", async () => {
    await connect(BUTTONS, { seq: 100 });
    reconnect(0, false).drop();
    vi.advanceTimersByTime(300);
    expect(FakeSocket.last.url).not.toContain("seq");
  });
});

describe("a durable session", () => {
  function hello(socket: FakeSocket, got: number, kept?: number): FakeSocket {
    socket.onopen?.();
    const hello: Hello = { token: "t", got, ...(kept !== undefined && { kept }), resumed: true };
    socket.receive({ hello });
    return socket;
  }

  function reconnect(got: number, kept?: number): FakeSocket {
    FakeSocket.last.drop();
    vi.advanceTimersByTime(300);
    return hello(FakeSocket.last, got, kept);
  }

  test("has an event for good when it says so, not when it has handled it", async () => {
    const socket = hello(await start(BUTTONS), 0, 0);
    ["a", "b", "a", "b"].forEach(click);
    socket.receive({ seq: 1, got: 4, ops: [["text", "p", "4"]] });
    socket.receive({ kept: 1 });
    socket.receive({ seq: 2, kept: 2, ops: [] });
    expect(numbers(reconnect(2, 2))).toEqual([3, 4]);
  });

  test("that lives on gets again what it has not handled, and nothing that waits to be stored", async () => {
    hello(await start(BUTTONS), 0, 0);
    ["a", "b", "a"].forEach(click);
    expect(numbers(reconnect(2, 1))).toEqual([3]);
    expect(numbers(reconnect(1, 1))).toEqual([2, 3]);
  });

  test("after its server's death goes on from an earlier state, shown by a root", async () => {
    const socket = hello(await start(BUTTONS), 0, 0);
    ["a", "b"].forEach(click);
    socket.receive({ seq: 1, got: 1, ops: [["text", "p", "1"]] });
    socket.receive({ seq: 2, got: 2, ops: [["text", "p", "2"]] });
    const next = reconnect(0, 0);
    expect(next.messages.map(({ n, id, ack }) => [n, id, ack])).toEqual([
      [1, "a", 2],
      [2, "b", 2],
    ]);
    next.receive({ seq: 1000, root: ["main", { id: "topwidget" }, ["p", { id: "p" }, "0"]] });
    expect(byId("p").textContent).toBe("0");
    next.receive({ seq: 1001, got: 2, ops: [["text", "p", "2"]] });
    next.receive({ kept: 2 });
    expect(byId("p").textContent).toBe("2");
    expect(numbers(reconnect(2, 2))).toEqual([]);
  });

  test("that was never stored begins again: all is sent to it, however often its server dies", async () => {
    const socket = await start(BUTTONS);
    click("a");
    // Its server has died before it could say hello.
    socket.drop();
    vi.advanceTimersByTime(300);
    click("b");
    expect(numbers(hello(FakeSocket.last, 0, 0))).toEqual([1, 2]);
    FakeSocket.last.receive({
      seq: 1,
      root: ["main", { id: "topwidget" }, ["button", { id: "a", "data-on": "click" }]],
    });
    FakeSocket.last.receive({ seq: 2, got: 2, ops: [] });
    click("a");
    expect(numbers(reconnect(0, 0))).toEqual([1, 2, 3]);
    expect(numbers(reconnect(3, 0))).toEqual([]);
    FakeSocket.last.receive({ token: "stored" });
    FakeSocket.last.receive({ kept: 3 });
    FakeSocket.last.drop();
    vi.advanceTimersByTime(300);
    expect(FakeSocket.last.protocols).toEqual(["jibe-like.1", "stored"]);
  });

  test("counts after what an earlier copy of the page has sent", async () => {
    const socket = await start(BUTTONS);
    click("a");
    expect(numbers(hello(socket, 57, 50))).toEqual([58]);
    expect(numbers(reconnect(50, 50))).toEqual([58]);
  });

  test("that is durable no more needs nothing but to have handled", async () => {
    hello(await start(BUTTONS), 0, 0);
    ["a", "b"].forEach(click);
    expect(numbers(reconnect(1))).toEqual([2]);
    FakeSocket.last.receive({ got: 2 });
    expect(numbers(reconnect(0))).toEqual([]);
  });

  test("refuses events when too many wait to be stored", async () => {
    const error = vi.spyOn(console, "error").mockReturnValue();
    const socket = hello(await start(BUTTONS), 0, 0);
    for (let i = 0; i < 1001; i++) {
      click("a");
    }
    socket.receive({ got: 1000 });
    click("a");
    expect(error).toHaveBeenCalledTimes(2);
    socket.receive({ kept: 500 });
    click("a");
    expect(error).toHaveBeenCalledTimes(2);
  });
});

describe("a page that stays open for long", () => {
  test("comes back with the token it was given last", async () => {
    const socket = await connect(BUTTONS);
    socket.receive({ token: "renewed" });
    socket.drop();
    vi.advanceTimersByTime(1_000);
    expect(FakeSocket.all.at(-1)?.protocols).toEqual(["jibe-like.1", "renewed"]);
  });
});

describe("a server that wants to be asked", () => {
  test("is, after a silence, by a message of its own", async () => {
    const socket = await connect(BUTTONS, { ping: 20 });
    socket.receive({ seq: 1, ops: [] });
    vi.advanceTimersByTime(1_000);
    vi.advanceTimersByTime(19_000);
    expect(socket.sent).toEqual(['{"ack":1}', '{"ping":1}']);
    socket.receive({ pong: 1 });
    vi.advanceTimersByTime(10_000);
    expect(FakeSocket.all).toHaveLength(1);
    click("a");
    expect(socket.messages.at(-1)).toMatchObject({ n: 1, ack: 1 });
  });

  test("a question acknowledges nothing", async () => {
    const socket = await connect(BUTTONS, { ping: 1 });
    vi.advanceTimersByTime(500);
    socket.receive({ seq: 1, ops: [] });
    vi.advanceTimersByTime(1_000);
    expect(socket.sent.toSorted()).toEqual(['{"ack":1}', '{"ping":1}']);
  });

  test("others never are", async () => {
    const socket = await connect(BUTTONS);
    vi.advanceTimersByTime(3_600_000);
    expect(socket.sent).toEqual([]);
  });
});

describe("where websockets are blocked", () => {
  const hello = (got: number, token = "second"): object => ({ hello: { token, got, resumed: true } });

  async function startPolling(): Promise<FakeRequest> {
    (await start(BUTTONS, { poll: "poll", seq: 4 })).drop();
    await settled();
    await FakeRequest.last.answer({ poll: "p1", frames: [hello(0)] });
    return FakeRequest.last;
  }

  /** Lets the time come to try a websocket, while the server answers the poll as it does. */
  async function waitForWebsocket(down: FakeRequest): Promise<FakeRequest> {
    vi.advanceTimersByTime(20_000);
    await down.answer({ frames: [] });
    vi.advanceTimersByTime(10_000);
    return FakeRequest.last;
  }

  /** All events that were posted. */
  const sent = (): unknown[] => FakeRequest.all.flatMap(({ body }) => (body.events as unknown[]) ?? []);

  test("a page without polling goes on trying", async () => {
    (await start(BUTTONS)).drop();
    vi.advanceTimersByTime(300);
    expect(FakeSocket.all).toHaveLength(2);
    expect(FakeRequest.all).toEqual([]);
  });

  test("all goes by polling: token, frames, events, acknowledgements", async () => {
    const down = await startPolling();
    expect(FakeRequest.all[0]?.body).toEqual({ token: "first", seq: 4 });
    await down.answer({ frames: [{ seq: 5, ops: [["text", "p", "5"]] }, { got: 0 }] });
    expect(byId("p").textContent).toBe("5");
    click("a");
    await settled();
    expect(sent()).toMatchObject([{ n: 1, ack: 5, id: "a", event: "click" }]);
    await FakeRequest.last.answer();
    expect(byId("jibe-status").textContent).toBe("");
  });

  test("a page without a token says nothing of it, one with nothing of the session too", async () => {
    (await start(BUTTONS, { poll: "poll", token: "" })).drop();
    expect(FakeRequest.last.body).toEqual({ seq: 0 });
    await FakeRequest.last.answer({
      poll: "p1",
      frames: [{ hello: { token: "t", got: 0, resumed: false } }],
    });
    await FakeRequest.last.fail();
    vi.advanceTimersByTime(300);
    expect(FakeRequest.last.body).toEqual({ token: "t" });
  });

  test("what was lost on the way is sent again", async () => {
    const down = await startPolling();
    click("a");
    await settled();
    const up = FakeRequest.last;
    click("b");
    await up.fail();
    expect(down.isAborted).toBe(true);
    vi.advanceTimersByTime(300);
    await FakeRequest.last.answer({ poll: "p2", frames: [hello(1)] });
    expect(sent()).toMatchObject([{ n: 1 }, { n: 2 }]);
    expect(FakeRequest.last.url).toMatch(/poll=p2$/);
  });

  test("no event is lost or counted twice when a websocket takes over", async () => {
    const down = await waitForWebsocket(await startPolling());
    click("a");
    click("b");
    await settled();
    const up = FakeRequest.last;
    click("a");
    const socket = FakeSocket.last;
    expect(socket.url).toMatch(/\?seq=4$/);
    expect(socket.protocols).toEqual(["jibe-like.1", "second"]);
    socket.onopen?.();
    click("b");
    expect(socket.sent).toEqual([]);
    socket.receive(hello(1, "third"));
    expect([down.isAborted, up.isAborted]).toEqual([true, true]);
    expect(numbers(socket)).toEqual([2, 3, 4]);
    await settled();
    expect(sent()).toMatchObject([{ n: 1 }, { n: 2 }]);
    click("a");
    expect(numbers(socket)).toEqual([2, 3, 4, 5]);
  });

  test("an event between the end of the poll and the hello of the websocket waits for that", async () => {
    const down = await waitForWebsocket(await startPolling());
    FakeSocket.last.onopen?.();
    await down.answer({ frames: [{ seq: 5, ops: [] }], close: { code: 4000, reason: "" } });
    click("a");
    expect(sent()).toEqual([]);
    FakeSocket.last.receive(hello(0));
    expect(numbers(FakeSocket.last)).toEqual([1]);
  });
});

describe("acknowledgements", () => {
  const frames = (socket: FakeSocket, from: number, to: number): void => {
    for (let seq = from; seq <= to; seq++) {
      socket.receive({ seq, ops: [] });
    }
  };

  test("one goes out after 64 frames", async () => {
    const socket = await connect(BUTTONS);
    frames(socket, 1, 63);
    expect(socket.sent).toEqual([]);
    frames(socket, 64, 130);
    expect(socket.sent).toEqual(['{"ack":64}', '{"ack":128}']);
  });

  test("one goes out a second after the last frame", async () => {
    const socket = await connect(BUTTONS);
    frames(socket, 1, 1);
    vi.advanceTimersByTime(900);
    frames(socket, 2, 2);
    vi.advanceTimersByTime(999);
    expect(socket.sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(socket.sent).toEqual(['{"ack":2}']);
    vi.advanceTimersByTime(10_000);
    expect(socket.sent).toHaveLength(1);
    frames(socket, 3, 3);
    vi.advanceTimersByTime(1_000);
    expect(socket.sent).toEqual(['{"ack":2}', '{"ack":3}']);
  });

  test("none where an event has told already", async () => {
    const socket = await connect(BUTTONS);
    frames(socket, 1, 10);
    click("a");
    vi.advanceTimersByTime(5_000);
    expect(socket.messages).toMatchObject([{ ack: 10, event: "click" }]);
  });

  test("none without a connection", async () => {
    const socket = await connect(BUTTONS);
    frames(socket, 1, 1);
    socket.drop();
    vi.advanceTimersByTime(5_000);
    expect(socket.sent).toEqual([]);
    expect(FakeSocket.last.sent).toEqual([]);
  });

  test("many frames need one timer", async () => {
    const socket = await connect(BUTTONS);
    const timer = vi.spyOn(globalThis, "setTimeout");
    frames(socket, 1, 60);
    expect(timer).toHaveBeenCalledOnce();
  });
});

describe("what cannot be sent", () => {
  test("is too long: never sent, told to the user, and the field stays unreported", async () => {
    const error = vi.spyOn(console, "error").mockReturnValue();
    const field = '<textarea id="t" data-on="change:value"></textarea>';
    const socket = await connect(field, { limit: 500 });
    const area = byId<HTMLTextAreaElement>("t");
    const report = (text: string): void => {
      area.value = text;
      area.dispatchEvent(new Event("input", { bubbles: true }));
      area.dispatchEvent(new Event("change", { bubbles: true }));
    };
    report("é".repeat(300));
    expect(socket.sent).toEqual([]);
    expect(error.mock.calls[0]?.[0]).toBe("jibe_like: change of t cannot be sent: too long");
    expect(byId("jibe-status").textContent).not.toBe("");
    socket.receive({ seq: 1, ops: [["prop", "t", "value", "server"]] });
    expect(area.value).toHaveLength(300);
    report("é".repeat(100));
    expect(socket.messages).toMatchObject([{ n: 1, properties: { value: "é".repeat(100) } }]);
  });

  test("is nothing for its length where there is no limit", async () => {
    const socket = await connect('<input id="t" data-on="input:value">', { limit: 0 });
    byId<HTMLInputElement>("t").value = "x".repeat(100_000);
    byId("t").dispatchEvent(new Event("input", { bubbles: true }));
    expect(socket.sent).toHaveLength(1);
  });

  test("finds no room while too many wait", async () => {
    const error = vi.spyOn(console, "error").mockReturnValue();
    (await connect(BUTTONS)).drop();
    for (let i = 0; i < 1001; i++) {
      click("a");
    }
    expect(error).toHaveBeenCalledExactlyOnceWith("jibe_like: click of a cannot be sent: no room");
    vi.advanceTimersByTime(300);
    expect(FakeSocket.last.greet().sent).toHaveLength(1000);
  });
});

describe("the extras", () => {
  const MODULE = "../src/extras/main.ts";

  test("do things in order, also where a later import is there first", async () => {
    const done: unknown[] = [];
    const run = (_post: unknown, operation: readonly unknown[]): void => void done.push(operation[1]);
    let come: (module: object) => void = () => undefined;
    const coming = new Promise<object>((resolve) => {
      come = resolve;
    });
    const socket = await connect("", { extras: MODULE });
    vi.doMock(MODULE, () => coming);
    socket.receive({ seq: 13, ops: [["js", "first"]] });
    await vi.advanceTimersByTimeAsync(100);
    vi.resetModules();
    vi.doMock(MODULE, () => ({ default: run }));
    socket.receive({ seq: 14, ops: [["js", "second"]] });
    await vi.advanceTimersByTimeAsync(100);
    come({ default: run });
    await vi.waitFor(() => expect(done).toHaveLength(2));
    expect(done).toEqual(["first", "second"]);
    vi.doUnmock(MODULE);
  });

  test("go on after one that fails, which the console is told", async () => {
    const error = vi.spyOn(console, "error").mockReturnValue();
    const socket = await connect("", { extras: MODULE });
    socket.receive({ seq: 13, ops: [["no such"] as unknown as Operation] });
    await vi.waitFor(() => expect(error).toHaveBeenCalledOnce());
    expect(String(error.mock.calls[0]?.[0])).toContain("unknown operation no such");
    error.mockClear();
    socket.receive({ seq: 14, ops: [["start"]] });
    await vi.advanceTimersByTimeAsync(100);
    expect(error).not.toHaveBeenCalled();
  });
});
