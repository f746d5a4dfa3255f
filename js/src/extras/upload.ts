/** Files that the user has chosen: offered to the session, and sent by HTTP, one after the other. */
import { configured, locate } from "./address.ts";
import { say } from "./page.ts";

/** Most files in one event. */
const MOST_FILES = 100;
/** One event's share of the most bytes that the server takes in a message: a character may have three bytes. */
const SHARE = 4;
/** The longest wait before files are offered again where one could not be sent, at first and at the most. */
const FIRST_WAIT = 300; // ms
const LONGEST_WAIT = 10_000;
/** For so long nothing need be heard before files are offered again, at first and at the most: an answer may be lost. */
const PATIENCE = 10_000;
const LONGEST_PATIENCE = 300_000;

/** The status of a file that has come. */
const DONE = 204;

/** A file on its way. */
interface Chosen {
  readonly widget: string;
  readonly file: File;
  /** Number of the event that offered it last, 0 before: an answer to an earlier one does not count. */
  offered: number;
  /** Whether it could not be sent since. */
  failed: boolean;
  /** Where it may be sent. */
  url?: string | undefined;
}

/** Widgets by the identifiers of their controls. */
const controls = new Map<string, string>();
const chosen = new Map<string, Chosen>();
/** Tells this page's files from those of an earlier copy of it. */
const PREFIX = Math.random().toString(36).slice(2);
let count = 0;
/** The file that is being sent. */
let current: { readonly key: string; readonly request: XMLHttpRequest } | undefined;
let failures = 0;
let silences = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Takes what the user has chosen in a control, and from now on at once whatever they choose there. */
export function takeFiles(_got: number, control: string, widget: string): void {
  if (controls.size === 0) {
    document.addEventListener("change", ({ target }) => take((target as Element).id), true);
  }
  controls.set(control, widget);
  take(control);
}

/** The control gives away the files, so that the same can be chosen again, and no choice replaces the one before. */
function take(control: string): void {
  const widget = controls.get(control);
  const input = document.getElementById(control);
  if (widget === undefined || !(input instanceof HTMLInputElement) || !input.files) {
    return;
  }
  const keys = Array.from(input.files, (file) => {
    const key = `${PREFIX}${++count}`;
    chosen.set(key, { widget, file, offered: 0, failed: false });
    return key;
  });
  input.value = "";
  offer(keys);
  timer ??= setTimeout(offerAgain, PATIENCE);
}

/** Offers files to the session, in as many events as they need. */
function offer(keys: readonly string[]): void {
  const most = (configured().limit || Infinity) / SHARE;
  let batch: object[] = [];
  let batched: string[] = [];
  let length = 0;
  let widget = "";
  const tell = (): void => {
    if (batched.length > 0) {
      const mine = batched;
      say("upload", { id: widget, files: batch }, (n) => note(mine, n));
    }
    batch = [];
    batched = [];
    length = 0;
  };
  for (const key of keys) {
    const { file, offered, widget: owner } = chosen.get(key) as Chosen;
    const { name, size, type } = file;
    const told = { key, name, size, type, again: offered > 0 || undefined };
    const more = JSON.stringify(told).length;
    if (owner !== widget || batched.length === MOST_FILES || length + more > most) {
      tell();
    }
    widget = owner;
    batch.push(told);
    batched.push(key);
    length += more;
  }
  tell();
}

/** The files were offered by the event of this number; without one they cannot be. */
function note(keys: readonly string[], n: number | undefined): void {
  for (const key of keys) {
    const mine = chosen.get(key);
    if (n === undefined) {
      chosen.delete(key);
    } else if (mine) {
      mine.offered = n;
      mine.failed = false;
      mine.url = undefined;
    }
  }
}

/** Offers what could not be sent; and all, where nothing is heard of them: a server that was killed may not know them. */
function offerAgain(): void {
  const waiting = [...chosen.keys()].filter((key) => key !== current?.key);
  offer(current ? waiting.filter((key) => chosen.get(key)?.failed) : waiting);
  timer = undefined;
  if (chosen.size > 0) {
    silences += current ? 0 : 1;
    timer = setTimeout(offerAgain, Math.min(PATIENCE * 2 ** silences, LONGEST_PATIENCE));
  }
}

/** Where to send files. */
export function sendTo(got: number, urls: readonly (readonly [key: string, url: string])[]): void {
  for (const [key, url] of urls) {
    const mine = chosen.get(key);
    if (mine && got >= mine.offered) {
      breakOff(key);
      silences = 0;
      mine.url = url;
    }
  }
  sendNext();
}

/** These files are not wanted any more. */
export function stopFiles(_got: number, keys: readonly string[]): void {
  for (const key of keys) {
    chosen.delete(key);
    breakOff(key);
  }
  sendNext();
}

function breakOff(key: string): void {
  if (current?.key === key) {
    const { request } = current;
    current = undefined;
    request.onloadend = null;
    request.abort();
  }
}

function sendNext(): void {
  for (const [key, mine] of chosen) {
    if (!current && mine.url !== undefined) {
      send(key, mine.file, mine.url);
      mine.url = undefined;
    }
  }
}

function send(key: string, file: File, url: string): void {
  const request = new XMLHttpRequest();
  current = { key, request };
  request.onloadend = () => {
    current = undefined;
    onSent(key, request.status);
    sendNext();
  };
  const body = new FormData();
  body.append("file", file);
  request.open("POST", locate(url));
  request.send(body);
}

/** What passes: no connection, no such ticket any more, too many at once, a server that has yet to come back. */
function isPassing(status: number): boolean {
  return [0, 408, 410, 429].includes(status) || (status >= 500 && status !== 507);
}

/** A file was sent, or not. What became of it the server tells by its widget. */
function onSent(key: string, status: number): void {
  const mine = chosen.get(key);
  if (mine && isPassing(status)) {
    mine.failed = true;
    clearTimeout(timer);
    timer = setTimeout(offerAgain, Math.random() * Math.min(FIRST_WAIT * 2 ** failures++, LONGEST_WAIT));
    if (status === 0) {
      look(key, mine.file);
    }
    return;
  }
  failures = 0;
  if (status === DONE) {
    chosen.delete(key);
  } else {
    // Perhaps by a proxy, of which the server knows nothing.
    giveUp(key);
  }
}

/** A file that the browser cannot read looks as if the network had failed: it was deleted or changed, or is a folder. */
async function look(key: string, file: File): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    giveUp(key);
  }
}

/** The file cannot be sent. */
function giveUp(key: string): void {
  if (chosen.delete(key)) {
    say("upload_lost", { files: [key] });
  }
}

// What was on its way when the network went is most likely dead, and would take minutes to say so.
addEventListener("online", () => {
  if (current) {
    const { key } = current;
    breakOff(key);
    offer([key]);
    sendNext();
  }
});
