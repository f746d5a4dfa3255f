import { beforeEach, expect, test, vi } from "vitest";
import { byId, connect, FakeSocket, useFreshClient } from "./client.ts";

useFreshClient();

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.999);
});

const CONFIG = { extras: "../src/extras/main.ts", signin: "_auth/sign-in?next=/_auth/signed-in" };
const SAID = "Your sign-in has expired. Sign in again";
const said = (): string => byId("jibe-status").textContent;
const pass = (milliseconds: number): void => void vi.advanceTimersByTime(milliseconds);

test("an expired sign-in is told of, with a link that leaves the page as it is", async () => {
  (await connect("", CONFIG)).drop(4001);
  await vi.waitFor(() => expect(said()).toBe(SAID));
  const link = byId("jibe-status").querySelector("a");
  expect(link?.getAttribute("href")).toBe(CONFIG.signin);
  expect(link?.target).toBe("_blank");
  expect(link?.style.pointerEvents).toBe("auto");
});

test("it is told of once, however often the page asks", async () => {
  (await connect("", CONFIG)).drop(4001);
  await vi.waitFor(() => expect(said()).toBe(SAID));
  const link = byId("jibe-status").querySelector("a");
  pass(2_000);
  FakeSocket.last.drop(4001);
  await vi.advanceTimersByTimeAsync(500);
  expect(byId("jibe-status").querySelector("a")).toBe(link);
  expect(said()).toBe(SAID);
});

test("it is forgotten when the user has signed in again", async () => {
  (await connect("", CONFIG)).drop(4001);
  await vi.waitFor(() => expect(said()).toBe(SAID));
  pass(2_000);
  FakeSocket.last.greet();
  expect(said()).toBe("");
});
