import { afterEach, beforeEach, expect, test, vi } from "vitest";

/** Stands in for the browser's XMLHttpRequest: a request, and what a server or the network does to it. */
class Request {
  static readonly all: Request[] = [];

  onloadend: (() => void) | null = null;
  status = 0;
  where = "";
  body: FormData | undefined;
  isAborted = false;

  open(method: string, url: string): void {
    this.where = `${method} ${url}`;
  }

  send(body: FormData): void {
    this.body = body;
    Request.all.push(this);
  }

  abort(): void {
    this.isAborted = true;
    this.onloadend?.();
  }

  /** The server answers; with 0 the network gives up. */
  end(status: number): void {
    this.status = status;
    this.onloadend?.();
  }

  get file(): File {
    return this.body?.get("file") as File;
  }
}

interface Told {
  readonly key: string;
  readonly name: string;
  readonly size: number;
  readonly type: string;
  readonly again?: true;
}

let n = 0;
const post = vi.fn();

async function run(got: number, ...operation: [string, ...unknown[]]): Promise<void> {
  const { default: run } = await import("../src/extras/main.ts");
  run(post, operation, got);
}

/** The events that offer files: by their numbers, what they say. */
function offers(): { readonly id: string; readonly files: Told[] }[] {
  return post.mock.calls.filter(([{ event }]) => event === "upload").map(([{ data }]) => data);
}

/** The keys of all files that were offered, each as often as it was. */
function keys(): string[] {
  return offers().flatMap(({ files }) => files.map(({ key }) => key));
}

function names(): string[] {
  return Request.all.map(({ file }) => file.name);
}

function last(): Request {
  return Request.all.at(-1) as Request;
}

function configure(config: object): void {
  const meta = document.createElement("meta");
  meta.name = "jibe-like";
  meta.content = JSON.stringify({ socket: "files/websocket", ...config });
  document.head.replaceChildren(meta);
}

/** The user chooses files of these names, of four bytes each; jsdom lets nobody set `files`. */
function choose(...chosen: string[]): Promise<HTMLInputElement> {
  return chooseFor("w1", ...chosen);
}

async function chooseFor(widget: string, ...chosen: string[]): Promise<HTMLInputElement> {
  const input = document.createElement("input");
  input.type = "file";
  input.id = `${widget}.input`;
  let files = chosen.map((name) => new File(["four"], name, { type: "text/plain" }));
  Object.defineProperty(input, "files", { get: () => files });
  Object.defineProperty(input, "value", {
    set: (value: string) => {
      expect(value).toBe("");
      files = [];
    },
  });
  document.body.replaceChildren(input);
  await run(0, "upload", input.id, widget);
  return input;
}

/** The server gives one of the files its turn: by default the first. */
async function answer(index = 0, url = "_jibe/upload/ticket"): Promise<void> {
  await run(n, "upload_to", [[keys()[index], url]]);
}

/** The names of the files in the last event. */
function lastOffer(): string[] {
  return (offers().at(-1)?.files ?? []).map(({ name }) => name);
}

/** What modules of earlier tests listen to is taken back. */
const added: [EventTarget, string, EventListener][] = [];

function follow(target: EventTarget): void {
  const add = target.addEventListener.bind(target);
  vi.spyOn(target, "addEventListener").mockImplementation((type, listener, options) => {
    added.push([target, type, listener as EventListener]);
    add(type, listener, options);
  });
}

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers();
  follow(window);
  follow(document);
  vi.stubGlobal("XMLHttpRequest", Request);
  Request.all.length = 0;
  n = 0;
  post.mockReset().mockImplementation(() => ({ n: ++n }));
  configure({ limit: 65536 });
});

