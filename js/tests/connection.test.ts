import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Channel, Receiver } from "../src/channel.ts";
import type { Listener } from "../src/connection.ts";
import { useFreshClient } from "./client.ts";

useFreshClient();

type Way = "websocket" | "polling";

const BLOCKED = 0;

/** Stands in for a way to the server. What comes from there is told to `to`. */
class FakeChannel implements Channel {
  static readonly all: FakeChannel[] = [];

  readonly sent: string[] = [];
  isClosed = false;

  constructor(
    readonly way: Way,
    readonly to: Receiver,
  ) {
    FakeChannel.all.push(this);
  }

  static get last(): FakeChannel {
    const channel = FakeChannel.all.at(-1);
    if (!channel) {
      throw new Error("nothing was opened");
    }
    return channel;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.isClosed = true;
  }

  greet(): this {
    this.to.message({ hello: { token: "t", got: 0, resumed: true } });
    return this;
  }

  drop(code = 1006): void {
    this.to.closed(code);
  }
}

let connection: typeof import("../src/connection.ts");
let random: number;

const listener = {
  websocket: (to: Receiver) => new FakeChannel("websocket", to),
  polling: undefined as Listener["polling"],
  ping: 0,
  ask: () => connection.send("?"),
  message: vi.fn<Listener["message"]>(),
  lost: vi.fn<Listener["lost"]>(),
  ended: vi.fn<Listener["ended"]>(),
} satisfies Listener;

const poll = (to: Receiver): Channel => new FakeChannel("polling", to);

beforeEach(async () => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  FakeChannel.all.length = 0;
  random = 0.5;
  vi.spyOn(Math, "random").mockImplementation(() => random);
  connection = await import("../src/connection.ts");
  listener.message.mockImplementation((frame) => frame.hello && connection.greeted());
});

function open(options: Partial<Listener> = {}): void {
  connection.open({ ...listener, ...options });
}

const last = (): FakeChannel => FakeChannel.last;
const opened = (): number => FakeChannel.all.length;
const ways = (): Way[] => FakeChannel.all.map(({ way }) => way);
const pass = (milliseconds: number): void => void vi.advanceTimersByTime(milliseconds);

/** Milliseconds until the next attempt. */
function wait(): number {
  const before = opened();
  const start = Date.now();
  while (opened() === before) {
    vi.advanceTimersToNextTimer();
    expect(Date.now() - start).toBeLessThan(60_000);
  }
  return Date.now() - start;
}

function show(visibility: DocumentVisibilityState): void {
  vi.spyOn(document, "hidden", "get").mockReturnValue(visibility === "hidden");
  document.dispatchEvent(new Event("visibilitychange"));
}

function showAgain(persisted: boolean): void {
  window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted }));
}

describe("a connection", () => {
  beforeEach(() => open());

  test("is ready after the server's hello, not before", () => {
    expect(connection.isReady()).toBe(false);
    last().greet();
    expect(connection.isReady()).toBe(true);
    connection.send("text");
    expect(last().sent).toEqual(["text"]);
  });

  test("refuses an illegal transition, and says what was expected and what came", () => {
    last().greet();
    expect(() => connection.greeted()).toThrow("connection to be ready: expected connecting, was ready");
  });

  test("passes on what comes in", () => {
    last().greet().to.message({ got: 7 });
    expect(listener.message).toHaveBeenLastCalledWith({ got: 7 });
  });
});

