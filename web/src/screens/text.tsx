import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { initial, titled } from "../format";
import { usePage } from "../page";
import { BrandRow } from "../ui/brand";
import { Chat } from "../ui/chat";
import { TalkTime } from "../ui/hud";
import { More } from "../ui/more";
import { Veil } from "../ui/veil";

/** Text only: the talk is the stage. */
export function TextStage(): ReactElement {
  const { t } = useTranslation();
  const { state } = usePage();
  const alias = state.pair?.peer.alias ?? "";
  const away = state.pair !== null && state.pair.peerAwayUntil !== null;
  return (
    <div className="chat chat--stage">
      <div className="text-bar">
        <span className="avatar" aria-hidden="true">
          {initial(alias)}
        </span>
        <div className="grow">
          <b data-testid="peer-alias">{alias}</b>
          <div className="small quiet">
            {state.pair?.peerHidden === true ? t("talk.peer_hidden", { alias }) : t("talk.text")}{" "}
            {state.pair?.call === undefined && (
              <span className="number">
                <TalkTime />
              </span>
            )}
          </div>
        </div>
        <More className="icon-button" />
      </div>
      <Chat />
      {away && <Veil />}
    </div>
  );
}

export function TextSide(): ReactElement {
  const { t } = useTranslation();
  const { pair } = usePage().state;
  const interests = pair?.peer.interests ?? [];
  const ofCall = pair?.call !== undefined;
  return (
    <div className="panel">
      <BrandRow />
      <div className="field">
        {interests.length > 0 && <h2>{t("chat.both")}</h2>}
        <div className="chips">
          {interests.map((word) => (
            <span key={word} className="chip chip--static">
              <span>{t("chat.like", { interest: titled(word) })}</span>
            </span>
          ))}
        </div>
        {interests.length === 0 && <p className="large">{ofCall ? t("call.in_call") : t("connecting.nothing_shared")}</p>}
      </div>
      <p className="keys push">
        {!ofCall && (
          <span>
            <kbd>N</kbd>
            {t("go.next")}
          </span>
        )}
        <span>
          <kbd>Enter</kbd>
          {t("chat.send")}
        </span>
        <span>
          <kbd>Esc</kbd>
          {t("searching.keys.leave")}
        </span>
      </p>
    </div>
  );
}
