/** Whether the media library and the browser agree about a connection that the session takes for good. */
import { ConnectionState } from "livekit-client";

export const COMPARE_MS = 3_000;
/** Once may be in the middle of a change; the library needs a moment to see that its connection failed. */
const TOLERATED = 1;

type Connection = Pick<RTCPeerConnection, "connectionState">;

/** Null: there is no connection that is not closed. */
export function agree(room: ConnectionState, connection: Connection | null): boolean {
  if (room === ConnectionState.Disconnected || room === ConnectionState.Connecting) return false;
  if (room !== ConnectionState.Connected) return true; // it knows that something is wrong, and works on it
  return connection !== null && connection.connectionState !== "failed" && connection.connectionState !== "closed";
}

/** Calls `tell` once, when they did not agree several times in a row; returns how to stop. */
export function watchAgreement(look: () => readonly [ConnectionState, Connection | null], tell: (detail: string) => void): () => void {
  let disagreed = 0;
  const stop = (): void => clearInterval(timer);
  const compare = (): void => {
    const [room, connection] = look();
    disagreed = agree(room, connection) ? 0 : disagreed + 1;
    if (disagreed <= TOLERATED) return;
    stop();
    tell(`mismatch ${room} ${connection?.connectionState ?? "none"}`);
  };
  const timer = setInterval(compare, COMPARE_MS);
  return stop;
}
