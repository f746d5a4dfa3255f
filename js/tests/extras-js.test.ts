import { afterEach, beforeEach, expect, test, vi } from "vitest";

const post = vi.fn();

interface Answer {
  readonly call: number;
  readonly value?: string;
  readonly error?: string;
}

async function run(call: number, code: string, args: Record<string, unknown> = {}): Promise<void> {
  const { default: run } = await import("../src/extras/main.ts");
  run(post, ["js", call, code, args], 0);
}

/** What the page says of the expression. */
async function answerTo(code: string, args: Record<string, unknown> = {}): Promise<Answer> {
  await run(7, code, args);
  await vi.waitFor(() => expect(post).toHaveBeenCalled());
  expect(post).toHaveBeenCalledTimes(1);
  const [{ id, event, data }] = post.mock.calls[0] as [{ id: string; event: string; data: Answer }];
  expect([id, event, data.call]).toEqual([".", "answer", 7]);
  return data;
}

let complaints: unknown[][];

beforeEach(() => {
  vi.resetModules();
  post.mockReset().mockReturnValue({ n: 1 });
  complaints = [];
  vi.spyOn(console, "error").mockImplementation((...args) => complaints.push(args));
  document.head.innerHTML = '<script nonce="the nonce"></script>';
});

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ["1 + 1", {}, "2"],
  ["a + b", { a: "x", b: 1 }, '"x1"'],
  ["a // and a comment", { a: [1, { b: null }] }, '[1,{"b":null}]'],
  ["undefined", {}, "null"],
  ["() => 1", {}, "null"],
  ["Promise.resolve('later')", {}, '"later"'],
  ["text", { text: "</script>\u2028'\"`" }, JSON.stringify("</script>\u2028'\"`")],
  ["typeof __proto__x", { __proto__x: 1 }, '"number"'],
])("the value of %s", async (code, args, value) => {
  expect(await answerTo(code, args)).toEqual({ call: 7, value });
  expect(complaints).toEqual([]);
});

test("a nested __proto__ is a key like any other", async () => {
  const args = JSON.parse('{"a": {"__proto__": {"x": 1}}}');
  expect(await answerTo("[Object.keys(a), a.x === undefined]", args)).toMatchObject({
    value: '[["__proto__"],true]',
  });
});

test.each([
  ["nothing.there", "ReferenceError"],
  ["1 +", "SyntaxError"],
  ["Promise.reject(new TypeError('no'))", "TypeError: no"],
  ["Promise.reject('plain')", "plain"],
  ["10n", "TypeError"],
])("what goes wrong in %s is said", async (code, error) => {
  const answer = await answerTo(code);
  expect(answer.value).toBeUndefined();
  expect(answer.error).toContain(error);
  expect(complaints).toHaveLength(1);
});

test("an error is told in short", async () => {
  expect((await answerTo("Promise.reject('x'.repeat(9999))")).error).toHaveLength(500);
});

test("a value that cannot be sent is an error", async () => {
  post.mockReturnValueOnce(undefined);
  await run(7, "'long'");
  await vi.waitFor(() => expect(post).toHaveBeenCalledTimes(2));
  expect(post.mock.calls[1]?.[0].data).toEqual({
    call: 7,
    error: "Error: the value of 6 characters cannot be sent",
  });
});

test("code runs in the global scope; its arguments are its own", async () => {
  await run(0, "var made = n; function twice(x) { return 2 * x } let own = 1; n = 0", { n: 21 });
  await run(0, "let own = 2");
  expect(await answerTo("[twice(made), typeof n, typeof own]")).toMatchObject({
    value: '[42,"undefined","undefined"]',
  });
  expect(complaints).toEqual([]);
});

test("code that throws is told, and nothing else is said", async () => {
  await run(0, "throw new RangeError('out')");
  await run(0, "1 + 1");
  expect(post.mock.calls).toEqual([
    [{ id: ".", event: "answer", data: { call: 0, error: "RangeError: out" } }],
  ]);
  expect(complaints).toHaveLength(1);
});

test("the script has the page's nonce, and does not stay", async () => {
  const seen: string[] = [];
  const append = document.head.append.bind(document.head);
  vi.spyOn(document.head, "append").mockImplementation((script) => {
    seen.push((script as HTMLScriptElement).nonce);
    append(script);
  });
  const nonce = document.querySelector("script");
  expect(nonce).not.toBeNull();
  await answerTo("1");
  expect(seen).toEqual([nonce?.nonce]);
  expect(document.querySelectorAll("script")).toHaveLength(1);
});
