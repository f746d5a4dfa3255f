import { afterEach, expect, test, vi } from "vitest";
import run from "../src/extras/main.ts";

afterEach(() => {
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

/** A field in a form, and what the form that it is in for a moment is told to do. */
function field(
  marked: boolean,
  markup: string,
): { input: HTMLInputElement; reset: ReturnType<typeof vi.fn> } {
  document.body.innerHTML = `<form id="own">${markup}</form>`;
  const input = document.querySelector("input") as HTMLInputElement;
  const matches = Element.prototype.matches;
  vi.spyOn(input, "matches").mockImplementation((selector: string) =>
    selector === ":user-invalid" ? marked : matches.call(input, selector),
  );
  const reset = vi.fn();
  vi.spyOn(HTMLFormElement.prototype, "reset").mockImplementation(function (this: HTMLFormElement) {
    reset(this.id, input.getAttribute("form"));
    input.value = input.defaultValue;
  });
  return { input, reset };
}

function pristine(id = "w1"): void {
  run(vi.fn(), ["pristine", id], 0);
}

test("resets the field alone, in a form of its own", () => {
  const { input, reset } = field(true, '<input id="w1" required value="first">');
  input.value = "";
  pristine();
  const [id, form] = reset.mock.calls[0] as [string, string];
  expect(id).toBe(form);
  expect(id).not.toBe("own");
  expect(reset).toHaveBeenCalledTimes(1);
  expect(input.value).toBe("");
  expect(input.hasAttribute("form")).toBe(false);
  expect(document.forms).toHaveLength(1);
});

test("keeps the form that it names", () => {
  const { input } = field(true, '<input id="w1" required form="own">');
  pristine();
  expect(input.getAttribute("form")).toBe("own");
});

test("leaves alone what is not marked, what has a value by now, and what is not there", () => {
  const { input, reset } = field(false, '<input id="w1" required>');
  pristine();
  pristine("w2");
  vi.spyOn(input, "matches").mockReturnValue(true);
  input.value = "typed";
  pristine();
  expect(reset).not.toHaveBeenCalled();
  expect(input.value).toBe("typed");
});

test("leaves alone what is half typed", () => {
  const { input, reset } = field(true, '<input id="w1" required type="number">');
  Object.defineProperty(input, "validity", { value: { badInput: true } });
  pristine();
  expect(reset).not.toHaveBeenCalled();
});
