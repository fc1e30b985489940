import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { secondsUntil, shareLeft } from "../format";
import { usePage } from "../page";
import { useNow } from "./use-now";

/** How long a seat is held for somebody whose connection broke (design: 15 s). */
const SEAT_MS = 15_000;

/** Over the partner's picture while they, or picture and sound, are away. */
export function Veil(): ReactElement | null {
  const { t } = useTranslation();
  const { state } = usePage();
  const until = state.pair?.peerAwayUntil ?? null;
  const now = useNow(until !== null);
  const alias = state.pair?.peer.alias ?? "";
  const ofCall = state.pair?.call !== undefined;
  if (until !== null) {
    const count = secondsUntil(until, now);
    return (
      <div className="veil" data-testid="peer-away">
        <div className="ring number" style={{ "--share": shareLeft(until, now, SEAT_MS) }} aria-hidden="true">
          {count}
        </div>
        <h1>{t("lost.title", { alias })}</h1>
        <p>{ofCall ? t("lost.hold_call", { count }) : t("lost.hold", { count })}</p>
      </div>
    );
  }
  const { status } = state.media;
  if (status === "reconnecting" || status === "failed") {
    return (
      <div className="veil" data-testid="media-away">
        <h1>{t("lost.media")}</h1>
        {/* once it failed, the talk is over in a moment */}
        {status === "reconnecting" && <p>{ofCall ? t("lost.media_lead_call") : t("lost.media_lead")}</p>}
      </div>
    );
  }
  if (state.pair?.peerSilent !== true) return null;
  return (
    <div className="veil" data-testid="peer-silent">
      <h1>{t("lost.silent", { alias })}</h1>
      <p>{ofCall ? t("lost.silent_lead_call") : t("lost.silent_lead")}</p>
    </div>
  );
}
