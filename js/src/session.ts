/** The page's side of a session: what was applied, what was sent, and how both go on after a lost connection. */
import { type Config, socketUrl } from "./config.ts";
import { releaseUpTo, restartHold } from "./hold.ts";
import { dropUpTo, keep, number, restartOutbox, resumeFrom } from "./outbox.ts";
import { applyAll } from "./patch.ts";
import type { Frame, Hello, Kept, PageEvent } from "./protocol.ts";
import { greeted, isEnded, isReady, open, send } from "./socket.ts";
import { showEnded, showFound, showLost, showNote } from "./status.ts";

const SUBPROTOCOL = "jibe-like.1";
/** A standalone `ack` goes out after this many frames, or this many milliseconds after the last. */
const ACK_FRAMES = 64;
const ACK_DELAY = 1_000;
/** Bytes by which a message may grow when it is sent again: `ack` gets more digits. */
const MARGIN = 16;
const BYTES_PER_UNIT = 3;

let config: Config;
/** Number of the last frame applied; undefined while the page has nothing of the session. */
let seq: number | undefined;
let unacknowledged = 0;
let lastFrame = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** A message to the server; without an event it acknowledges alone. */
export function encode({ n, id, event, data, properties }: Partial<Kept>, ack: number | undefined): string {
  return JSON.stringify({ n, ack, id, event, data, properties });
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

function onHello({ token, got, resumed }: Hello): void {
  greeted();
  showFound();
  config.token = token;
  unacknowledged = 0;
  if (resumed) {
    const missing = resumeFrom(got);
    releaseUpTo(got);
    for (const event of missing) {
      sendNow(encode(event, seq));
    }
  } else {
    seq = undefined;
    restartOutbox();
    restartHold();
  }
}

function onMessage(text: string): void {
  const frame = JSON.parse(text) as Frame;
  if (frame.hello) {
    onHello(frame.hello);
  }
  if (frame.got) {
    dropUpTo(frame.got);
    releaseUpTo(frame.got);
  }
  if (frame.seq !== undefined && (seq === undefined || frame.seq > seq)) {
    const { root, ops = [] } = frame;
    applyAll(root ? [["render", String(root[1].id), root]] : ops);
    seq = frame.seq;
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

/** Opens the connection. */
export function startSession(given: Config): void {
  config = given;
  seq = given.seq;
  showLost();
  open({
    // A page that was given no session has no token, and an empty one is no subprotocol.
    address: () => [socketUrl(config, seq), [SUBPROTOCOL, config.token].filter(Boolean)],
    message: onMessage,
    lost: showLost,
    ended: showEnded,
  });
}
