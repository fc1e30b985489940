/** Wire text to messages and back. Knows shapes only as far as a tag goes: the server is trusted, not obeyed blindly. */
import type { ClientMessage, Command, ServerMessage } from "../protocol.gen.js";

type WithoutId<T> = T extends Command ? Omit<T, "id"> : never;
/** A command before it has an id. */
export type CommandBody = WithoutId<Command>;

/** Null: not a message of this protocol (a frame that is not an object with a `type`). */
export function decode(data: unknown): ServerMessage | null {
  if (typeof data !== "string") return null;
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null && "type" in value ? (value as ServerMessage) : null;
  } catch {
    return null;
  }
}

export function encode(message: ClientMessage): string {
  return JSON.stringify(message);
}
