import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Channel } from "../src/channel.ts";
import { openPolling } from "../src/polling.ts";
import { FakeRequest, settled, useFreshClient } from "./client.ts";

useFreshClient();

const to = { message: vi.fn(), closed: vi.fn() };
const HELLO = { hello: { token: "t", got: 0, resumed: true } };
let channel: Channel;

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetAllMocks();
  channel = openPolling("app/poll?a=b", { token: "first", seq: 3 }, 100, to);
});

const last = (): FakeRequest => FakeRequest.last;
const bodies = (): unknown[] => FakeRequest.all.map(({ body }) => body);
const open = (): Promise<void> => last().answer({ poll: "p/1", frames: [HELLO] });

/** The latest request with events. */
function up(): FakeRequest {
  const request = FakeRequest.all.findLast(({ body }) => body.events);
  if (!request) {
    throw new Error("no events were sent");
  }
  return request;
}

describe("opening", () => {
  test("says who asks and what the page has, relative to the page", () => {
    expect(last().url).toBe(new URL("app/poll?a=b", document.baseURI).href);
    expect(last().init).toMatchObject({
      method: "POST",
      headers: { "Content-Type": "application/json" },
    });
    expect(last().body).toEqual({ token: "first", seq: 3 });
  });

  test("gives the first frames, and asks for the next", async () => {
    await open();
    expect(to.message.mock.calls).toEqual([[HELLO]]);
    expect(last().url).toBe(`${new URL("app/poll?a=b", document.baseURI).href}&poll=p%2F1`);
    expect(last().body).toEqual({});
    expect(FakeRequest.all).toHaveLength(2);
  });
});

describe("frames", () => {
  beforeEach(open);

  test("come in order, one request after another", async () => {
    await last().answer({ frames: [{ got: 1 }, { got: 2 }] });
    await last().answer({ frames: [] });
    await last().answer({ frames: [{ got: 3 }] });
    expect(to.message.mock.calls.slice(1)).toEqual([[{ got: 1 }], [{ got: 2 }], [{ got: 3 }]]);
    expect(FakeRequest.all).toHaveLength(5);
    expect(to.closed).not.toHaveBeenCalled();
  });

  test("come before the close that they came with", async () => {
    await last().answer({ frames: [{ got: 1 }], close: { code: 1000, reason: "over" } });
    expect(to.message).toHaveBeenLastCalledWith({ got: 1 });
    expect(to.closed).toHaveBeenCalledExactlyOnceWith(1000);
    expect(to.message).toHaveBeenCalledBefore(to.closed);
    expect(FakeRequest.all).toHaveLength(2);
  });
});

describe("events", () => {
  beforeEach(open);

  test("of one turn go together", async () => {
    channel.send('{"n":1}');
    channel.send('{"n":2}');
    await settled();
    expect(up().body).toEqual({ events: [{ n: 1 }, { n: 2 }] });
    expect(FakeRequest.all).toHaveLength(3);
  });

  test("wait while some are on their way, and go together then", async () => {
    channel.send('{"n":1}');
    await settled();
    const first = up();
    channel.send('{"n":2}');
    channel.send('{"n":3}');
    await settled();
    expect(up()).toBe(first);
    await first.answer();
    expect(up().body).toEqual({ events: [{ n: 2 }, { n: 3 }] });
    await up().answer();
    channel.send('{"n":4}');
    await settled();
    expect(up().body).toEqual({ events: [{ n: 4 }] });
  });

  test("go in several requests where they are too long for one; one too long goes alone", async () => {
    const texts = [30, 30, 40, 200, 10, 10].map((length, i) => `{"n":${i},"x":"${"x".repeat(length)}"}`);
    for (const text of texts) {
      channel.send(text);
    }
    await settled();
    const sent: number[][] = [];
    while (sent.flat().length < texts.length) {
      sent.push((up().body.events as { n: number }[]).map(({ n }) => n));
      await up().answer();
    }
    expect(sent).toEqual([[0, 1], [2], [3], [4, 5]]);
  });

  test("do not wait for frames", async () => {
    const down = last();
    channel.send('{"n":1}');
    await settled();
    await up().answer();
    expect(down.isAborted).toBe(false);
    await down.answer({ frames: [{ got: 1 }] });
    expect(to.message).toHaveBeenLastCalledWith({ got: 1 });
  });
});

describe("the end", () => {
  test.each([
    ["the server does not know the poll", 410, 0],
    ["there is no polling", 404, 0],
    ["it fails", 500, 0],
    ["a gateway finds no server", 502, 1006],
    ["a gateway waits for the server in vain", 504, 1006],
    ["there are too many sessions", 503, 1013],
  ])("where %s", async (_, status, code) => {
    await last().answer({}, status);
    expect(to.closed).toHaveBeenCalledExactlyOnceWith(code);
    expect(FakeRequest.all).toHaveLength(1);
  });

  test("where the network fails", async () => {
    await open();
    await last().fail();
    expect(to.closed).toHaveBeenCalledExactlyOnceWith(1006);
  });

  test("where an answer is cut off, or none of ours", async () => {
    vi.spyOn(JSON, "parse").mockImplementationOnce(() => {
      throw new SyntaxError("Unexpected end of JSON input");
    });
    await open();
    expect(to.closed).toHaveBeenCalledExactlyOnceWith(1006);
  });

  test("where nothing comes for 30 seconds", async () => {
    await open();
    vi.advanceTimersByTime(29_999);
    expect(to.closed).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(to.closed).toHaveBeenCalledExactlyOnceWith(1006);
    expect(last().isAborted).toBe(true);
  });

  test("is told once, takes the other request with it, and sends nothing more", async () => {
    await open();
    const down = last();
    channel.send('{"n":1}');
    await settled();
    channel.send('{"n":2}');
    await up().answer({}, 410);
    expect(to.closed).toHaveBeenCalledExactlyOnceWith(0);
    expect(down.isAborted).toBe(true);
    await settled();
    channel.send('{"n":3}');
    await settled();
    expect(bodies().filter((body) => (body as { events?: unknown }).events)).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("given up, it says nothing any more", async () => {
    await open();
    const down = last();
    channel.close();
    await settled();
    expect(down.isAborted).toBe(true);
    expect(to.closed).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
