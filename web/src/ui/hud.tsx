import { EyeOff, MicOff } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { clock } from "../format";
import { usePage } from "../page";
import { SettingsButton } from "./brand";
import { QualityButton } from "./quality";
import { SharedShort } from "./shared";
import { useNow } from "./use-now";

/** Who it is and for how long, on the picture. */
export function Hud(): ReactElement | null {
  const { t } = useTranslation();
  const { state } = usePage();
  const { pair } = state;
  if (pair === null) return null;
  const { alias, interests } = pair.peer;
  return (
    <div className="hud">
      <div className="pill glass">
        {pair.peerMuted.audio && <MicOff className="icon icon--small" role="img" aria-label={t("talk.peer_muted", { alias })} />}
        {pair.peerHidden === true && <EyeOff className="icon icon--small" role="img" aria-label={t("talk.peer_hidden", { alias })} />}
        <b data-testid="peer-alias">{alias}</b>
        {pair.call === undefined && (
          <span className="pill__more number">
            <TalkTime />
          </span>
        )}
        <QualityButton />
      </div>
      <SettingsButton className="hud__settings glass wide-only" />
      <SharedShort interests={interests} />
    </div>
  );
}

export function TalkTime(): ReactElement {
  const { state } = usePage();
  const since = state.pair?.talkingSince ?? null;
  const now = useNow(since !== null);
  return <>{clock(since === null ? 0 : now - since)}</>;
}
