/** A way to the server. It is opened by being made; the server says hello on it first. */
import type { Frame } from "./protocol.ts";

export interface Channel {
  /** Sends a message. Only after the server's hello. */
  send(text: string): void;
  /** Gives it up. */
  close(): void;
}

/** Hears a channel: never before the call that made this has returned. */
export interface Receiver {
  message(frame: Frame): void;
  /** Nothing more will come. */
  closed(code: number): void;
}

export type Opener = (to: Receiver) => Channel;

/** Why a channel was closed: the codes of websockets. */
export const NORMAL = 1000;
export const LOST = 1006;
export const TOO_MANY_EVENTS = 1008;
export const FAILED = 1011;
export const TRY_AGAIN = 1013;
export const REPLACED = 4000;
/** From here on it is about who the user is: see extras/signin.ts. */
export const SIGN_IN = 4001;
/** No code of a websocket: it could not be opened in this way. */
export const BLOCKED = 0;