describe("coming back", () => {
  beforeEach(() => open());

  test("waits longer each time, up to 800 ms", () => {
    random = 1;
    last().greet();
    const waits = Array.from({ length: 5 }, () => {
      last().drop();
      return wait();
    });
    expect(waits).toEqual([300, 600, 800, 800, 800]);
  });

  test("each wait has full jitter: anything from none to the most", () => {
    last().greet();
    const waits = [0, 0.25, 0.75].map((chance) => {
      random = chance;
      last().drop();
      return wait();
    });
    expect(waits).toEqual([0, 150, 600]);
  });

  test("after five minutes waits grow to ten seconds", () => {
    random = 1;
    last().greet();
    pass(3_600_000);
    const start = Date.now();
    const longest = new Map<number, number>();
    while (Date.now() - start < 900_000) {
      last().drop();
      const minute = Math.floor((Date.now() - start) / 60_000);
      longest.set(minute, wait());
    }
    const waits = [...longest.values()];
    expect(waits.slice(0, 5)).toEqual([800, 800, 800, 800, 800]);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(longest.get(7)).toBeGreaterThan(2_000);
    expect(longest.get(7)).toBeLessThan(10_000);
    expect(longest.get(12)).toBe(10_000);
  });

  test("begins anew after a connection", () => {
    random = 1;
    for (let i = 0; i < 3; i++) {
      last().drop();
      wait();
    }
    last().greet().drop();
    expect(wait()).toBe(300);
  });

  test.each([BLOCKED, 1001, 1006, 1009, 1012])("at once after %d", (code) => {
    random = 0;
    last().greet().drop(code);
    expect(wait()).toBe(0);
  });

  test.each([1008, 1011, 1013])("after a pause of a second at least after %d", (code) => {
    random = 0;
    last().greet().drop(code);
    expect(wait()).toBe(1000);
    random = 1;
    last().drop(code);
    expect(wait()).toBe(1600);
  });

  test("tells of every loss", () => {
    last().greet().drop();
    wait();
    last().drop();
    expect(listener.lost).toHaveBeenCalledTimes(2);
    expect(connection.isReady()).toBe(false);
  });

  test("a server that never says hello is given up", () => {
    const silent = last();
    pass(9_999);
    expect(silent.isClosed).toBe(false);
    pass(1);
    expect(silent.isClosed).toBe(true);
    wait();
    expect(opened()).toBe(2);
    silent.greet();
    silent.drop();
    expect(listener.message).not.toHaveBeenCalled();
    expect(listener.lost).toHaveBeenCalledOnce();
  });
});

test("goes on when the browser will not even open a websocket", () => {
  const error = vi.spyOn(console, "error").mockReturnValue();
  let refused = true;
  open({
    websocket(to) {
      if (refused) {
        throw new SyntaxError("bad token");
      }
      return listener.websocket(to);
    },
  });
  pass(1_000);
  expect(error).toHaveBeenCalled();
  refused = false;
  expect(wait()).toBeLessThanOrEqual(10_000);
  expect(last().greet().isClosed).toBe(false);
});

describe("at once", () => {
  beforeEach(() => open());

  test("when the page becomes visible", () => {
    last().greet().drop();
    show("hidden");
    expect(opened()).toBe(1);
    show("visible");
    expect(opened()).toBe(2);
    pass(5_000);
    expect(opened()).toBe(2);
  });

  test("when the page comes out of the back/forward cache", () => {
    last().greet().drop();
    showAgain(true);
    expect(opened()).toBe(2);
  });

  test("when the browser is online", () => {
    last().greet().drop();
    window.dispatchEvent(new Event("online"));
    expect(opened()).toBe(2);
  });

  test("but not within a pause", () => {
    last().greet().drop(1013);
    show("visible");
    window.dispatchEvent(new Event("online"));
    expect(opened()).toBe(1);
    pass(1_000);
    show("visible");
    expect(opened()).toBe(2);
  });

  test("a connection from before the network went away is replaced", () => {
    const old = last().greet();
    window.dispatchEvent(new Event("online"));
    expect(old.isClosed).toBe(true);
    expect(opened()).toBe(2);
    expect(listener.lost).toHaveBeenCalledOnce();
    last().greet();
    expect(connection.isReady()).toBe(true);
  });

  test("a page that becomes visible keeps the connection it has", () => {
    last().greet();
    show("visible");
    showAgain(true);
    expect(opened()).toBe(1);
    expect(last().sent).toEqual([]);
  });
});

