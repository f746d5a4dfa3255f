import { afterEach, beforeEach, expect, test, vi } from "vitest";

async function run(...operation: [string, ...unknown[]]): Promise<void> {
  const { default: run } = await import("../src/extras/main.ts");
  run(vi.fn(), operation, 0);
}

function place(socket: string): void {
  const meta = document.createElement("meta");
  meta.name = "jibe-like";
  meta.content = JSON.stringify({ socket });
  document.head.replaceChildren(meta);
}

beforeEach(() => {
  vi.resetModules();
  document.body.replaceChildren();
});

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ["websocket", "_jibe/download/x", "/_jibe/download/x"],
  ["shop/websocket?page=/shop", "_jibe/download/x", "/shop/_jibe/download/x"],
  ["websocket", "./", "/"],
  ["shop/websocket", "../office/", "/office/"],
])("from the socket %s, %s is at %s", async (socket, url, path) => {
  place(socket);
  const { locate } = await import("../src/extras/address.ts");
  expect(locate(url)).toBe(`${location.origin}${path}`);
});

test("a page that does not say where its socket is", async () => {
  document.head.replaceChildren();
  const { locate } = await import("../src/extras/address.ts");
  expect(locate("x")).toBe(`${location.origin}/x`);
});

test("a download is a click on a link that does not stay", async () => {
  place("files/websocket");
  const clicked: string[][] = [];
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    clicked.push([this.href, this.download, `${this.isConnected}`]);
  });
  await run("download", "_jibe/download/token", "naïve.txt");
  expect(clicked).toEqual([[`${location.origin}/files/_jibe/download/token`, "naïve.txt", "true"]]);
  expect(document.body.childElementCount).toBe(0);
});

test("another application opens in a window that cannot reach back", async () => {
  place("websocket");
  const opened = { opener: window };
  const open = vi.spyOn(window, "open").mockReturnValue(opened as unknown as Window);
  await run("open", "shop/", true);
  expect(open).toHaveBeenCalledWith(`${location.origin}/shop/`, "_blank");
  expect(opened.opener).toBeNull();
  expect(document.body.childElementCount).toBe(0);
});

test("where no window may open there is one link, until it is used", async () => {
  place("websocket");
  vi.spyOn(window, "open").mockReturnValue(null);
  await run("open", "shop/", true);
  await run("open", "office/", true);
  const links = document.querySelectorAll<HTMLAnchorElement>("#jibe-open a");
  expect([...links].map(({ href, target }) => [href, target])).toEqual([
    [`${location.origin}/office/`, "_blank"],
  ]);
  links[0]?.addEventListener("click", (event) => event.preventDefault());
  links[0]?.click();
  expect(document.getElementById("jibe-open")).toBeNull();
});
