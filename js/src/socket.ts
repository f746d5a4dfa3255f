/** The websocket: opened, lost, opened again for as long as the page is there. */

export enum State {
  /** Not connected; the next attempt has its time. */
  Waiting = "waiting",
  Connecting = "connecting",
  /** Open, and the server has not said hello yet. */
  Greeting = "greeting",
  Ready = "ready",
  /** The application has ended the session. */
  Ended = "ended",
}

export interface Listener {
  /** Where to connect, and the subprotocols to ask for. */
  address(): readonly [url: string, protocols: string[]];
  message(text: string): void;
  lost(): void;
  ended(): void;
}

/** Milliseconds: the longest first wait, the longest of all, a pause, and how long the server may take to say hello. */
const FIRST_WAIT = 300;
const LONGEST_WAIT = 10_000;
const PAUSE = 1_000;
const PATIENCE = 10_000;

/** The application has ended the session. */
const NORMAL = 1000;
/** Too many events, no application, too many sessions. */
const PAUSED: readonly number[] = [1008, 1011, 1013];
/** No code of a socket: it was given up, or never was. */
const NONE = 0;

let state = State.Waiting;
let listener: Listener;
let socket: WebSocket | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let attempts = 0;
/** Before this moment the server does not want to see us. */
let earliest = 0;

function change(to: State, ...expected: State[]): void {
  if (!expected.includes(state)) {
    throw new Error(`jibe_like: socket to be ${to}: expected ${expected}, was ${state}`);
  }
  state = to;
}

function later(action: () => void, milliseconds: number): void {
  clearTimeout(timer);
  timer = setTimeout(action, milliseconds);
}

function connect(): void {
  change(State.Connecting, State.Waiting);
  later(restart, PATIENCE);
  let opened: WebSocket;
  try {
    opened = new WebSocket(...listener.address());
  } catch (error) {
    console.error("jibe_like: no websocket", error);
    closed(NONE);
    return;
  }
  socket = opened;
  // A socket that was given up may still have something to say: it is not heard.
  opened.onopen = () => socket === opened && change(State.Greeting, State.Connecting);
  opened.onmessage = ({ data }: MessageEvent<string>) => socket === opened && listener.message(data);
  opened.onclose = ({ code }) => socket === opened && closed(code);
}

function closed(code: number): void {
  socket = undefined;
  if (code === NORMAL) {
    change(State.Ended, State.Connecting, State.Greeting, State.Ready);
    clearTimeout(timer);
    listener.ended();
  } else {
    change(State.Waiting, State.Connecting, State.Greeting, State.Ready);
    const pause = PAUSED.includes(code) ? PAUSE : 0;
    earliest = performance.now() + pause;
    later(connect, pause + Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempts++));
    listener.lost();
  }
}

/** Gives up the connection there is: nothing says that it leads anywhere. */
function restart(): void {
  const given = socket;
  closed(NONE);
  given?.close();
}

function hurry(): void {
  if (state === State.Waiting && performance.now() >= earliest) {
    connect();
  }
}

/** Whether events can be sent. */
export function isReady(): boolean {
  return state === State.Ready;
}

/** Whether there will be no connection any more. */
export function isEnded(): boolean {
  return state === State.Ended;
}

/** Connects now. Afterwards the socket sees to itself. */
export function open(to: Listener): void {
  listener = to;
  addEventListener("online", () => {
    // What was open before the network went away is most likely dead, and would take minutes to say so.
    if (socket) {
      restart();
    }
    hurry();
  });
  document.addEventListener("visibilitychange", () => document.hidden || hurry());
  connect();
}

/** The server has said hello. */
export function greeted(): void {
  change(State.Ready, State.Greeting);
  clearTimeout(timer);
  attempts = 0;
}

/** Sends a text. Only when ready. */
export function send(text: string): void {
  socket?.send(text);
}
