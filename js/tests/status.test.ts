import { beforeEach, describe, expect, test, vi } from "vitest";
import { byId, connect, FakeSocket, start, useFreshClient } from "./client.ts";

useFreshClient();

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.999);
});

const said = (): string => byId("jibe-status").textContent;
const pass = (milliseconds: number): void => void vi.advanceTimersByTime(milliseconds);

test("is a live region that is there before it speaks", async () => {
  await start("");
  expect(byId("jibe-status").getAttribute("role")).toBe("status");
  expect(byId("jibe-status").getAttribute("aria-live")).toBe("polite");
  expect(said()).toBe("");
});

describe("a lost connection", () => {
  test("is mentioned after a second, not before", async () => {
    const socket = await connect("");
    pass(5_000);
    socket.drop();
    pass(999);
    expect(said()).toBe("");
    pass(1);
    expect(said()).toMatch(/Reconnecting/);
  });

  test("is forgotten at once when it is back", async () => {
    (await connect("")).drop();
    pass(1_500);
    expect(said()).not.toBe("");
    FakeSocket.last.greet();
    expect(said()).toBe("");
    pass(10_000);
    expect(said()).toBe("");
  });

  test("that is back within the second is never mentioned", async () => {
    (await connect("")).drop();
    pass(400);
    FakeSocket.last.greet();
    pass(10_000);
    expect(said()).toBe("");
  });

  test("counts from the first loss however many attempts fail", async () => {
    (await connect("")).drop();
    pass(350);
    FakeSocket.last.drop();
    pass(649);
    expect(said()).toBe("");
    pass(1);
    expect(said()).toMatch(/Reconnecting/);
    FakeSocket.last.drop();
    expect(said()).toMatch(/Reconnecting/);
  });

  test("counts from the start where there never was one", async () => {
    await start("");
    pass(999);
    expect(said()).toBe("");
    pass(1);
    expect(said()).toMatch(/Reconnecting/);
  });
});

test("an ended session is told of at once and for good", async () => {
  (await connect("")).drop(1000);
  expect(said()).toMatch(/session has ended/);
  pass(60_000);
  expect(said()).toMatch(/session has ended/);
});

test("a page that is open elsewhere says so", async () => {
  (await connect("")).drop(4000);
  expect(said()).toBe("This page is open in another window.");
  pass(60_000);
  expect(said()).toBe("This page is open in another window.");
});

test("a note goes by itself", async () => {
  await connect("");
  const { showNote } = await import("../src/status.ts");
  showNote("note");
  expect(said()).toBe("note");
  pass(5_999);
  expect(said()).toBe("note");
  pass(1);
  expect(said()).toBe("");
});

test("a note does not hide that the connection is lost", async () => {
  (await connect("")).drop();
  const { showNote } = await import("../src/status.ts");
  showNote("note");
  expect(said()).toBe("");
  pass(1_000);
  expect(said()).toMatch(/Reconnecting/);
});
