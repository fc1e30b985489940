import type { RandomChatState } from "@duologue/client";
import { useEffect, useState } from "react";
import { lastHeard } from "../view";

export interface ChatOnPhone {
  /** Laid over the picture, on a phone on its side; elsewhere it is always there. */
  readonly open: boolean;
  /** The partner wrote since the chat was last open or written in. */
  readonly unread: boolean;
  readonly toggle: () => void;
  /** The field has, or lost, the focus. */
  readonly write: (writing: boolean) => void;
}

/** What of the chat was seen, where it does not fit beside the picture. With the next partner it is closed again. */
export function useChatOnPhone(state: Pick<RandomChatState, "pair" | "chat">): ChatOnPhone {
  const pair = state.pair?.id ?? null;
  const newest = lastHeard(state);
  const [shownIn, setShownIn] = useState<string | null>(null);
  const [writing, write] = useState(false);
  const [seen, setSeen] = useState<string | null>(null);
  const open = pair !== null && shownIn === pair;
  useEffect(() => {
    if (open || writing) setSeen(newest);
  }, [open, writing, newest]);
  return { open, unread: newest !== null && newest !== seen && !open && !writing, toggle: () => setShownIn(open ? null : pair), write };
}