afterEach(() => {
  vi.restoreAllMocks();
  for (const [target, type, listener] of added.splice(0)) {
    target.removeEventListener(type, listener, true);
    target.removeEventListener(type, listener);
  }
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("what was chosen is offered, and the control is empty again", async () => {
  const input = await choose("a.txt", "b.txt");
  expect(input.files).toHaveLength(0);
  expect(offers()).toEqual([
    {
      id: "w1",
      files: [
        { key: expect.any(String), name: "a.txt", size: 4, type: "text/plain" },
        { key: expect.any(String), name: "b.txt", size: 4, type: "text/plain" },
      ],
    },
  ]);
  expect(new Set(keys()).size).toBe(2);
  expect(Request.all).toEqual([]);
});

test("nothing chosen, and no such control: nothing is offered", async () => {
  await choose();
  await run(0, "upload", "w9.input", "w9");
  document.body.innerHTML = '<p id="w2"></p>';
  await run(0, "upload", "w2", "w2");
  expect(post).not.toHaveBeenCalled();
});

test("once a control is known, each choice is offered at once, so that none replaces the one before", async () => {
  await choose("a");
  const input = document.createElement("input");
  input.type = "file";
  for (const [id, name] of [
    ["w1.input", "b"],
    ["w9.input", "not asked for"],
  ] as const) {
    input.id = id;
    Object.defineProperty(input, "files", { configurable: true, get: () => [new File([], name)] });
    document.body.replaceChildren(input);
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  expect(offers().map(({ id, files }) => [id, files[0]?.name])).toEqual([
    ["w1", "a"],
    ["w1", "b"],
  ]);
});

test("many files go in several events", async () => {
  await choose(...Array.from({ length: 250 }, (_, index) => `${index}`));
  expect(offers().map(({ files }) => files.length)).toEqual([100, 100, 50]);
});

test("no event is longer than the server takes", async () => {
  configure({ limit: 4000 });
  const long = "漢".repeat(200);
  await choose(...Array.from({ length: 9 }, (_, index) => `${index}${long}`));
  expect(offers().flatMap(({ files }) => files)).toHaveLength(9);
  for (const data of offers()) {
    expect(new Blob([JSON.stringify(data)]).size).toBeLessThan(3900);
  }
  configure({ limit: 100 });
  await choose("a", "b");
  expect(offers().slice(-2)).toMatchObject([{ files: [{ name: "a" }] }, { files: [{ name: "b" }] }]);
});

test("without a limit", async () => {
  configure({ limit: 0 });
  await choose(...Array.from({ length: 100 }, () => "x".repeat(10_000)));
  expect(offers()).toHaveLength(1);
});

test("a file is sent when it gets its turn, relative to the socket", async () => {
  await choose("a", "b");
  await answer();
  expect(last().where).toBe(`POST ${location.origin}/files/_jibe/upload/ticket`);
  expect([...(last().body?.keys() ?? [])]).toEqual(["file"]);
  expect(await last().file.text()).toBe("four");
  last().end(204);
  await answer(1);
  last().end(204);
  expect(names()).toEqual(["a", "b"]);
  await vi.advanceTimersByTimeAsync(1e6);
  expect(names()).toEqual(["a", "b"]);
  expect(post).toHaveBeenCalledTimes(1);
});

test("two turns at once are taken one after the other", async () => {
  await choose("a", "b");
  await run(
    n,
    "upload_to",
    keys().map((key) => [key, key]),
  );
  expect(names()).toEqual(["a"]);
  last().end(204);
  expect(names()).toEqual(["a", "b"]);
});

test.each([400, 403, 413, 415, 422, 507])(
  "after %i a file is given up, and that said: a proxy may have refused it",
  async (status) => {
    await choose("a");
    await answer();
    last().end(status);
    await vi.advanceTimersByTimeAsync(1e6);
    expect(offers()).toHaveLength(1);
    expect(post.mock.calls.slice(1)).toEqual([[{ id: ".", event: "upload_lost", data: { files: keys() } }]]);
  },
);

test.each([0, 408, 410, 429, 500, 502, 503, 504])(
  "after %i a file is offered again by the same key",
  async (status) => {
    await choose("a");
    await answer();
    last().end(status);
    await vi.advanceTimersByTimeAsync(300);
    expect(offers()[1]?.files).toEqual([{ ...offers()[0]?.files[0], again: true }]);
    await answer(0, "again");
    expect(last().where).toContain("/again");
    last().end(204);
    await vi.advanceTimersByTimeAsync(1e6);
    expect(offers()).toHaveLength(2);
  },
);

test("where one could not be sent, all that wait are offered again: the server may not know them any more", async () => {
  await choose("a", "b");
  await answer();
  last().end(0);
  await vi.advanceTimersByTimeAsync(300);
  expect(lastOffer()).toEqual(["a", "b"]);
});

test("a file that waits to be offered again holds up no other, and disturbs none", async () => {
  await choose("a", "b");
  await answer();
  last().end(429);
  await answer(1);
  expect(names()).toEqual(["a", "b"]);
  await vi.advanceTimersByTimeAsync(300);
  expect(lastOffer()).toEqual(["a"]);
  expect(last().isAborted).toBe(false);
  // It was said once, and is being waited for.
  await vi.advanceTimersByTimeAsync(60_000);
  expect(offers()).toHaveLength(2);
});

test("it waits longer each time, but never too long; what has come ends that", async () => {
  vi.spyOn(Math, "random").mockReturnValue(1);
  await choose("a", "b");
  const wait = async (index: number): Promise<number> => {
    await answer(index);
    last().end(503);
    const before = performance.now();
    await vi.advanceTimersToNextTimerAsync();
    return Math.round(performance.now() - before);
  };
  const waits: number[] = [];
  for (let attempt = 0; attempt < 8; attempt++) {
    waits.push(await wait(0));
  }
  expect(waits).toEqual([300, 600, 1200, 2400, 4800, 9600, 10_000, 10_000]);
  await answer();
  last().end(204);
  expect(await wait(1)).toBe(300);
});

test("where nothing is heard of them, files are offered again, ever more rarely", async () => {
  await choose("a", "b");
  const waits: number[] = [];
  for (let attempt = 0; attempt < 7; attempt++) {
    const before = performance.now();
    await vi.advanceTimersToNextTimerAsync();
    waits.push(performance.now() - before);
    expect(lastOffer()).toEqual(["a", "b"]);
  }
  expect(waits).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  await answer();
  last().end(204);
  await answer(1);
  last().end(204);
  await vi.advanceTimersByTimeAsync(1e6);
  expect(offers()).toHaveLength(8);
});

test("files of several fields are offered again in events of their own", async () => {
  await choose("a", "b");
  await chooseFor("w2", "c");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(offers().map(({ id, files }) => [id, files.length])).toEqual([
    ["w1", 2],
    ["w2", 1],
    ["w1", 2],
    ["w2", 1],
  ]);
});

test("an answer to an earlier offer does not count", async () => {
  await choose("a");
  await vi.advanceTimersByTimeAsync(10_000);
  const [key] = keys();
  await run(1, "upload_to", [[key, "old"]]);
  expect(Request.all).toEqual([]);
  await run(2, "upload_to", [[key, "new"]]);
  expect(last().where).toContain("/new");
});

test("where the server wants a file anew it is sent from the start", async () => {
  await choose("a");
  await answer();
  const first = last();
  await answer(0, "anew");
  expect(first.isAborted).toBe(true);
  expect(last().where).toContain("/anew");
  expect(Request.all).toHaveLength(2);
  last().end(204);
  await vi.advanceTimersByTimeAsync(1e6);
  expect(offers()).toHaveLength(1);
});

test("what is not wanted any more is broken off, and forgotten", async () => {
  await choose("a", "b");
  await answer();
  const [a, b] = keys();
  await run(n, "upload_stop", [b]);
  expect(last().isAborted).toBe(false);
  await run(n, "upload_stop", [a, "unknown"]);
  expect(last().isAborted).toBe(true);
  await answer();
  await vi.advanceTimersByTimeAsync(1e6);
  expect(names()).toEqual(["a"]);
  expect(offers()).toHaveLength(1);
});

test("what was stopped while it waited to be offered again is not", async () => {
  await choose("a");
  await answer();
  last().end(503);
  await run(n, "upload_stop", keys());
  await vi.advanceTimersByTimeAsync(1e6);
  expect(offers()).toHaveLength(1);
});

test("what cannot be said is forgotten", async () => {
  post.mockReturnValue(undefined);
  await choose("a");
  await vi.advanceTimersByTimeAsync(1e6);
  expect(offers()).toHaveLength(1);
});

test("when the network is back, what was on its way is begun anew", async () => {
  await choose("a", "b");
  await answer();
  const first = last();
  dispatchEvent(new Event("online"));
  expect(first.isAborted).toBe(true);
  expect(lastOffer()).toEqual(["a"]);
  await answer();
  last().end(204);
  dispatchEvent(new Event("online"));
  expect(offers()).toHaveLength(2);
});

test("a file that the browser cannot read any more is given up, and that said", async () => {
  await choose("a");
  await answer();
  const unreadable = new DOMException("gone", "NotReadableError");
  vi.spyOn(Blob.prototype, "arrayBuffer").mockRejectedValueOnce(unreadable);
  last().end(0);
  await vi.advanceTimersByTimeAsync(1e6);
  expect(offers()).toHaveLength(1);
  expect(post.mock.lastCall).toEqual([{ id: ".", event: "upload_lost", data: { files: keys() } }]);
});

test("one that was stopped meanwhile is not said to be lost", async () => {
  const { stopFiles } = await import("../src/extras/upload.ts");
  await choose("a");
  await answer();
  vi.spyOn(Blob.prototype, "arrayBuffer").mockRejectedValueOnce(new Error("gone"));
  last().end(0);
  stopFiles(0, keys());
  await vi.advanceTimersByTimeAsync(1e6);
  expect(post).toHaveBeenCalledTimes(1);
});