describe("the end", () => {
  beforeEach(() => open());

  test.each([
    ["by the application", 1000, false],
    ["by a copy of the page", 4000, true],
  ])("%s: stays away", (_, code, elsewhere) => {
    last().greet().drop(code);
    expect(listener.ended).toHaveBeenCalledExactlyOnceWith(elsewhere);
    expect(listener.lost).not.toHaveBeenCalled();
    expect(connection.isEnded()).toBe(true);
    window.dispatchEvent(new Event("online"));
    show("visible");
    showAgain(true);
    pass(600_000);
    expect(opened()).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([4001, 4002])(
    "is not a matter of who the user is (%d): the page asks again, after a pause",
    (code) => {
      last().greet().drop(code);
      expect(listener.lost).toHaveBeenCalledExactlyOnceWith(code);
      expect(connection.isEnded()).toBe(false);
      pass(999);
      expect(opened()).toBe(1);
      pass(300);
      expect(opened()).toBe(2);
      random = 1;
      last().drop(code);
      pass(1_000);
      // Back from the tab where they have signed in.
      show("visible");
      expect(opened()).toBe(3);
      last().greet();
      expect(connection.isReady()).toBe(true);
    },
  );

  test("is not that channels given up earlier were seen late: that is forgiven once for each", () => {
    for (let i = 0; i < 2; i++) {
      pass(10_000);
      wait();
    }
    for (let i = 0; i < 2; i++) {
      last().greet().drop(4000);
      expect(connection.isEnded()).toBe(false);
      wait();
    }
    last().greet().drop(4000);
    expect(connection.isEnded()).toBe(true);
  });

  test("is not what is said by a connection that was given up", () => {
    const old = last().greet();
    window.dispatchEvent(new Event("online"));
    last().greet();
    old.drop(4000);
    expect(connection.isReady()).toBe(true);
  });
});

describe("asking whether the server is there", () => {
  beforeEach(() => {
    open({ ping: 20 });
    last().greet();
  });

  test("happens after a silence, and again", () => {
    pass(15_000);
    last().to.message({ got: 1 });
    pass(19_999);
    expect(last().sent).toEqual([]);
    pass(1);
    expect(last().sent).toEqual(["?"]);
    last().to.message({ pong: 1 });
    pass(20_000);
    expect(last().sent).toEqual(["?", "?"]);
    expect(opened()).toBe(1);
  });

  test("any answer will do", () => {
    pass(20_000);
    last().to.message({ got: 1 });
    pass(5_000);
    expect(opened()).toBe(1);
  });

  test("a connection without an answer is given up, and another opened at once", () => {
    const dead = last();
    pass(24_999);
    expect(opened()).toBe(1);
    pass(1);
    expect(dead.isClosed).toBe(true);
    expect(opened()).toBe(2);
    expect(listener.lost).toHaveBeenCalledOnce();
    dead.drop();
    last().greet();
    pass(20_000);
    expect(last().sent).toEqual(["?"]);
  });

  test("happens at once when the page is seen again after a silence, and then has less patience", () => {
    // As when the machine slept: its timers did not run.
    vi.setSystemTime(Date.now() + 21_000);
    show("visible");
    expect(last().sent).toEqual(["?"]);
    pass(2_999);
    expect(opened()).toBe(1);
    pass(1);
    expect(opened()).toBe(2);
  });

  test("does not when the silence was short", () => {
    pass(19_000);
    show("visible");
    expect(last().sent).toEqual([]);
  });

  test("happens at once when the page comes out of the back/forward cache", () => {
    pass(1_000);
    showAgain(false);
    expect(last().sent).toEqual([]);
    showAgain(true);
    expect(last().sent).toEqual(["?"]);
    pass(3_000);
    expect(opened()).toBe(2);
  });

  test("does not without a connection", () => {
    last().drop();
    show("hidden");
    const { sent } = last();
    wait();
    pass(9_000);
    show("visible");
    expect([sent, last().sent]).toEqual([[], []]);
  });
});

describe("where websockets are blocked", () => {
  beforeEach(() => open({ polling: poll }));

  /** Lets the first websocket fail and the poll succeed. */
  function startPolling(): FakeChannel {
    last().drop(BLOCKED);
    return last().greet();
  }

  test("polling takes its place at once", () => {
    last().drop(BLOCKED);
    expect(ways()).toEqual(["websocket", "polling"]);
    last().greet();
    connection.send("text");
    expect(last().sent).toEqual(["text"]);
    expect(connection.isReady()).toBe(true);
  });

  test("or accepted and never answered: too", () => {
    pass(10_000);
    expect(ways()).toEqual(["websocket", "polling"]);
  });

  test("or not even tried by the browser: too", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    vi.resetModules();
    connection = await import("../src/connection.ts");
    open({
      polling: poll,
      websocket() {
        throw new DOMException("no", "SecurityError");
      },
    });
    expect(last().way).toBe("polling");
    last().greet();
    pass(30_000);
    expect(connection.isReady()).toBe(true);
  });

  test("a websocket that was open is not blocked, however it ended", () => {
    last().drop(1006);
    wait();
    expect(ways()).toEqual(["websocket", "websocket"]);
  });

  test("a poll that is lost is opened again", () => {
    startPolling().drop();
    wait();
    expect(ways()).toEqual(["websocket", "polling", "polling"]);
  });

  test("a server that has no polling after all is tried by websocket", () => {
    last().drop(BLOCKED);
    last().drop(BLOCKED);
    expect(wait()).toBeLessThanOrEqual(300);
    expect(ways()).toEqual(["websocket", "polling", "websocket"]);
    last().drop(BLOCKED);
    expect(ways().at(-1)).toBe("polling");
  });

  test("a server that does not answer a poll is tried by websocket", () => {
    last().drop(BLOCKED);
    pass(10_000);
    wait();
    expect(ways()).toEqual(["websocket", "polling", "websocket"]);
  });

  test("a server that is away is looked for by polling, and rarely by websocket", () => {
    random = 1;
    last().greet().drop();
    wait();
    for (let i = 0; i < 140; i++) {
      if (last().way === "websocket") {
        last().drop(BLOCKED);
      } else {
        last().drop();
        pass(800);
      }
    }
    expect(opened()).toBeGreaterThan(140);
    expect(ways().filter((way) => way === "websocket")).toHaveLength(4);
  });

  describe("a websocket is tried in the background", () => {
    test("first after 30 seconds, then twice as long each time, up to five minutes", () => {
      startPolling();
      const waits = Array.from({ length: 6 }, () => {
        const before = opened();
        const start = Date.now();
        while (opened() === before) {
          pass(1_000);
        }
        expect(last().way).toBe("websocket");
        last().drop(BLOCKED);
        return Date.now() - start;
      });
      expect(waits).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
      expect(connection.isReady()).toBe(true);
    });

    test("after a second where one has worked before", () => {
      last().greet().drop();
      wait();
      startPolling();
      pass(999);
      expect(last().way).toBe("polling");
      pass(1);
      expect(last().way).toBe("websocket");
      last().drop(BLOCKED);
      pass(29_999);
      expect(ways().filter((way) => way === "websocket")).toHaveLength(3);
      pass(1);
      expect(ways().filter((way) => way === "websocket")).toHaveLength(4);
    });

    test("and takes over when the server says hello there", () => {
      const old = startPolling();
      pass(30_000);
      connection.send("by poll");
      expect(old.sent).toEqual(["by poll"]);
      const socket = last().greet();
      expect(old.isClosed).toBe(true);
      connection.send("by websocket");
      expect([old.sent, socket.sent]).toEqual([["by poll"], ["by websocket"]]);
      listener.message.mockClear();
      old.to.message({ got: 1 });
      old.drop(4000);
      expect(listener.message).not.toHaveBeenCalled();
      expect(connection.isReady()).toBe(true);
      pass(600_000);
      expect(opened()).toBe(3);
      expect(listener.lost).toHaveBeenCalledOnce();
    });

    test("and takes over when the server closes the poll for it", () => {
      const old = startPolling();
      pass(30_000);
      old.drop(4000);
      expect([connection.isReady(), connection.isEnded()]).toEqual([false, false]);
      last().greet();
      expect(connection.isReady()).toBe(true);
      expect(opened()).toBe(3);
    });

    test("and is given up where it says nothing after that", () => {
      startPolling();
      pass(30_000);
      const old = last();
      FakeChannel.all[1]?.drop(4000);
      pass(10_000);
      expect(old.isClosed).toBe(true);
      expect(last().way).toBe("polling");
      last().greet();
      expect(connection.isReady()).toBe(true);
    });

    test("and one that hangs is given up for the next", () => {
      startPolling();
      pass(30_000);
      const hanging = last();
      pass(60_000);
      expect(hanging.isClosed).toBe(true);
      expect(last()).not.toBe(hanging);
      hanging.greet();
      expect(hanging.sent).toEqual([]);
      last().greet();
      connection.send("text");
      expect(last().sent).toEqual(["text"]);
    });

    test("and goes with the poll that is lost; that the server had seen it is forgiven", () => {
      const old = startPolling();
      pass(30_000);
      const tried = last();
      old.drop();
      expect(tried.isClosed).toBe(true);
      wait();
      expect(last().way).toBe("polling");
      last().greet().drop(4000);
      expect(connection.isEnded()).toBe(false);
    });
  });

  test("a poll that ends stays away too", () => {
    startPolling();
    pass(30_000);
    const tried = last();
    FakeChannel.all[1]?.drop(1000);
    expect(listener.ended).toHaveBeenCalledExactlyOnceWith(false);
    expect(tried.isClosed).toBe(true);
    pass(600_000);
    expect(opened()).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
  });
});
