/** A websocket as a channel. */
import type { Channel, Receiver } from "./channel.ts";

/** Opens a websocket. Throws where the browser will not even try. */
export function openWebsocket(url: string, protocols: string[], to: Receiver): Channel {
  const socket = new WebSocket(url, protocols);
  socket.onopen = () => to.opened();
  socket.onmessage = ({ data }: MessageEvent<string>) => to.message(JSON.parse(data));
  socket.onclose = ({ code }) => to.closed(code);
  return socket;
}
