/** What happened in a session, in words of a closed set: nobody's name, no line of chat, no SDP and no address can get in. */
import { TrailEvent, type Push } from "../protocol.gen.js";
import type { Effect, SessionEvent } from "./events.js";
import type { ConnectionState } from "./state.js";

/** Older ones fall off. */
export const MAX_TRAIL = 50;

export interface TrailEntry {
  /** Epoch ms. */
  readonly at: number;
  readonly event: TrailEvent;
}

export function extended(trail: readonly TrailEntry[], entry: TrailEntry): readonly TrailEntry[] {
  return [...trail, entry].slice(-MAX_TRAIL);
}

/** Null: it does not help to understand what went wrong. */
export function wordOfEvent(event: SessionEvent): TrailEvent | null {
  switch (event.type) {
    case "find_asked":
      return TrailEvent.FIND;
    case "next_asked":
      return TrailEvent.NEXT;
    case "stop_asked":
    case "closed":
      return TrailEvent.STOP;
    case "block_asked":
      return TrailEvent.BLOCK;
    case "connection_changed":
      return wordOfConnection(event.connection);
    case "pushed":
      return wordOfPush(event.push);
    case "media_joined":
      return TrailEvent.JOINED;
    case "media_reconnecting":
      return TrailEvent.RECONNECTING;
    case "media_failed":
      return TrailEvent.FAILED;
    case "first_frame_shown":
      return TrailEvent.FIRST_FRAME;
    default:
      return null;
  }
}

export function wordOfEffect(effect: Effect): TrailEvent | null {
  if (effect.type === "join_media") return TrailEvent.JOIN;
  return effect.type === "leave_media" ? TrailEvent.LEAVE : null;
}

function wordOfConnection({ status }: ConnectionState): TrailEvent | null {
  if (status === "connecting" || status === "standby") return null;
  return status === "online" ? TrailEvent.ONLINE : TrailEvent.OFFLINE;
}

function wordOfPush({ type }: Push): TrailEvent | null {
  const words: Partial<Record<Push["type"], TrailEvent>> = {
    waiting: TrailEvent.WAITING,
    matched: TrailEvent.MATCHED,
    talking: TrailEvent.TALKING,
    ended: TrailEvent.ENDED,
  };
  return words[type] ?? null;
}
