import type { RandomChatState, VideoCallState } from "@duologue/client";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { chime, ring } from "./sounds";

/**
 * Somebody was found: the tab says who, and a page that nobody looks at also sounds and shakes. A call rings until it
 * is answered, or over.
 */
export function useAttention(state: RandomChatState, calls: VideoCallState, wanted: boolean): void {
  const { t } = useTranslation();
  const pair = state.pair?.id ?? null;
  const alias = state.pair?.peer.alias ?? null;
  const call = calls.phase === "incoming" ? calls.call : null;
  const caller = call === null ? null : (call.alias ?? t("call.someone"));
  const told = useRef<string | null>(null);
  useEffect(() => {
    const news = caller === null ? alias : t("call.incoming", { alias: caller });
    document.title = news === null || !wanted ? t("brand") : `${news} · ${t("brand")}`;
  }, [alias, caller, wanted, t]);
  useEffect(() => {
    const news = pair !== null && pair !== told.current;
    told.current = pair;
    if (news && wanted && document.visibilityState === "hidden") chime();
  }, [pair, wanted]);
  const ringing = call !== null && wanted;
  useEffect(() => (ringing ? ring() : undefined), [ringing]);
}
