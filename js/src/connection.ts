/** The connection: by websocket, or by polling where that is blocked; lost, and opened again while the page is there. */
import {
  type Channel,
  FAILED,
  LOST,
  NORMAL,
  type Opener,
  REFUSED,
  REPLACED,
  TOO_MANY_EVENTS,
  TRY_AGAIN,
} from "./channel.ts";
import type { Frame } from "./protocol.ts";
import { check, heard, isSilent, setPulse, unwatch, watch } from "./pulse.ts";

/** Milliseconds: the longest first wait, the longest one while the server may be back any moment, the longest of all. */
const FIRST_WAIT = 300;
const SHORT_WAIT = 800;
const LONGEST_WAIT = 10_000;
/** For so long the server may be back any moment; then waits grow by a thirtieth of the time. */
const SOON = 300_000;
const GROWTH = 30;
const PAUSE = 1_000;
/** The server may take so long to say hello, a websocket to open where there is another way, an answer to who was away. */
const PATIENCE = 10_000;
const OPEN_PATIENCE = 3_000;
const AWAKE_PATIENCE = 3_000;
/** While polling, a websocket is tried again: after so long where one has ever worked, else between these. */
const PROVEN_RETRY = 1_000;
const RETRY = 30_000;
const LONGEST_RETRY = 300_000;
/** Of so many attempts at a server that cannot be reached one is by websocket. Browsers make those wait that fail. */
const RARELY = 64;

export enum State {
  /** Not connected; the next attempt has its time. */
  Waiting = "waiting",
  Connecting = "connecting",
  /** Open, and the server has not said hello yet. */
  Greeting = "greeting",
  Ready = "ready",
  /** The application has ended the session, or another copy of the page has it. */
  Ended = "ended",
}

export interface Listener {
  readonly websocket: Opener;
  /** Undefined where the server has no polling. */
  readonly polling?: Opener | undefined;
  /** Seconds of silence after which the server is asked whether it is there; 0: never. */
  readonly ping: number;
  /** Sends the question. */
  ask(): void;
  message(frame: Frame): void;
  lost(): void;
  ended(code: number): void;
}

const PAUSED: readonly number[] = [TOO_MANY_EVENTS, FAILED, TRY_AGAIN];

let state = State.Waiting;
let listener: Listener;
let channel: Channel | undefined;
/** A websocket that takes over from polling when the server says hello. */
let spare: Channel | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let attempts = 0;
/** When the connection was lost. */
let lostAt = 0;
/** Before this moment the server does not want to see us. */
let earliest = 0;
let retry = 0;
/** Whether the channel is a poll, or the next one will be. */
let polling = false;
/** Whether a websocket has ever worked. */
let proven = false;
/** Whether the server may yet see a channel that was given up before its hello, and close the present one for it. */
let stray = false;

function change(to: State, ...expected: State[]): void {
  if (!expected.includes(state)) {
    throw new Error(`jibe_like: connection to be ${to}: expected ${expected}, was ${state}`);
  }
  state = to;
}

function later(action: () => void, milliseconds: number): void {
  clearTimeout(timer);
  timer = setTimeout(action, milliseconds);
}

/** Opens a channel. One that was given up may still have something to say: it is not heard. */
function begin(open: Opener): Channel | undefined {
  let mine: Channel | undefined;
  try {
    mine = open({
      opened() {
        if (mine === channel && state === State.Connecting) {
          change(State.Greeting, State.Connecting);
          later(giveUpSilent, PATIENCE);
        }
      },
      message(frame) {
        if (mine === spare) {
          takeOver();
        }
        if (mine === channel) {
          heard();
          listener.message(frame);
        }
      },
      closed(code) {
        if (mine === spare) {
          spare = undefined;
        } else if (mine === channel) {
          closed(code, state === State.Connecting);
        }
      },
    });
  } catch (error) {
    console.error("jibe_like: no websocket", error);
  }
  return mine;
}

