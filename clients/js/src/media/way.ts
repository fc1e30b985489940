/**
 * Whether a connection that was up still has a way to the other end.
 *
 * The browser knows some 5 s after it is gone; the library goes on as if nothing were, for 10 s more.
 */
type Connection = Pick<RTCPeerConnection, "connectionState" | "addEventListener" | "removeEventListener">;

export interface Way {
  lost(): void;
  /** The same connection is up again. */
  back(): void;
}

/** Tells by turns; returns how to stop. */
export function watchWay(connection: Connection | null, way: Way): () => void {
  let isLost = false;
  const look = (): void => {
    const state = connection?.connectionState;
    if (!isLost && (state === "disconnected" || state === "failed")) way.lost();
    else if (isLost && state === "connected") way.back();
    else return;
    isLost = !isLost;
  };
  connection?.addEventListener("connectionstatechange", look);
  return () => connection?.removeEventListener("connectionstatechange", look);
}
