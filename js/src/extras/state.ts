/** The state that the page shares with its session, `jibe.state`, and with all of the server, `jibe.server.state`. */
import { offer, say } from "./page.ts";

type Values = Record<string, unknown>;
type Scope = "app" | "server";

/** What the page is told of its states: values by scope and name, and the names that are its own business. */
type Told = Partial<Record<Scope, Values>> & { readonly only?: Partial<Record<Scope, string[]>> };

const SCOPES: readonly Scope[] = ["app", "server"];

/** What has changed since the page was told, by an event `jibe-state` of the document. */
let news: Partial<Record<Scope, Values>> | undefined;

function isSame(one: unknown, other: unknown): boolean {
  return Object.is(one, other) || JSON.stringify(one) === JSON.stringify(other);
}

function tell(scope: Scope, name: string, value: unknown): void {
  if (!news) {
    news = {};
    queueMicrotask(() => {
      const detail = news;
      news = undefined;
      if (detail) {
        document.dispatchEvent(new CustomEvent("jibe-state", { detail }));
      }
    });
  }
  news[scope] = { ...news[scope], [name]: value };
}

/** One state. The page's script reads and writes `values`. */
class Mirror {
  private readonly target: Values = Object.create(null);
  /** Names that the page has set and the server has not handled, with the number of the event that says so. */
  private readonly own = new Map<string, number>();
  private only: readonly string[] = [];
  private unsent: Set<string> | undefined;

  readonly values = new Proxy(this.target, {
    set: (_, name, value) => this.write(name, value),
    deleteProperty: (_, name) => this.write(name, null),
    defineProperty: (_, name, { value }) => this.write(name, value),
  });

  constructor(private readonly scope: Scope) {}

  /** The page's script sets a value. One event tells the server of all that is set in a turn. */
  private write(name: string | symbol, value: unknown = null): boolean {
    if (typeof name === "symbol") {
      return false;
    }
    if (JSON.stringify(value) === undefined) {
      throw new TypeError(`jibe.state: ${name} cannot be a ${typeof value}`);
    }
    // What is an object may have been changed in place.
    if (typeof value !== "object" && Object.is(this.target[name], value)) {
      return true;
    }
    this.target[name] = value;
    tell(this.scope, name, value);
    if (!this.only.includes(name)) {
      this.own.set(name, Infinity);
      this.unsent ??= this.sendSoon();
      this.unsent.add(name);
    }
    return true;
  }

  private sendSoon(): Set<string> {
    queueMicrotask(() => this.send());
    return new Set();
  }

  private send(): void {
    const names = [...(this.unsent ?? [])];
    this.unsent = undefined;
    const values = Object.fromEntries(names.map((name) => [name, this.target[name]]));
    say("state", { [this.scope]: values }, (n = 0) => {
      for (const name of names) {
        if (!this.unsent?.has(name)) {
          this.own.set(name, n);
        }
      }
    });
  }

  /** The server sets a value. While it has not handled what the page has set since, that counts. */
  take(got: number, name: string, value: unknown): void {
    if ((this.own.get(name) ?? 0) > got) {
      return;
    }
    this.own.delete(name);
    if (!isSame(this.target[name], value)) {
      this.target[name] = value;
      tell(this.scope, name, value);
    }
  }

  /** All that the server has. `fresh`: it is another session, which will not hear of what the page has set. */
  takeAll(got: number, values: Values, only: readonly string[], fresh: boolean): void {
    this.only = only;
    if (fresh) {
      this.own.clear();
      this.unsent?.clear();
    }
    for (const name of Object.keys(this.target)) {
      if (!(name in values) && !only.includes(name) && (this.own.get(name) ?? 0) <= got) {
        delete this.target[name];
        tell(this.scope, name, null);
      }
    }
    for (const [name, value] of Object.entries(values)) {
      if (fresh || !only.includes(name) || !(name in this.target)) {
        this.take(got, name, value);
      }
    }
  }
}

const mirrors: Readonly<Record<Scope, Mirror>> = { app: new Mirror("app"), server: new Mirror("server") };

/** One value of the application's state. */
export function setState(got: number, name: string, value: unknown): void {
  mirrors.app.take(got, name, value);
}

/** One value of the server's state. */
export function setShared(got: number, name: string, value: unknown): void {
  mirrors.server.take(got, name, value);
}

/** All values. */
export function setStates(got: number, told: Told, fresh = false): void {
  for (const scope of SCOPES) {
    mirrors[scope].takeAll(got, told[scope] ?? {}, told.only?.[scope] ?? [], fresh);
  }
}

/** Offers the states to the page's script, with what the page was loaded with. */
export function startState(): void {
  const meta = document.querySelector<HTMLMetaElement>("meta[name=jibe-like]");
  const { states } = JSON.parse(meta?.content || "{}");
  if (states) {
    setStates(0, states);
  }
  // Whoever asks finds it there.
  news = undefined;
  offer({ state: mirrors.app.values, server: { state: mirrors.server.values } });
}
