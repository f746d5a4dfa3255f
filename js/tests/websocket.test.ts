import { beforeEach, expect, test, vi } from "vitest";
import { openWebsocket } from "../src/websocket.ts";
import { FakeSocket, useFreshClient } from "./client.ts";

useFreshClient();

const to = { message: vi.fn(), closed: vi.fn() };

beforeEach(() => {
  vi.clearAllMocks();
  openWebsocket("ws://host/ws", ["jibe-like.1", "token"], to);
});

test("asks for the subprotocols at the address", () => {
  const { url, protocols } = FakeSocket.last;
  expect([url, protocols]).toEqual(["ws://host/ws", ["jibe-like.1", "token"]]);
});

test("passes on what comes in", () => {
  FakeSocket.last.receive({ got: 1 });
  expect(to.message).toHaveBeenCalledExactlyOnceWith({ got: 1 });
});

test("tells why it was closed", () => {
  FakeSocket.last.onopen?.();
  FakeSocket.last.drop(1012);
  expect(to.closed).toHaveBeenCalledExactlyOnceWith(1012);
});

test("that was never open was blocked, whatever the code", () => {
  FakeSocket.last.drop(1006);
  expect(to.closed).toHaveBeenCalledExactlyOnceWith(0);
});

test("throws where the browser will not even try", () => {
  vi.stubGlobal(
    "WebSocket",
    class {
      constructor() {
        throw new SyntaxError("bad token");
      }
    },
  );
  expect(() => openWebsocket("ws://host/ws", [], to)).toThrow("bad token");
});
