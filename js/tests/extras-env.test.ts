import { afterEach, beforeEach, expect, test, vi } from "vitest";

const animate = vi.fn();
const scrollTo = vi.fn();
let calm = false;

/** The page with an application for which this is set, and the extras. */
async function load(environment?: object): Promise<HTMLElement> {
  document.body.innerHTML = "<main id=topwidget><p id=first></p></main>";
  const root = document.getElementById("topwidget") as HTMLElement;
  if (environment) {
    root.setAttribute("data-jibe-env", JSON.stringify(environment));
  }
  await import("../src/extras/main.ts");
  return root;
}

async function set(root: Element, environment: object): Promise<void> {
  root.setAttribute("data-jibe-env", JSON.stringify(environment));
  const { default: run } = await import("../src/extras/main.ts");
  run(vi.fn(), ["env"], 0);
}

function add(root: Element, html: string): Element {
  root.insertAdjacentHTML("beforeend", html);
  return root.lastElementChild as Element;
}

/** Lets observers see what has changed. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  vi.resetModules();
  animate.mockReset();
  scrollTo.mockReset();
  calm = false;
  vi.stubGlobal("matchMedia", () => ({ matches: calm }));
  vi.stubGlobal("scrollTo", scrollTo);
  document.adoptedStyleSheets = [];
  // What earlier tests have loaded watches the old one.
  document.body.replaceWith(document.createElement("body"));
  Object.assign(Element.prototype, {
    animate,
    checkVisibility(this: Element) {
      return !this.closest("[hidden]");
    },
  });
  document.title = "before";
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("a page without an environment is left alone", async () => {
  const root = await load();
  add(root, "<input>");
  await turn();
  expect([document.title, animate.mock.calls, document.activeElement]).toEqual(["before", [], document.body]);
});

test("a title that is taken back makes room for the page's own", async () => {
  const root = await load();
  await set(root, { title: "set" });
  await set(root, { title: "set", output_animation: true });
  expect(document.title).toBe("set");
  await set(root, {});
  expect(document.title).toBe("before");
});

test("the title, from the beginning, later, and when it changes by itself", async () => {
  const root = await load({ title: "loaded" });
  expect(document.title).toBe("loaded");
  await set(root, { title: "set" });
  expect(document.title).toBe("set");
  root.setAttribute("data-jibe-env", '{"title":"restored"}');
  await turn();
  expect(document.title).toBe("restored");
});

test("what is new fades in; what moves does not, nor what is outside", async () => {
  const root = await load({ output_animation: true });
  const added = add(root, "<p><b></b></p>");
  document.body.append(document.createElement("aside"));
  await turn();
  expect(animate.mock.contexts).toEqual([added]);
  root.prepend(added);
  await turn();
  calm = true;
  add(root, "<p></p>");
  await turn();
  expect(animate).toHaveBeenCalledTimes(1);
});

test("the page scrolls to what is appended to the application itself", async () => {
  const root = await load();
  await set(root, { auto_scroll_bottom: true });
  expect(scrollTo).toHaveBeenCalledTimes(1);
  await set(root, { auto_scroll_bottom: true, title: "x" });
  root.prepend(document.createElement("p"));
  add(root.querySelector("#first") as Element, "<p></p>");
  await turn();
  expect(scrollTo).toHaveBeenCalledTimes(1);
  add(root, "<p></p>");
  await turn();
  expect(scrollTo).toHaveBeenCalledTimes(2);
});

test("the first field of what is new gets the focus", async () => {
  const root = await load({ input_auto_focus: true });
  add(
    root,
    "<div><input type=hidden><input disabled><p hidden><input></p><select id=it></select><input></div>",
  );
  await turn();
  expect(document.activeElement?.id).toBe("it");
  add(root, "<input id=other>");
  await turn();
  expect(document.activeElement?.id).toBe("it");
});

test("a page that is loaded with a field has the focus there", async () => {
  document.body.innerHTML = `<main data-jibe-env='{"input_auto_focus":true}'><textarea id=it></textarea></main>`;
  await import("../src/extras/main.ts");
  expect(document.activeElement?.id).toBe("it");
});

test("the panel has a style sheet that is emptied when it is not wanted any more", async () => {
  const root = await load({
    input_panel_fixed: true,
    input_panel_min_height: 80,
    input_panel_init_height: 200,
  });
  const rules = () =>
    document.adoptedStyleSheets.map(({ cssRules }) => [...cssRules].map((rule) => rule.cssText));
  const [[rule] = []] = rules();
  expect(rule).toContain("position: sticky");
  expect(rule).toContain("min-block-size: 80px;");
  expect(rule).toContain(" block-size: 200px;");
  await set(root, { input_panel_min_height: 80 });
  expect(rules()).toEqual([[]]);
  await set(root, { input_panel_fixed: true });
  expect(rules()).toHaveLength(1);
  expect(rules()[0]?.[0]).not.toContain("block-size");
});
