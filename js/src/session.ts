/** The page's side of a session: what was applied, what was sent, and how both go on after a lost connection. */
import { SIGN_IN } from "./channel.ts";
import { type Config, socketUrl } from "./config.ts";
import { greeted, isEnded, isReady, open, send } from "./connection.ts";
import { handledUpTo, releaseUpTo, restartHold, resumeHold } from "./hold.ts";
import { ACK_DELAY, ACK_FRAMES, BYTES_PER_UNIT, MARGIN } from "./limits.ts";
import { dropUpTo, keep, number, restartOutbox, resumeFrom } from "./outbox.ts";
import { applyAll } from "./patch.ts";
import { openPolling } from "./polling.ts";
import type { Frame, Hello, Kept, Operation, PageEvent, Ping } from "./protocol.ts";
import { showEnded, showFound, showLost, showNote } from "./status.ts";
import { openWebsocket } from "./websocket.ts";

const SUBPROTOCOL = "jibe-like.1";

let config: Config;
/** Reports what is typed. */
let reportTyped: () => void;
/** Number of the last frame applied; undefined while the page has nothing of the session. */
let seq: number | undefined;
/** Whether the server stores the session; what it has handled is then kept until it says so. */
let durable = false;
/** Whether the session is fresh, and the page still shows the one before. */
let fresh = false;
let unacknowledged = 0;
let lastFrame = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** A message to the server; without an event it acknowledges alone, or asks. */
export function encode(
  { n, id, event, data, properties, ping }: Partial<Kept & Ping>,
  ack: number | undefined,
): string {
  return JSON.stringify({ n, ack, id, event, data, properties, ping });
}

/** Whether the server would refuse the text. Without a limit it refuses none. */
function isTooLong(text: string): boolean {
  const most = (config.limit || Infinity) - MARGIN;
  return text.length * BYTES_PER_UNIT > most && new Blob([text]).size > most;
}

/** Sends a text that has an `ack`. */
function sendNow(text: string): void {
  unacknowledged = 0;
  send(text);
}

function onHello({ token, got, kept, resumed }: Hello): void {
  greeted();
  showFound();
  config.token = token;
  durable = kept !== undefined;
  unacknowledged = 0;
  fresh = !resumed;
  if (resumed) {
    const missing = resumeFrom(got);
    dropUpTo(kept ?? got);
    resumeHold(got, missing.length > 0);
    for (const event of missing) {
      sendNow(encode(event, seq));
    }
  } else {
    seq = undefined;
    restartOutbox(got);
    restartHold(got);
  }
}

/** What the extras have still to do: of imports that are under way at once, the last may be done first. */
let extras = Promise.resolve();

/** Has the extras do what the core does not know, in order. */
function extra(operation: Operation): void {
  const got = handledUpTo;
  extras = extras
    .then(() => import(config.extras))
    .then((module) => module.default(post, operation, got))
    .catch(console.error);
}

function onMessage(frame: Frame): void {
  if (frame.hello) {
    onHello(frame.hello);
  }
  config.token = frame.token ?? config.token;
  if (frame.kept) {
    dropUpTo(frame.kept);
  }
  if (frame.got) {
    if (!durable) {
      dropUpTo(frame.got);
    }
    releaseUpTo(frame.got);
  }
  if (frame.seq !== undefined && (seq === undefined || frame.seq > seq)) {
    const { root, ops = [] } = frame;
    applyAll(root ? [["render", String(root[1].id), root], ...ops] : ops, extra);
    seq = frame.seq;
    if (fresh) {
      fresh = false;
      reportTyped();
    }
    lastFrame = performance.now();
    // One timer however many frames come: it looks when the last one was.
    timer ??= setTimeout(acknowledgeLate, ACK_DELAY);
    if (++unacknowledged >= ACK_FRAMES) {
      acknowledge();
    }
  }
}

function acknowledgeLate(): void {
  const left = lastFrame + ACK_DELAY - performance.now();
  timer = left > 0 ? setTimeout(acknowledgeLate, left) : undefined;
  if (!timer && unacknowledged) {
    acknowledge();
  }
}

function acknowledge(): void {
  if (isReady()) {
    sendNow(encode({}, seq));
  }
}

/**
 * Sends an event, or keeps it until there is a connection. Gives the event with its number, or undefined where it
 * cannot be sent: it is too long, too many wait already, or the session has ended.
 */
export function post(event: PageEvent): Kept | undefined {
  if (isEnded()) {
    return undefined;
  }
  const kept = number(event);
  const text = encode(kept, seq);
  const tooLong = isTooLong(text);
  if (tooLong || !keep(kept)) {
    console.error(
      `jibe_like: ${event.event} of ${event.id} cannot be sent: ${tooLong ? "too long" : "no room"}`,
    );
    showNote("This cannot be sent.");
    return undefined;
  }
  if (isReady()) {
    sendNow(text);
  }
  return kept;
}

/** Opens the connection. `report` reports what is typed. */
export function startSession(given: Config, report: () => void): void {
  config = given;
  reportTyped = report;
  seq = given.seq;
  showLost();
  if (given.api) {
    extra(["start"]);
  }
  const { poll, ping = 0 } = given;
  open({
    // A page that was given no session has no token, and an empty one is no subprotocol.
    websocket: (to) => openWebsocket(socketUrl(config, seq), [SUBPROTOCOL, config.token].filter(Boolean), to),
    polling: poll
      ? (to) => openPolling(poll, { token: config.token || undefined, seq }, given.limit || Infinity, to)
      : undefined,
    ping,
    ask: () => send(encode({ ping: 1 }, undefined)),
    message: onMessage,
    lost: (code) => (code < SIGN_IN ? showLost() : extra(["signin", code, given.signin])),
    ended: showEnded,
  });
}
