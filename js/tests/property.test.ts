import { describe, expect, test } from "vitest";
import { read, write, writeStyle } from "../src/property.ts";
import { byId, changes, isModal } from "./client.ts";

function show(html: string): HTMLElement {
  document.body.innerHTML = html;
  return document.body.firstElementChild as HTMLElement;
}

describe("read", () => {
  test("a value is a text, of what was touched where that has one", () => {
    const group = show(
      '<fieldset><input type="radio" value="a"><input type="radio" value="b" id="b"><i></i></fieldset>',
    );
    expect(read(group, byId("b"), "value")).toBe("b");
    const item = show('<ul><li value="3"><b></b></li></ul>').firstElementChild as Element;
    expect(read(item, item.firstElementChild as Element, "value")).toBe("3");
  });

  test("checked and open are booleans", () => {
    expect(read(show("<input type=checkbox checked>"), document.body, "checked")).toBe(true);
    expect(read(show("<details></details>"), document.body, "open")).toBe(false);
  });

  test("selected is a list of values", () => {
    const select = show(
      "<select multiple><option value=a selected><option value=b><option selected>c</select>",
    );
    expect(read(select, select, "selected")).toEqual(["a", "c"]);
    expect(read(document.body, select, "selected")).toEqual(["a", "c"]);
  });
});

describe("write", () => {
  test("a value that is there already is not set again: the caret would jump", () => {
    const field = show("<input type=number>") as HTMLInputElement;
    field.value = "5";
    let sets = 0;
    const native = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value") as PropertyDescriptor;
    Object.defineProperty(field, "value", {
      get: native.get as () => string,
      set(value) {
        sets++;
        native.set?.call(this, value);
      },
    });
    write(field, "value", 5);
    expect(sets).toBe(0);
    write(field, "value", 6);
    expect([sets, field.value]).toEqual([1, "6"]);
  });

  test("the caret of the focused field stays, one at the end stays at the end", () => {
    const field = show("<input>") as HTMLInputElement;
    field.value = "abcdef";
    field.focus();
    field.setSelectionRange(2, 3);
    write(field, "value", "ABCDEF");
    expect([field.selectionStart, field.selectionEnd]).toEqual([2, 3]);
    field.setSelectionRange(6, 6);
    write(field, "value", "ABCDEFGH");
    expect([field.selectionStart, field.selectionEnd]).toEqual([8, 8]);
  });

  test("a property of equal value is left alone", () => {
    const button = show("<button disabled></button>");
    expect(changes(() => write(button, "disabled", true))).toEqual([]);
    expect(changes(() => write(button, "disabled", false))).toHaveLength(1);
  });

  test("a dialog opens modally, and closes", async () => {
    const dialog = show("<dialog></dialog>") as HTMLDialogElement;
    write(dialog, "open", true);
    expect(isModal(dialog)).toBe(true);
    write(dialog, "open", true);
    write(dialog, "open", false);
    expect(dialog.open).toBe(false);
    write(dialog, "open", false);
  });

  test("a dialog that is built open becomes modal once it is in the page", async () => {
    const dialog = document.createElement("dialog");
    write(dialog, "open", true);
    expect([dialog.open, isModal(dialog)]).toEqual([true, false]);
    document.body.append(dialog);
    await Promise.resolve();
    expect(isModal(dialog)).toBe(true);
  });

  test("a dialog that was built open and never came into the page stays as it is", async () => {
    const dialog = document.createElement("dialog");
    write(dialog, "open", true);
    await Promise.resolve();
    expect(isModal(dialog)).toBe(false);
  });

  test("several selected", () => {
    const select = show(
      "<select multiple><option value=a selected><option value=b></select>",
    ) as HTMLSelectElement;
    write(select, "selected", ["b"]);
    expect(Array.from(select.selectedOptions, ({ value }) => value)).toEqual(["b"]);
    write(select.options[0] as Element, "selected", true);
    expect(Array.from(select.selectedOptions, ({ value }) => value)).toEqual(["a", "b"]);
  });

  test.each(["innerHTML", "outerHTML", "srcdoc"])("%s is refused", (name) => {
    expect(() => write(show("<iframe></iframe>"), name, "<b>x</b>")).toThrow(`${name} takes HTML`);
  });
});

describe("writeStyle", () => {
  test.each([
    ["color", "red", "color: red;"],
    ["color", "red !important", "color: red !important;"],
    ["--jl-value", "40%", "--jl-value: 40%;"],
    ["margin", "1px 2px", "margin: 1px 2px;"],
  ])("%s: %s", (name, value, text) => {
    const element = show("<div></div>");
    writeStyle(element, name, value);
    expect(element.style.cssText).toBe(text);
    writeStyle(element, name, null);
    expect(element.style.cssText).toBe("");
  });
});
