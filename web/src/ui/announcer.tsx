import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { callNewsKey, callNewsOf, callOverKey } from "../call-view";
import { usePage } from "../page";
import { endedKey } from "../view";

/** The two live regions: how it goes (polite), and that it is over, or rings (assertive). Always mounted, or readers miss the first words. */
export function Announcer(): ReactElement {
  const { t } = useTranslation();
  const { callState, mutedSpeech, screen, state } = usePage();
  const { call } = callState;
  const someone = t("call.someone");
  const alias = state.pair?.peer.alias ?? call?.alias ?? someone;
  const status = (): string => {
    if (state.connection.status === "reconnecting") return t("connection.now");
    if (state.pair !== null && state.pair.peerAwayUntil !== null) return t("lost.title", { alias });
    if (state.pair?.peerSilent === true) return t("lost.silent", { alias });
    if (mutedSpeech) return t("talk.muted_speech");
    if (screen === "searching") return t("searching.title");
    if (screen === "outgoing") return call?.id == null ? t("call.outgoing.dialling") : t("call.outgoing.title");
    if (screen === "connecting") return t("connecting.title", { alias });
    return screen === "talking" || screen === "text" ? t("connecting.here", { alias }) : "";
  };
  const alert = (): string => {
    if (callState.phase === "incoming") return t("call.incoming", { alias });
    const over = screen === "call_over" ? callState.ended : null;
    if (over !== null) return t(`${callOverKey(over)}.title`, { alias: over.alias ?? someone });
    const news = callNewsOf(callState);
    if (news !== null) return t(callNewsKey(news), { alias: news.alias ?? someone, time: "" });
    return state.ended === null ? "" : t(endedKey(state.ended), { alias: state.ended.alias }); // also while the next search runs
  };
  return (
    <>
      <div className="unseen" role="status">
        {status()}
      </div>
      <div className="unseen" role="alert" data-testid="announced">
        {alert()}
      </div>
    </>
  );
}
