/** The page's own part of direct calls: whom the address means, and what was pressed. No session logic. */
import type { VideoCall } from "@duologue/client";
import { useVideoCall } from "@duologue/client/react";
import { useCallback, useEffect, useState } from "react";
import { wordOf } from "./call-link";
import type { CallPage } from "./call-view";

/** What the page asks of a session of calls. */
export type Calls = Pick<VideoCall, "state" | "subscribe" | "call" | "accept" | "decline" | "hangUp" | "link" | "block" | "report" | "dismissEnded">;

export interface CallsModel {
  readonly page: CallPage;
  /** Nothing is to be said any more: not of the last call, and not of whom the address means. */
  readonly forget: () => void;
}

export function useCalls(calls: Calls): CallsModel {
  const state = useVideoCall(calls);
  const [callee, setCallee] = useState(() => wordOf(location.hash));
  const [ours, setOurs] = useState(false); // also of a talk, of which the session does not tell who called
  const direction = state.call?.outgoing ?? null;
  if (direction !== null && direction !== ours) setOurs(direction);

  useEffect(() => {
    const changed = (): void => {
      calls.dismissEnded(); // it was about whom the address meant before
      setCallee(wordOf(location.hash));
    };
    window.addEventListener("hashchange", changed);
    return () => window.removeEventListener("hashchange", changed);
  }, [calls]);
  const forget = useCallback((): void => {
    calls.dismissEnded();
    setCallee(null);
    history.replaceState(history.state, "", location.pathname + location.search);
  }, [calls]);
  return { page: { state, callee, ours: state.ended?.outgoing ?? ours }, forget };
}
