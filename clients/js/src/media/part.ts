/** Parting from a room without a word in the console: an abort that we ask for is no warning, and the library logs some. */
import { ConnectionState, LogLevel, type Room } from "livekit-client";
import { hush } from "./quiet.js";

/** Disconnect, and leave the tracks alone. Never rejects. */
export async function part(room: Pick<Room, "state" | "disconnect">): Promise<void> {
  const underWay = room.state !== ConnectionState.Connected && room.state !== ConnectionState.Disconnected;
  const speakUp = underWay ? hush(LogLevel.error) : (): void => undefined;
  try {
    await room.disconnect(false);
  } catch {
    // It is gone in any case.
  } finally {
    speakUp();
  }
}
