/** Putting nodes into an order with the fewest moves, none of which loses focus, selection or scroll position. */

/** Whether focus is being put back after a move: the focus events of this are not the user's. */
export const refocus = { active: false };

/** Elements that were scrolled. To look for them at each move would make the browser lay out the page each time. */
const scrolled = new Set<Element>();

/** Begins to notice what is scrolled. */
export function startPlaces(): void {
  document.addEventListener(
    "scroll",
    ({ target }) => {
      if (target instanceof Element) {
        scrolled.add(target);
      }
    },
    { capture: true, passive: true },
  );
}

/** Moves by taking out and putting in, and gives the focus back that gets lost by that. */
function reinsert(parent: Node, node: Node, before: Node | null): void {
  const active = document.activeElement as HTMLElement | null;
  const hadFocus = node.contains(active);
  refocus.active = true;
  try {
    parent.insertBefore(node, before);
    if (hadFocus) {
      active?.focus({ preventScroll: true });
    }
  } finally {
    refocus.active = false;
  }
}

/** Runs what moves the nodes, and gives back the scroll positions inside them, which not even `moveBefore` keeps. */
function keepScroll(nodes: readonly Node[], moveAll: () => void): void {
  const positions: [Element, left: number, top: number][] = [];
  for (const element of scrolled) {
    if (!element.isConnected) {
      scrolled.delete(element);
    } else if (nodes.some((node) => node.contains(element))) {
      positions.push([element, element.scrollLeft, element.scrollTop]);
    }
  }
  moveAll();
  for (const [element, left, top] of positions) {
    element.scrollLeft = left;
    element.scrollTop = top;
  }
}

function move(parent: Element, node: Node, before: Node | null): void {
  if ("moveBefore" in parent && node.isConnected && parent.isConnected) {
    parent.moveBefore(node, before);
  } else {
    reinsert(parent, node, before);
  }
}

/** The longest run of increasing numbers in a list, as a set. */
function longestIncreasing(numbers: readonly number[]): Set<number> {
  // tails[k]: the smallest number that ends an increasing run of length k + 1.
  const tails: number[] = [];
  const before = new Map<number, number | undefined>();
  for (const number of numbers) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((tails[middle] as number) < number) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    before.set(number, tails[low - 1]);
    tails[low] = number;
  }
  const run = new Set<number>();
  for (let number = tails.at(-1); number !== undefined; number = before.get(number)) {
    run.add(number);
  }
  return run;
}

/**
 * Which of the nodes can stay where they are: as many as possible, the focused one among them.
 *
 * `present` are the nodes that may stay, in their present order; `nodes` is the order wanted.
 */
function staying(nodes: readonly Node[], present: readonly Node[]): Set<Node> {
  const index = new Map(present.map((node, i) => [node, i]));
  let order = nodes.flatMap((node) => index.get(node) ?? []);
  const active = document.activeElement;
  const focused = active ? order.findIndex((i) => present[i]?.contains(active)) : -1;
  if (focused >= 0) {
    const pivot = order[focused] as number;
    order = order.filter((number, i) => Math.sign(number - pivot) === Math.sign(i - focused));
  }
  return new Set([...longestIncreasing(order)].map((i) => present[i] as Node));
}

function arrange(
  parent: Element,
  nodes: readonly Node[],
  before: Node | null,
  stay: ReadonlySet<Node>,
): void {
  let next = before;
  let fresh: DocumentFragment | null = null;
  // Neighbours that are new go in together: one change of the page however many they are.
  const insertFresh = (): void => {
    if (fresh) {
      const first = fresh.firstChild;
      parent.insertBefore(fresh, next);
      next = first;
      fresh = null;
    }
  };
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i] as Node;
    if (node.parentNode) {
      insertFresh();
      if (!stay.has(node)) {
        move(parent, node, next);
      }
      next = node;
    } else {
      fresh ??= document.createDocumentFragment();
      fresh.insertBefore(node, fresh.firstChild);
    }
  }
  insertFresh();
}

/** Puts the nodes, in order, before `before`. `present`: those that may stay in place, in their present order. */
export function place(
  parent: Element,
  nodes: readonly Node[],
  before: Node | null,
  present: readonly Node[],
): void {
  const stay = staying(nodes, present);
  const moved = nodes.filter((node) => !stay.has(node));
  keepScroll(moved, () => arrange(parent, nodes, before, stay));
}
