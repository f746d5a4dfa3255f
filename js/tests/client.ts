/** A fresh page and a fresh client for each test, and the server's end of its socket. */
import { afterEach, beforeEach, vi } from "vitest";
import type { Config } from "../src/config.ts";
import type { Frame, Operation } from "../src/protocol.ts";

/** Stands in for the browser's WebSocket; its methods beyond that are what a server does. */
export class FakeSocket {
  static readonly all: FakeSocket[] = [];

  onopen: (() => unknown) | undefined;
  onmessage: ((event: { data: string }) => unknown) | undefined;
  onclose: ((event: { code: number }) => unknown) | undefined;
  readonly sent: string[] = [];
  isClosed = false;

  constructor(
    readonly url: string,
    readonly protocols: readonly string[],
  ) {
    FakeSocket.all.push(this);
  }

  static get last(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (!socket) {
      throw new Error("no socket was opened");
    }
    return socket;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.isClosed = true;
  }

  /** All messages that came in. */
  get messages(): Record<string, unknown>[] {
    return this.sent.map((text) => JSON.parse(text) as Record<string, unknown>);
  }

  /** What came in since the last call, as "event id value". */
  news(): string[] {
    const messages = this.messages;
    this.sent.length = 0;
    return messages.map(({ event, id, properties }) =>
      [event, id, ...Object.values((properties ?? {}) as object).map((value) => JSON.stringify(value))].join(
        " ",
      ),
    );
  }

  receive(frame: Frame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** Opens the connection and says hello. */
  greet(got = 0, resumed = true, token = "second"): this {
    this.onopen?.();
    this.receive({ hello: { token, got, resumed } });
    return this;
  }

  drop(code = 1006): void {
    this.onclose?.({ code });
  }
}

/** Stands in for the browser's fetch: a request, and what a server or the network does to it. */
export class FakeRequest {
  static readonly all: FakeRequest[] = [];

  isAborted = false;

  constructor(
    readonly url: string,
    readonly init: RequestInit,
    private readonly resolve: (response: Response) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    FakeRequest.all.push(this);
    const { signal } = init;
    const abort = (): void => {
      this.isAborted = true;
      reject(signal?.reason);
    };
    if (signal?.aborted) {
      abort();
    }
    signal?.addEventListener("abort", abort);
  }

  static fetch(url: URL | string, init: RequestInit): Promise<Response> {
    return new Promise((resolve, reject) => new FakeRequest(`${url}`, init, resolve, reject));
  }

  static get last(): FakeRequest {
    const request = FakeRequest.all.at(-1);
    if (!request) {
      throw new Error("nothing was fetched");
    }
    return request;
  }

  get body(): Record<string, unknown> {
    return JSON.parse(String(this.init.body)) as Record<string, unknown>;
  }

  /** Answers the request, and lets the client go on. Without a body: with 204. */
  async answer(body?: object, status = body ? 200 : 204): Promise<void> {
    const text = async (): Promise<string> => (body ? JSON.stringify(body) : "");
    this.resolve({ status, ok: status < 300, text } as Response);
    await settled();
  }

  /** The network gives up. */
  async fail(): Promise<void> {
    this.reject(new TypeError("network error"));
    await settled();
  }
}

/** Lets everything go on that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await null;
  }
}

type Listening = [EventTarget, Parameters<EventTarget["addEventListener"]>];

const added: Listening[] = [];

function follow(target: EventTarget): void {
  const add = target.addEventListener.bind(target);
  vi.spyOn(target, "addEventListener").mockImplementation((...args) => {
    added.push([target, args]);
    add(...args);
  });
}

// jsdom knows the element and its attribute alone.
Object.assign(HTMLDialogElement.prototype, {
  showModal(this: HTMLDialogElement) {
    if (this.open || !this.isConnected) {
      throw new DOMException("showModal", "InvalidStateError");
    }
    this.open = true;
    modal.add(this);
  },
  close(this: HTMLDialogElement) {
    if (this.open) {
      this.open = false;
      modal.delete(this);
      setTimeout(() => this.dispatchEvent(new Event("close")));
    }
  },
});

const modal = new WeakSet<HTMLDialogElement>();

export function isModal(dialog: Element): boolean {
  return dialog instanceof HTMLDialogElement && modal.has(dialog);
}

/** Begins each test of the file with an empty page and modules that have not run. */
export function useFreshClient(): void {
  beforeEach(() => {
    vi.resetModules();
    vi.stubGlobal("WebSocket", FakeSocket);
    vi.stubGlobal("fetch", FakeRequest.fetch);
    FakeSocket.all.length = 0;
    FakeRequest.all.length = 0;
    follow(document);
    follow(window);
    document.head.replaceChildren();
    document.body.replaceChildren();
  });

  afterEach(() => {
    for (const [target, [type, listener, options]] of added.splice(0)) {
      target.removeEventListener(type, listener, options);
    }
    vi.useRealTimers();
  });
}

export function setPage(html: string, config: Partial<Config> = {}, sheet = ""): void {
  const content = JSON.stringify({ token: "first", seq: 0, socket: "ws", limit: 65536, ...config });
  document.head.innerHTML = `<meta name="jibe-like"><style id="jibe-style">${sheet}</style>`;
  document.querySelector("meta")?.setAttribute("content", content);
  document.body.innerHTML = `<main id="topwidget">${html}</main>`;
}

/** Starts the client on a page. */
export async function start(html: string, config: Partial<Config> = {}, sheet = ""): Promise<FakeSocket> {
  setPage(html, config, sheet);
  await import("../src/main.ts");
  return FakeSocket.last;
}

/** Starts the client on a page and lets the server say hello. */
export async function connect(html: string, config: Partial<Config> = {}, sheet = ""): Promise<FakeSocket> {
  return (await start(html, config, sheet)).greet();
}

let seq = 0;

/** Lets the server send operations. */
export function operate(socket: FakeSocket, ops: Operation[], got?: number): void {
  socket.receive({ seq: ++seq, ...(got !== undefined && { got }), ops });
}

export function byId<T extends Element = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) {
    throw new Error(`no element #${id}`);
  }
  return element as unknown as T;
}

/** What a user does who types a text: the field has it, and says so. */
export function type(field: HTMLInputElement | HTMLTextAreaElement, text: string): void {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export function fire(element: Element, type: string): void {
  element.dispatchEvent(new Event(type, { bubbles: true }));
}

/** Records what an action changes in the page. */
export function changes(action: () => void, root: Node = document.body): MutationRecord[] {
  const observer = new MutationObserver(() => undefined);
  observer.observe(root, { attributes: true, characterData: true, childList: true, subtree: true });
  action();
  const records = observer.takeRecords();
  observer.disconnect();
  return records;
}

/** The records as "what where +added -removed". */
export function summary(records: MutationRecord[]): string[] {
  const name = (node: Node): string => (node instanceof Element ? node.id || node.localName : node.nodeName);
  return records.map(({ type, target, attributeName, addedNodes, removedNodes }) =>
    [
      type,
      name(target),
      ...(attributeName ? [attributeName] : []),
      ...Array.from(addedNodes, (node) => `+${name(node)}`),
      ...Array.from(removedNodes, (node) => `-${name(node)}`),
    ].join(" "),
  );
}
