import { beforeEach, describe, expect, test } from "vitest";
import { readConfig, socketUrl } from "../src/config.ts";
import { setPage } from "./client.ts";

beforeEach(() => {
  document.head.replaceChildren();
});

test("the page's meta element", () => {
  const config = {
    token: 't"<',
    seq: 12,
    socket: "counter/ws",
    limit: 1000,
    poll: "counter/poll",
    ping: 20,
    extras: "./extras.js",
  };
  setPage("", config);
  expect(readConfig()).toEqual(config);
});

test("a page without one throws", () => {
  expect(readConfig).toThrow();
});

describe("the socket's URL", () => {
  const config = { token: "", seq: 0, limit: 0, extras: "./extras.js" };

  test.each([
    ["http://example.org/", "ws", 3, "ws://example.org/ws?seq=3"],
    ["https://example.org/prefix/page?x=1", "ws", 0, "wss://example.org/prefix/ws?seq=0"],
    ["https://example.org/prefix/", "/other/ws", undefined, "wss://example.org/other/ws"],
    ["http://example.org/", "ws?a=b", 7, "ws://example.org/ws?a=b&seq=7"],
    ["http://example.org/", "wss://else.where/ws", 7, "wss://else.where/ws?seq=7"],
  ])("on %s, %s at %s", (page, socket, seq, url) => {
    const base = document.createElement("base");
    base.href = page;
    document.head.append(base);
    expect(socketUrl({ ...config, socket }, seq)).toBe(url);
  });
});
