/** Listening to a room of the media library for a while. */
import type { Room, RoomEventCallbacks } from "livekit-client";

/** Returns how to stop. Handlers go one by one: the room has listeners of its own. */
export function listen(room: Pick<Room, "on" | "off">, handlers: Partial<RoomEventCallbacks>): () => void {
  // The compiler does not see that each handler is that of its event.
  const all = Object.entries(handlers) as [keyof RoomEventCallbacks, () => void][];
  for (const [event, handler] of all) room.on(event, handler);
  return () => {
    for (const [event, handler] of all) room.off(event, handler);
  };
}
