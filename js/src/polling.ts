/** Long polling as a channel, where websockets are blocked. */
import { BLOCKED, type Channel, LOST, type Receiver, TRY_AGAIN } from "./channel.ts";
import { POLL_PATIENCE } from "./limits.ts";
import type { Frame } from "./protocol.ts";

/** What the server answers: nothing of it where it has only taken events. */
interface Answer {
  readonly poll?: string;
  readonly frames?: readonly Frame[];
  readonly close?: { readonly code: number };
}

/** Why the poll is closed that was answered so. Above 500 something answers for a server that is not there. */
function codeOf(status: number): number {
  return status === 503 ? TRY_AGAIN : status > 500 ? LOST : BLOCKED;
}

/**
 * Starts to poll at a URL relative to the page. `first` says who asks, and what the page has; `most` characters of
 * events go in one request, or a single event.
 */
export function openPolling(address: string, first: object, most: number, to: Receiver): Channel {
  const url = new URL(address, document.baseURI);
  const control = new AbortController();
  const waiting: string[] = [];
  let sending = false;

  function end(code: number): void {
    if (!control.signal.aborted) {
      control.abort();
      to.closed(code);
    }
  }

  /** Gives undefined where that was the end. */
  async function post(body: string): Promise<Answer | undefined> {
    const timer = setTimeout(end, POLL_PATIENCE, LOST);
    let code = LOST;
    try {
      const headers = { "Content-Type": "application/json" };
      const response = await fetch(url, { method: "POST", headers, body, signal: control.signal });
      if (response.ok) {
        return JSON.parse((await response.text()) || "{}");
      }
      code = codeOf(response.status);
    } catch {
      // Cut off on the way there or back.
    } finally {
      clearTimeout(timer);
    }
    end(code);
    return undefined;
  }

  async function receive(): Promise<void> {
    for (let answer = await post(JSON.stringify(first)); answer; answer = await post("{}")) {
      if (answer.poll) {
        url.searchParams.set("poll", answer.poll);
      }
      for (const frame of answer.frames ?? []) {
        to.message(frame);
      }
      if (answer.close) {
        end(answer.close.code);
        return;
      }
    }
  }

  function take(): string {
    let events = `${waiting.shift()}`;
    while (waiting[0] && events.length + waiting[0].length < most) {
      events += `,${waiting.shift()}`;
    }
    return events;
  }

  async function sendWaiting(): Promise<void> {
    sending = true;
    // What happens in one turn goes together.
    await null;
    while (waiting.length > 0 && !control.signal.aborted) {
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
