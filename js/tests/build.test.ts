import { describe, expect, test, vi } from "vitest";
import { build, childrenOf, parseHtml } from "../src/build.ts";
import * as listening from "../src/listening.ts";

describe("a script is never built", () => {
  test.each(["script", "SCRIPT"])("%s", (tag) => {
    const error = vi.spyOn(console, "error").mockReturnValue();
    const built = build(["div", {}, [tag, { src: "/evil.js" }, "ran = true"], ["b", {}]]);
    document.body.replaceChildren(built);
    expect(document.querySelector("script")).toBeNull();
    expect(built.lastElementChild?.localName).toBe("b");
    expect(document.body.innerHTML).not.toContain("evil");
    expect(error).toHaveBeenCalledWith("jibe_like: a script is never built");
  });

  test("one in a drawing neither", () => {
    vi.spyOn(console, "error").mockReturnValue();
    const built = build(["svg", {}, ["script", {}, "ran = true"]]);
    expect(built.querySelector("script")).toBeNull();
  });
});

test("a drawing and what is in it has its own namespace", () => {
  const svg = build([
    "div",
    {},
    ["svg", { viewBox: "0 0 1 1" }, ["g", {}, ["circle", { r: "1" }]]],
    ["b", {}],
  ]);
  expect(svg.querySelector("circle")).toBeInstanceOf(SVGElement);
  expect(svg.querySelector("b")).toBeInstanceOf(HTMLElement);
  const inner = build(["circle", {}], svg.querySelector("g"));
  expect(inner).toBeInstanceOf(SVGElement);
});

test("texts side by side are one, as a parser makes them", () => {
  expect(childrenOf(["p", {}, "", "a", "", "b", ["i", {}], "", "c", "d"])).toEqual(["ab", ["i", {}], "cd"]);
  expect(build(["p", {}, "a", "", "b"]).childNodes).toHaveLength(1);
});

test("properties are set after the children", () => {
  const select = build(["select", { ".value": "b" }, ["option", { value: "a" }], ["option", { value: "b" }]]);
  expect((select as HTMLSelectElement).value).toBe("b");
});

test("styles go through the CSSOM, never through the attribute", () => {
  const set = vi.spyOn(Element.prototype, "setAttribute");
  const built = build(["div", { style: { color: "red" } }]) as HTMLElement;
  expect(built.style.color).toBe("red");
  expect(set).not.toHaveBeenCalled();
});

test("the types of data-on are listened to", () => {
  const listen = vi.spyOn(document, "addEventListener").mockReturnValue();
  listening.setListener(() => undefined);
  build(["div", {}, ["button", { "data-on": "pointerdown,stop" }]]);
  expect(listen.mock.calls.map(([type]) => type)).toEqual(["pointerdown"]);
});

test("HTML parsed is inert until it is in the page, and its scripts do not run then", () => {
  const target = globalThis as { ran?: boolean };
  document.body.replaceChildren(parseHtml("<script>ran = true</script><p>x</p>"));
  expect(target.ran).toBeUndefined();
});
