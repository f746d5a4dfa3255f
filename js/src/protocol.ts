/** The shapes that travel between page and server: see docs/protocol.md. */

/** `".name"` is a DOM property, `"style"` an object, `"html"` sanitised HTML, `true` an attribute without value. */
export interface Attributes {
  readonly [name: string]: unknown;
}

/** An element: its tag, its attributes, its children. */
export type Branch = readonly [tag: string, attributes: Attributes, ...children: Tree[]];

/** A node of the widget tree: a text or an element. */
export type Tree = string | Branch;

/** What `insert` takes: new elements, and identifiers of elements that move. */
export type Inserted = string | Branch;

export interface Message {
  readonly id?: string;
  readonly [name: string]: unknown;
}

export type Operation =
  | readonly ["text", id: string, text: string]
  | readonly ["prop", id: string, name: string, value: unknown]
  | readonly ["attr", id: string, name: string, value: string | null]
  | readonly ["style", id: string, name: string, value: string | null]
  | readonly ["class", id: string, name: string, on: boolean]
  | readonly ["html", id: string, html: string]
  | readonly ["insert", parent: string, before: string | null, nodes: readonly Inserted[]]
  | readonly ["remove", id: string]
  | readonly ["render", id: string, node: Branch]
  | readonly ["call", id: string, method: string, args: readonly unknown[]]
  | readonly ["message", message: Message]
  | readonly ["go", url: string]
  | ExtraOperation;

/** An operation that the core passes on to the extras, which know its arguments. */
export type ExtraOperation = readonly [
  (
    | "start"
    | "signin"
    | "hash"
    | "state"
    | "shared"
    | "states"
    | "js"
    | "download"
    | "env"
    | "open"
    | "pristine"
    | "result"
    | "upload"
    | "upload_to"
    | "upload_stop"
  ),
  ...args: unknown[],
];

export interface Hello {
  readonly token: string;
  readonly got: number;
  /** Says that the session is durable. */
  readonly kept?: number;
  readonly resumed: boolean;
}

/** One message from the server. */
export interface Frame {
  readonly hello?: Hello;
  readonly seq?: number;
  readonly got?: number;
  readonly kept?: number;
  readonly token?: string;
  readonly pong?: 1;
  readonly root?: Branch;
  readonly ops?: readonly Operation[];
}

/** The names of two-way properties as `properties` carries them. */
export type Carried = string | boolean | readonly string[];

/** What happened, as the page reports it. */
export interface PageEvent {
  readonly id: string;
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  readonly properties?: Readonly<Record<string, Carried>> | undefined;
}

/** An event with its number, kept until the server has it for good. */
export interface Kept extends PageEvent {
  n: number;
}

/** The question whether the server is there. */
export interface Ping {
  readonly ping: 1;
}
