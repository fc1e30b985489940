import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { endedKey } from "../view";

/** The two live regions: how it goes (polite), and that it is over (assertive). Always mounted, or readers miss the first words. */
export function Announcer(): ReactElement {
  const { t } = useTranslation();
  const { mutedSpeech, screen, state } = usePage();
  const ended = state.ended === null ? "" : t(endedKey(state.ended), { alias: state.ended.alias }); // also while the next search runs
  const alias = state.pair?.peer.alias ?? "";
  const status = (): string => {
    if (state.connection.status === "reconnecting") return t("connection.now");
    if (state.pair !== null && state.pair.peerAwayUntil !== null) return t("lost.title", { alias });
    if (mutedSpeech) return t("talk.muted_speech");
    if (screen === "searching") return t("searching.title");
    if (screen === "connecting") return t("connecting.title", { alias });
    return screen === "talking" || screen === "text" ? t("connecting.here", { alias }) : "";
  };
  return (
    <>
      <div className="unseen" role="status">
        {status()}
      </div>
      <div className="unseen" role="alert" data-testid="announced">
        {ended}
      </div>
    </>
  );
}
