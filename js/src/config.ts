/** Where the page stands when the client starts. */
export interface Config {
  /** Names the session; empty where the page was given none. */
  token: string;
  /** Number of the last frame that the page's HTML contains already. */
  seq: number;
  /** URL of the websocket, relative to the page. */
  socket: string;
  /** Most bytes in one message to the server; 0 where there is no limit. */
  limit: number;
  /** URL for polling, relative to the page; none where the server has no polling. */
  poll?: string;
  /** Seconds of silence after which the client asks whether the server is there; 0 or nothing: never. */
  ping?: number;
  /** The extras, relative to the client. */
  extras: string;
  /** Where to sign in, relative to the page; none where the page may be anybody's. */
  signin?: string;
  /** Whether the page's own JavaScript wants them from the beginning. */
  api?: boolean;
}

/** Reads the page's `<meta name="jibe-like">`. Throws where there is none. */
export function readConfig(): Config {
  const meta = document.querySelector("meta[name=jibe-like]") as HTMLMetaElement;
  return JSON.parse(meta.content);
}

/** The websocket's URL. Without `seq` the page says that it has nothing of the session. */
export function socketUrl(config: Config, seq: number | undefined): string {
  const url = new URL(config.socket, document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  if (seq !== undefined) {
    url.searchParams.set("seq", `${seq}`);
  }
  return url.href;
}