function connect(): void {
  change(State.Connecting, State.Waiting);
  later(giveUpSilent, polling || !listener.polling ? PATIENCE : OPEN_PATIENCE);
  channel = begin((polling && listener.polling) || listener.websocket);
  if (!channel) {
    closed(REFUSED, true);
  }
}

/** The channel is no more. `blocked`: it has come to nothing. */
function closed(code: number, blocked = false): void {
  if (code === REPLACED && spare) {
    // By our own websocket: its hello is on the way.
    takeOver();
    return;
  }
  channel = undefined;
  dropSpare();
  unwatch();
  if (code === NORMAL || (code === REPLACED && !stray)) {
    change(State.Ended, State.Connecting, State.Greeting, State.Ready);
    clearTimeout(timer);
    listener.ended(code);
    return;
  }
  change(State.Waiting, State.Connecting, State.Greeting, State.Ready);
  stray &&= code !== REPLACED;
  const now = performance.now();
  const pause = PAUSED.includes(code) ? PAUSE : 0;
  earliest = now + pause;
  lostAt = attempts ? lostAt : now;
  listener.lost();
  if (blocked && !polling && listener.polling) {
    polling = true;
    connect();
  } else {
    const most = Math.max(SHORT_WAIT, (now - lostAt - SOON) / GROWTH);
    later(connect, pause + Math.random() * Math.min(FIRST_WAIT * 2 ** attempts++, most, LONGEST_WAIT));
    polling &&= code !== REFUSED && attempts % RARELY > 0;
  }
}

/** Gives up the connection there is: nothing says that it leads anywhere. */
function giveUp(code: number, blocked: boolean): void {
  const given = channel;
  stray ||= state !== State.Ready;
  closed(code, blocked);
  given?.close();
}

const giveUpSilent = (): void => giveUp(REFUSED, true);

/** Gives up the connection there is for a new one, now. */
function renew(): void {
  giveUp(LOST, false);
  hurry();
}

function hurry(): void {
  if (state === State.Waiting && performance.now() >= earliest) {
    connect();
  }
}

/** The page is looked at again. Whoever was away does not know whether the connection was, too. */
function awake(ask: boolean): void {
  if (state !== State.Ready) {
    hurry();
  } else if (ask) {
    check(AWAKE_PATIENCE);
  }
}

function dropSpare(): void {
  const given = spare;
  spare = undefined;
  stray ||= given !== undefined;
  given?.close();
}

/** Tries whether a websocket works by now, while polling goes on. */
function trySpare(): void {
  dropSpare();
  retry = Math.min(Math.max(2 * retry, RETRY), LONGEST_RETRY);
  later(trySpare, retry);
  spare = begin(listener.websocket);
}

/** The websocket that was tried is to be the channel. */
function takeOver(): void {
  change(State.Greeting, State.Ready);
  const given = channel;
  channel = spare;
  spare = undefined;
  polling = false;
  unwatch();
  later(giveUpSilent, PATIENCE);
  given?.close();
}

/** Whether events can be sent. */
export function isReady(): boolean {
  return state === State.Ready;
}

/** Whether there will be no connection any more. */
export function isEnded(): boolean {
  return state === State.Ended;
}

/** Connects now. Afterwards the connection sees to itself. */
export function open(to: Listener): void {
  listener = to;
  setPulse(to.ping, to.ask, renew);
  addEventListener("online", () => {
    // What was open before the network went away is most likely dead, and would take minutes to say so.
    channel ? renew() : hurry();
  });
  addEventListener("pageshow", ({ persisted }) => persisted && awake(true));
  document.addEventListener("visibilitychange", () => document.hidden || awake(isSilent()));
  connect();
}

/** The server has said hello. */
export function greeted(): void {
  change(State.Ready, State.Greeting);
  clearTimeout(timer);
  attempts = 0;
  watch();
  if (polling) {
    retry = proven ? PROVEN_RETRY : RETRY;
    later(trySpare, retry);
  }
  proven ||= !polling;
}

/** Sends a text. Only when ready. */
export function send(text: string): void {
  channel?.send(text);
}
