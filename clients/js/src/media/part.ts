/** Parting from a room without a word in the console: an abort that we ask for is no warning, and the library logs some. */
import { ConnectionState, getLogger, LoggerNames, LogLevel, type Room } from "livekit-client";

/** Disconnect, and leave the tracks alone. Never rejects. */
export async function part(room: Pick<Room, "state" | "disconnect">): Promise<void> {
  const underWay = room.state !== ConnectionState.Connected && room.state !== ConnectionState.Disconnected;
  const speakUp = underWay ? hush() : (): void => undefined;
  try {
    await room.disconnect(false);
  } catch {
    // It is gone in any case.
  } finally {
    speakUp();
  }
}

/** Only errors are logged from now on, until what this returns is called. */
function hush(): () => void {
  const loggers = Object.values(LoggerNames).map((name) => getLogger(name));
  const levels = loggers.map((logger) => logger.getLevel());
  const set = (to: (before: number) => number): void =>
    loggers.forEach((logger, at) => setLevel.call(logger, to(levels[at] ?? LogLevel.info), false));
  set((before) => Math.max(before, LogLevel.error));
  return () => set((before) => before);
}

/** `persist` is false: the logger would keep the level in localStorage. The library's types do not name it. */
function setLevel(this: ReturnType<typeof getLogger>, level: number, persist: boolean): void {
  (this.setLevel as (level: number, persist: boolean) => void)(level, persist);
}
