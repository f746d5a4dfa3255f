/** Arrow keys, Home and End in a tab list move to another tab and choose it. */

/** The keys that step back and forth. */
function stepKeys(list: Element): [back: string, forth: string] {
  if (list.ariaOrientation === "vertical") {
    return ["ArrowUp", "ArrowDown"];
  }
  return getComputedStyle(list).direction === "rtl"
    ? ["ArrowRight", "ArrowLeft"]
    : ["ArrowLeft", "ArrowRight"];
}

function onKeydown(event: KeyboardEvent): void {
  const { target, key } = event;
  const tab = target instanceof Element ? target.closest<HTMLElement>("[role=tab]") : null;
  const list = tab?.closest("[role=tablist]");
  if (
    !tab ||
    !list ||
    event.defaultPrevented ||
    event.altKey ||
    event.ctrlKey ||
    event.metaKey ||
    event.shiftKey
  ) {
    return;
  }
  const tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")].filter(
    (other) => other.closest("[role=tablist]") === list && !other.matches(":disabled, [aria-disabled=true]"),
  );
  const now = tabs.indexOf(tab);
  const [back, forth] = stepKeys(list);
  const index = { Home: 0, End: -1, [back]: now - 1, [forth]: (now + 1) % tabs.length }[key];
  const next = index === undefined ? undefined : tabs.at(index);
  if (next) {
    event.preventDefault();
    next.focus();
    next.click();
  }
}

/** Begins to listen. */
export function startTabs(): void {
  document.addEventListener("keydown", onKeydown);
}
