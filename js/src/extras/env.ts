/** How the page behaves around the application. What is set stands in the attribute `data-jibe-env` of its element. */

interface Environment {
  readonly title?: string;
  readonly output_animation?: boolean;
  readonly auto_scroll_bottom?: boolean;
  readonly input_panel_fixed?: boolean;
  readonly input_panel_min_height?: number;
  readonly input_panel_init_height?: number;
  readonly input_auto_focus?: boolean;
}

const ATTRIBUTE = "data-jibe-env";
const FADE = 250; // ms
const FIELDS =
  "input:not([type=hidden], [type=button], [type=submit], [type=reset]):enabled, select:enabled, textarea:enabled";

let environment: Environment = {};
let ownTitle: string | undefined;
let sheet: CSSStyleSheet | undefined;
let isWatching = false;

function application(): Element | null {
  return document.querySelector(`[${ATTRIBUTE}]`);
}

/** A style sheet that no markup makes, and so no policy forbids. */
function panelRule({
  input_panel_fixed: isFixed,
  input_panel_min_height: least,
  input_panel_init_height: height,
}: Environment): string {
  if (!isFixed) {
    return "";
  }
  const least_size = least === undefined ? "" : `min-block-size: ${least}px;`;
  const size = height === undefined ? "" : `block-size: ${height}px;`;
  return `[${ATTRIBUTE}] > form:last-of-type {
    position: sticky; inset-block-end: 0; z-index: 1; margin-block-start: auto; overflow: auto;
    background: var(--jl-surface); ${least_size} ${size}
  }`;
}

function apply(): void {
  const before = environment.title;
  environment = JSON.parse(application()?.getAttribute(ATTRIBUTE) ?? "{}") as Environment;
  if (environment.title !== before) {
    ownTitle ??= document.title;
    document.title = environment.title ?? ownTitle;
  }
  const rule = panelRule(environment);
  if (rule && !sheet) {
    sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(sheet);
  }
  sheet?.replaceSync(rule);
}

/** Gives the focus to the first field in there, unless the user is at one. */
function focusField(elements: readonly Element[]): void {
  if (document.activeElement?.matches(FIELDS)) {
    return;
  }
  for (const element of elements) {
    const fields = [...(element.matches(FIELDS) ? [element] : []), ...element.querySelectorAll(FIELDS)];
    const field = fields.find((each) => each.checkVisibility());
    if (field) {
      (field as HTMLElement).focus();
      return;
    }
  }
}

function scrollToEnd(): void {
  window.scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
}

function greet(came: readonly Element[]): void {
  if (environment.output_animation && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
    for (const element of came) {
      element.animate({ opacity: [0, 1] }, FADE);
    }
  }
  const last = application()?.lastElementChild;
  if (environment.auto_scroll_bottom && last && came.includes(last)) {
    scrollToEnd();
  }
  if (environment.input_auto_focus) {
    focusField(came);
  }
}

function onChange(records: readonly MutationRecord[]): void {
  if (records.some((record) => record.type === "attributes")) {
    apply();
  }
  const gone = new Set(records.flatMap((record) => [...record.removedNodes]));
  const came = records.flatMap((record) => [...record.addedNodes]);
  // What has only moved is not new, and what is in there already comes and goes with it.
  const elements = came.filter(
    (node): node is Element => node instanceof Element && !gone.has(node) && !!node.closest(`[${ATTRIBUTE}]`),
  );
  if (elements.length > 0) {
    greet(elements);
  }
}

function watch(): void {
  if (!isWatching) {
    isWatching = true;
    new MutationObserver(onChange).observe(document.body, {
      attributes: true,
      attributeFilter: [ATTRIBUTE],
      childList: true,
      subtree: true,
    });
  }
}

/** The environment has changed: what is set stands in the page, and perhaps what came with it. */
export function setEnvironment(): void {
  const before = environment;
  apply();
  watch();
  const root = application();
  if (root && environment.input_auto_focus && !before.input_auto_focus) {
    focusField([root]);
  }
  if (environment.auto_scroll_bottom && !before.auto_scroll_bottom) {
    scrollToEnd();
  }
}

/** Takes over what the page was loaded with. */
export function startEnvironment(): void {
  if (application()) {
    setEnvironment();
  }
}
