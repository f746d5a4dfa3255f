import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Listener } from "../src/connection.ts";
import { FakeSocket, useFreshClient } from "./client.ts";

useFreshClient();

let socket: typeof import("../src/connection.ts");
let random: number;
const listener = {
  address: () => ["ws://host/ws", ["jibe-like.1", "token"]],
  message: vi.fn(),
  lost: vi.fn(),
  ended: vi.fn(),
} satisfies Listener;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  random = 0.5;
  vi.spyOn(Math, "random").mockImplementation(() => random);
  socket = await import("../src/connection.ts");
  socket.open(listener);
});

const opened = (): number => FakeSocket.all.length;

function ready(): void {
  FakeSocket.last.onopen?.();
  socket.greeted();
}

/** Milliseconds until the next attempt. */
function wait(): number {
  const before = opened();
  const start = Date.now();
  while (opened() === before) {
    vi.advanceTimersByTime(1);
    expect(Date.now() - start).toBeLessThan(60_000);
  }
  return Date.now() - start;
}

test("asks for the subprotocols at the address", () => {
  expect([FakeSocket.last.url, FakeSocket.last.protocols]).toEqual([
    "ws://host/ws",
    ["jibe-like.1", "token"],
  ]);
});

test("is ready after the server's hello, not before", () => {
  expect(socket.isReady()).toBe(false);
  FakeSocket.last.onopen?.();
  expect(socket.isReady()).toBe(false);
  socket.greeted();
  expect(socket.isReady()).toBe(true);
  socket.send("text");
  expect(FakeSocket.last.sent).toEqual(["text"]);
});

test("an illegal transition says what was expected and what came", () => {
  expect(() => socket.greeted()).toThrow("socket to be ready: expected greeting, was connecting");
});

test("passes on what comes in", () => {
  ready();
  FakeSocket.last.onmessage?.({ data: "text" });
  expect(listener.message).toHaveBeenCalledExactlyOnceWith("text");
});

describe("coming back", () => {
  test("waits longer each time, up to ten seconds", () => {
    random = 1;
    ready();
    const waits = Array.from({ length: 8 }, () => {
      FakeSocket.last.drop();
      return wait();
    });
    expect(waits).toEqual([300, 600, 1200, 2400, 4800, 9600, 10_000, 10_000]);
  });

  test("each wait has full jitter: anything from none to the most", () => {
    ready();
    const waits = [0, 0.25, 0.75].map((chance) => {
      random = chance;
      FakeSocket.last.drop();
      return wait();
    });
    expect(waits).toEqual([1, 150, 900]);
  });

  test("begins anew after a connection", () => {
    random = 1;
    FakeSocket.last.drop();
    wait();
    FakeSocket.last.drop();
    wait();
    ready();
    FakeSocket.last.drop();
    expect(wait()).toBe(300);
  });

  test.each([1001, 1006, 1009, 1012])("at once after %d", (code) => {
    random = 0;
    ready();
    FakeSocket.last.drop(code);
    expect(wait()).toBe(1);
  });

  test.each([1008, 1011, 1013])("after a pause of a second at least after %d", (code) => {
    random = 0;
    ready();
    FakeSocket.last.drop(code);
    expect(wait()).toBe(1000);
    random = 1;
    FakeSocket.last.drop(code);
    expect(wait()).toBe(1600);
  });

  test("tells of every loss", () => {
    ready();
    FakeSocket.last.drop();
    wait();
    FakeSocket.last.drop();
    expect(listener.lost).toHaveBeenCalledTimes(2);
    expect(socket.isReady()).toBe(false);
  });

  test("goes on when the browser will not even open a socket", () => {
    const error = vi.spyOn(console, "error").mockReturnValue();
    vi.stubGlobal("WebSocket", () => {
      throw new SyntaxError("bad token");
    });
    FakeSocket.last.drop();
    vi.advanceTimersByTime(1000);
    expect(error).toHaveBeenCalled();
    vi.stubGlobal("WebSocket", FakeSocket);
    expect(wait()).toBeLessThanOrEqual(10_000);
  });

  test("a server that never says hello is given up", () => {
    FakeSocket.last.onopen?.();
    const silent = FakeSocket.last;
    vi.advanceTimersByTime(9_999);
    expect(silent.isClosed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(silent.isClosed).toBe(true);
    wait();
    expect(opened()).toBe(2);
    silent.onmessage?.({ data: "late" });
    silent.onopen?.();
    silent.drop();
    expect(listener.message).not.toHaveBeenCalled();
    expect(listener.lost).toHaveBeenCalledOnce();
  });
});

describe("at once", () => {
  function show(state: DocumentVisibilityState): void {
    vi.spyOn(document, "hidden", "get").mockReturnValue(state === "hidden");
    document.dispatchEvent(new Event("visibilitychange"));
  }

  test("when the page becomes visible", () => {
    ready();
    FakeSocket.last.drop();
    show("hidden");
    expect(opened()).toBe(1);
    show("visible");
    expect(opened()).toBe(2);
    vi.advanceTimersByTime(5_000);
    expect(opened()).toBe(2);
  });

  test("when the browser is online", () => {
    ready();
    FakeSocket.last.drop();
    window.dispatchEvent(new Event("online"));
    expect(opened()).toBe(2);
  });

  test("but not within a pause", () => {
    ready();
    FakeSocket.last.drop(1013);
    show("visible");
    window.dispatchEvent(new Event("online"));
    expect(opened()).toBe(1);
    vi.advanceTimersByTime(1_000);
    show("visible");
    expect(opened()).toBe(2);
  });

  test("a connection from before the network went away is replaced", () => {
    ready();
    const old = FakeSocket.last;
    window.dispatchEvent(new Event("online"));
    expect(old.isClosed).toBe(true);
    expect(opened()).toBe(2);
    expect(listener.lost).toHaveBeenCalledOnce();
    ready();
    expect(socket.isReady()).toBe(true);
  });

  test("a page that becomes visible keeps the connection it has", () => {
    ready();
    show("visible");
    expect(opened()).toBe(1);
  });
});

describe("ended by the application", () => {
  test("stays away", () => {
    ready();
    FakeSocket.last.drop(1000);
    expect(listener.ended).toHaveBeenCalledOnce();
    expect(listener.lost).not.toHaveBeenCalled();
    expect(socket.isEnded()).toBe(true);
    window.dispatchEvent(new Event("online"));
    document.dispatchEvent(new Event("visibilitychange"));
    vi.advanceTimersByTime(60_000);
    expect(opened()).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
