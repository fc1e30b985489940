/**
 * A room of the media library that can be let go of.
 *
 * Left to itself, every `Room` that was ever made (livekit-client 2.23) stays for as long as the page: it listens
 * for `devicechange` until it is garbage, but the listener, and what is to remove it, are closures beside others
 * that hold the room, so it never becomes garbage, nor does all that hangs on it: engine, connection, transceivers.
 *
 * What the library gives to its `FinalizationRegistry` to call then is kept here, and called when we say so.
 */
import { Room, type RoomOptions } from "livekit-client";

export interface LibraryRoom {
  readonly room: Room;
  /** For good: nothing listens to it, and it listens to nothing. Call it only when it is disconnected. */
  readonly letGo: () => void;
}

export function makeRoom(options: RoomOptions): LibraryRoom {
  const cleanups: (() => void)[] = [];
  const usual = Room.cleanupRegistry;
  Room.cleanupRegistry = keeping(cleanups);
  try {
    const room = new Room(options);
    const letGo = (): void => {
      room.removeAllListeners();
      for (const cleanup of cleanups.splice(0)) cleanup();
    };
    return { room, letGo };
  } finally {
    Room.cleanupRegistry = usual;
  }
}

function keeping(cleanups: (() => void)[]): FinalizationRegistry<() => void> {
  return {
    register: (_, cleanup) => void cleanups.push(cleanup),
    unregister: () => false,
    [Symbol.toStringTag]: "FinalizationRegistry",
  };
}
