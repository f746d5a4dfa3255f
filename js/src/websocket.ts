/** A websocket as a channel. */
import { BLOCKED, type Channel, type Receiver } from "./channel.ts";

/** Opens a websocket. Throws where the browser will not even try. */
export function openWebsocket(url: string, protocols: string[], to: Receiver): Channel {
  const socket = new WebSocket(url, protocols);
  let blocked = true;
  socket.onopen = () => {
    blocked = false;
  };
  socket.onmessage = ({ data }: MessageEvent<string>) => to.message(JSON.parse(data));
  socket.onclose = ({ code }) => to.closed(blocked ? BLOCKED : code);
  return socket;
}
