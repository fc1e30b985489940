/**
 * A socket that is closed when we close it.
 *
 * The SDK waits for the server's half of the closing handshake before it lets go of a room, and the next join waits
 * for that. All that we had to say is on its way by then, and nothing that the server says is heard any more.
 */

const OPEN = 1;

/** Call it while the socket is new. One of the two is called when we close it: `left`, or `refused` where the browser has no such event. */
export function closeAtOnce(socket: WebSocket, left: () => void, refused: () => void): void {
  let ours: Event | null = null;
  socket.addEventListener("close", (event) => {
    if (ours !== null && event !== ours) event.stopImmediatePropagation(); // it was told already
  });
  const close = socket.close.bind(socket);
  socket.close = (code?: number, reason?: string): void => {
    const wasOpen = socket.readyState === OPEN;
    close(code, reason);
    if (!wasOpen) return;
    ours = closed(code, reason);
    if (ours === null) return refused();
    left();
    socket.dispatchEvent(ours);
  };
}

function closed(code = 1000, reason = ""): Event | null {
  return typeof CloseEvent === "undefined" ? null : new CloseEvent("close", { code, reason, wasClean: true });
}
