/** The connection: by websocket or, where that is blocked, by polling; opened again whenever it is lost. */
import {
  BLOCKED,
  type Channel,
  FAILED,
  LOST,
  NORMAL,
  type Opener,
  REPLACED,
  SIGN_IN,
  TOO_MANY_EVENTS,
  TRY_AGAIN,
} from "./channel.ts";
import {
  AWAKE_PATIENCE,
  FIRST_WAIT,
  GROWTH_PARTS,
  HELLO_PATIENCE,
  LONGEST_RETRY,
  LONGEST_WAIT,
  PAUSE,
  PROVEN_RETRY,
  RARELY,
  RETRY,
  SHORT_WAIT,
  SOON,
} from "./limits.ts";
import type { Frame } from "./protocol.ts";
import { check, heard, startPulse, stopPulse } from "./pulse.ts";

export enum State {
  /** Not connected; the next attempt has its time. */
  Waiting = "waiting",
  /** Until the server has said hello. */
  Connecting = "connecting",
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
  /** By this code. It will be opened again. */
  lost(code: number): void;
  /** `elsewhere`: it goes on in another copy of the page. */
  ended(elsewhere: boolean): void;
}

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
/** Channels given up before their hello: the server may yet see one, and close the present one for it. */
let strays = 0;

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
          closed(code);
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
  later(giveUp, HELLO_PATIENCE);
  channel = begin((polling && listener.polling) || listener.websocket);
  if (!channel) {
    closed(BLOCKED);
  }
}

/** The channel is no more. */
function closed(code: number): void {
  if (code === REPLACED && spare) {
    // By our own websocket: its hello is on the way.
    takeOver();
    return;
  }
  channel = undefined;
  dropSpare();
  stopPulse();
  if (code === NORMAL || (code === REPLACED && !strays)) {
    change(State.Ended, State.Connecting, State.Ready);
    clearTimeout(timer);
    listener.ended(code !== NORMAL);
    return;
  }
  change(State.Waiting, State.Connecting, State.Ready);
  if (code === REPLACED) {
    strays--;
  }
  const now = performance.now();
  const pause =
    code >= SIGN_IN || code === TOO_MANY_EVENTS || code === FAILED || code === TRY_AGAIN ? PAUSE : 0;
  earliest = now + pause;
  if (!attempts) {
    lostAt = now;
  }
  listener.lost(code);
  if (code === BLOCKED && !polling && listener.polling) {
    polling = true;
    connect();
  } else {
    const most = Math.max(SHORT_WAIT, (now - lostAt - SOON) / GROWTH_PARTS);
    later(connect, pause + Math.random() * Math.min(FIRST_WAIT * 2 ** attempts++, most, LONGEST_WAIT));
    polling &&= code !== BLOCKED && attempts % RARELY > 0;
  }
}

/** Gives up the channel there is: nothing says that it leads anywhere. */
function giveUp(code = BLOCKED): void {
  const given = channel;
  if (state !== State.Ready) {
    strays++;
  }
  closed(code);
  given?.close();
}

/** Gives up the channel there is for a new one, now. */
function renew(): void {
  giveUp(LOST);
  hurry();
}

function hurry(): void {
  if (state === State.Waiting && performance.now() >= earliest) {
    connect();
  }
}

/** The page is looked at again. Whoever was away does not know whether the connection was, too. */
function awake(event: Event): void {
  if (!document.hidden) {
    hurry();
    check(AWAKE_PATIENCE, (event as PageTransitionEvent).persisted);
  }
}

function dropSpare(): void {
  if (spare) {
    const given = spare;
    spare = undefined;
    strays++;
    given.close();
  }
}

/** Tries whether a websocket works by now, while polling goes on. */
function trySpare(): void {
  dropSpare();
  retry = Math.max(Math.min(2 * retry, LONGEST_RETRY), RETRY);
  later(trySpare, retry);
  spare = begin(listener.websocket);
}

/** The websocket that was tried is to be the channel. */
function takeOver(): void {
  change(State.Connecting, State.Ready);
  const given = channel;
  channel = spare;
  spare = undefined;
  polling = false;
  stopPulse();
  later(giveUp, HELLO_PATIENCE);
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
  addEventListener("online", () => {
    // What was open before the network went away is most likely dead, and would take minutes to say so.
    channel ? renew() : hurry();
  });
  addEventListener("pageshow", awake);
  document.addEventListener("visibilitychange", awake);
  connect();
}

/** The server has said hello. */
export function greeted(): void {
  change(State.Ready, State.Connecting);
  clearTimeout(timer);
  attempts = 0;
  startPulse(listener.ping, listener.ask, renew);
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
