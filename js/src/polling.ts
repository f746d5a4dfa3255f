/** Long polling as a channel, where websockets are blocked. */
import { type Channel, LOST, REFUSED, type Receiver, TRY_AGAIN } from "./channel.ts";
import type { Frame } from "./protocol.ts";

/** What the server answers: all of it is missing where it has only taken events. */
interface Answer {
  readonly poll?: string;
  readonly frames?: readonly Frame[];
  readonly close?: { readonly code: number };
}

/** Milliseconds after which no answer will come any more: the server holds a request for 20 seconds at most. */
const PATIENCE = 30_000;
/** Most characters of events in one request, unless it has a single one. */
const MOST_CHARACTERS = 65_536;

/** 410: the server has forgotten us. Above 500: something answers for a server that is not there. */
function codeOf(status: number): number {
  return status === 503 ? TRY_AGAIN : status === 410 || status > 500 ? LOST : REFUSED;
}

/** Starts to poll at a URL relative to the page. `first` says who asks, and what the page has. */
export function openPolling(address: string, first: object, to: Receiver): Channel {
  const url = new URL(address, document.baseURI);
  const control = new AbortController();
  const { signal } = control;
  const waiting: string[] = [];
  let sending = false;

  function end(code: number): void {
    if (!signal.aborted) {
      control.abort();
      to.closed(code);
    }
  }

  /** Gives undefined where that was the end. */
  async function post(body: string): Promise<Answer | undefined> {
    const timer = setTimeout(end, PATIENCE, LOST);
    try {
      const headers = { "Content-Type": "application/json" };
      const response = await fetch(url, { method: "POST", headers, body, signal });
      if (response.ok) {
        return response.status === 204 ? {} : await response.json();
      }
      end(codeOf(response.status));
    } catch {
      end(LOST);
    } finally {
      clearTimeout(timer);
    }
    return undefined;
  }

  async function receive(): Promise<void> {
    let answer = await post(JSON.stringify(first));
    if (answer) {
      url.searchParams.set("poll", `${answer.poll}`);
      to.opened();
    }
    for (; answer; answer = await post("{}")) {
      for (const frame of answer.frames ?? []) {
        to.message(frame);
      }
      if (answer.close) {
        end(answer.close.code);
        return;
      }
    }
  }

  /** The events that go together in the next request. */
  function take(): string[] {
    let size = 0;
    const rest = waiting.findIndex((text, index) => {
      size += text.length;
      return index > 0 && size > MOST_CHARACTERS;
    });
    return waiting.splice(0, rest < 0 ? waiting.length : rest);
  }

  async function sendWaiting(): Promise<void> {
    sending = true;
    // What happens in one turn goes together.
    await null;
    while (waiting.length > 0 && !signal.aborted) {
      await post(`{"events":[${take()}]}`);
    }
    sending = false;
  }

  receive();
  return {
    send(text) {
      waiting.push(text);
      if (!sending) {
        sendWaiting();
      }
    },
    close: () => control.abort(),
  };
}
