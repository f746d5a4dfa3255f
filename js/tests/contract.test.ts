/** The golden files that the Python tests read too. */
import { describe, expect, test, vi } from "vitest";
import eventCases from "../../tests/contract/events.json";
import frameCases from "../../tests/contract/frames.json";
import nodeCases from "../../tests/contract/nodes.json";
import firstHtmlCases from "../../tests/contract/nodes_first_html.json";
import patchCases from "../../tests/contract/patches.json";
import type { Branch, Frame, Kept, Operation, Ping } from "../src/protocol.ts";
import { byId, connect, FakeSocket, start, useFreshClient } from "./client.ts";

interface NodeCase {
  name: string;
  node: Branch;
  html: string;
  style?: string;
}

interface PatchCase {
  name: string;
  before: Branch;
  ops: Operation[];
  after: string;
  properties?: Record<string, Record<string, unknown>>;
}

const PROPERTIES = ["value", "checked", "open", "selected", "selectedIndex", "disabled"] as const;

/** What an element and all inside it are, as far as a first HTML and a node can tell. */
function stateOf(element: Element): unknown[] {
  const properties = PROPERTIES.map((name) => (element as unknown as Record<string, unknown>)[name]);
  // The default text of a text area is its value here and nothing there.
  const text = element.localName === "textarea" ? "" : element.textContent;
  const { localName, id, className, style } = element as HTMLElement;
  return [localName, id, className, style.cssText, text, properties, ...[...element.children].map(stateOf)];
}

useFreshClient();

describe("nodes.json", () => {
  test.each(nodeCases as unknown as NodeCase[])("$name", async ({ node, html }) => {
    const { build } = await import("../src/build.ts");
    const template = document.createElement("template");
    template.innerHTML = html;
    const built = build(node);
    expect(built.outerHTML).toBe(template.innerHTML);
    expect(built.isEqualNode(template.content.firstChild)).toBe(true);
  });
});

describe("nodes_first_html.json", () => {
  test.each(firstHtmlCases as unknown as NodeCase[])("$name", async ({ node, html, style }) => {
    await start(html, {}, style);
    const hydrated = byId("w1");
    const { build } = await import("../src/build.ts");
    const built = build(node);
    document.body.replaceChildren(built);
    await Promise.resolve();
    expect(stateOf(hydrated)).toEqual(stateOf(built));
    expect(FakeSocket.last.greet().sent).toEqual([]);
  });
});

describe("patches.json", () => {
  test.each(patchCases as unknown as PatchCase[])("$name", async ({ before, ops, after, properties }) => {
    vi.spyOn(console, "error").mockReturnValue();
    const { build } = await import("../src/build.ts");
    const { applyAll } = await import("../src/patch.ts");
    document.body.replaceChildren(build(before));
    applyAll(ops, vi.fn());
    await Promise.resolve();
    expect(document.body.innerHTML).toBe(after);
    for (const [id, values] of Object.entries(properties ?? {})) {
      expect(byId(id)).toMatchObject(values);
    }
  });
});

interface FrameCase {
  name: string;
  frame: Frame;
  text: string;
}

interface EventCase {
  name: string;
  event: Partial<Kept & Ping> & { ack?: number };
  text: string;
}

describe("frames.json", () => {
  const cases = frameCases as unknown as FrameCase[];

  test.each(cases)("$name", ({ frame, text }) => {
    expect(JSON.parse(text)).toEqual(frame);
  });

  test("the client takes every one", async () => {
    const errors = vi.spyOn(console, "error");
    const socket = await connect('<div id="w1.box"><input id="w1"></div><span id="w2"></span>');
    byId("w2").scrollIntoView = vi.fn();
    for (const { name, frame, text } of cases) {
      if (!frame.hello && name !== "go") {
        socket.onmessage?.({ data: text });
      }
    }
    expect(errors).not.toHaveBeenCalled();
  });

  test("every hello makes the connection ready", async () => {
    await start("");
    const { isReady } = await import("../src/connection.ts");
    for (const { text } of cases.filter(({ frame }) => frame.hello)) {
      expect(isReady()).toBe(false);
      FakeSocket.last.onmessage?.({ data: text });
      expect(isReady()).toBe(true);
      window.dispatchEvent(new Event("online"));
    }
  });
});

describe("events.json", () => {
  const cases = eventCases as unknown as EventCase[];

  test.each(cases)("$name", async ({ text, event }) => {
    const { encode } = await import("../src/session.ts");
    expect(encode(event, event.ack)).toBe(text);
    expect(JSON.parse(text)).toEqual(event);
  });
});
