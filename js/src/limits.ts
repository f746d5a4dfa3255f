/** How long (in milliseconds) and how many. No import here: so the bundle has each number where it is used. */

/** Coming back: the longest first wait, doubled for each further attempt. */
export const FIRST_WAIT = 300;
/** The longest wait while the server may be back any moment, and for how long it may be. */
export const SHORT_WAIT = 800;
export const SOON = 300_000;
/** The longest wait of all. Waits grow towards it by one part of so many of the time that has passed after that. */
export const LONGEST_WAIT = 10_000;
export const GROWTH_PARTS = 30;
/** At least this long where the server wants to be left alone. */
export const PAUSE = 1_000;
/** Of so many attempts at a server that cannot be reached one is by websocket: browsers make those wait that fail. */
export const RARELY = 64;

/** What the server may take to say hello. */
export const HELLO_PATIENCE = 10_000;
/** What any sign of the server may take once it was asked for one; less where the page was away. */
export const PONG_PATIENCE = 5_000;
export const AWAKE_PATIENCE = 3_000;
/** What an answer to a poll may take: the server holds it for 20 seconds at most. */
export const POLL_PATIENCE = 30_000;

/** While polling, a websocket is tried again after this where one has ever worked, else between these. */
export const PROVEN_RETRY = 1_000;
export const RETRY = 30_000;
export const LONGEST_RETRY = 300_000;

/** A standalone `ack` goes out after so many frames, or so long after the last. */
export const ACK_FRAMES = 64;
export const ACK_DELAY = 1_000;
/** Bytes by which a message may grow when it is sent again: `ack` gets more digits. */
export const MARGIN = 16;
/** Most bytes of a UTF-16 code unit in UTF-8. */
export const BYTES_PER_UNIT = 3;
