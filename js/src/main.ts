/** Starts the client. */
import { readConfig } from "./config.ts";
import { reportTyped, startEvents } from "./events.ts";
import { hydrate } from "./hydrate.ts";
import { startPlaces } from "./place.ts";
import { startSession } from "./session.ts";
import { startTabs } from "./tabs.ts";

// The handshake is under way while the page is taken over.
startSession(readConfig(), reportTyped);
startEvents();
hydrate();
startTabs();
startPlaces();
