/** A `WebSocket`, as browsers, Node.js and React Native have it, as the session's socket. */
import type { SocketLike } from "../session/api.js";

export function openSocket(url: string, protocol: string): SocketLike {
  const socket = new WebSocket(url, protocol);
  const like: SocketLike = {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text); // a closing one loses it; the outbox does not
    },
    close: (code, reason) => socket.close(code, reason),
    onopen: null,
    onmessage: null,
    onclose: null,
  };
  socket.onopen = () => like.onopen?.();
  socket.onmessage = (event: MessageEvent<unknown>) => like.onmessage?.({ data: event.data });
  socket.onclose = ({ code, reason }) => like.onclose?.({ code, reason });
  return like;
}
