import { Ban } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { BackButton } from "../ui/back";
import { BrandRow } from "../ui/brand";
import { Chat } from "../ui/chat";
import { Halves } from "../ui/halves";
import { useSpan } from "../ui/use-span";
import { endedKey } from "../view";

/** Who ended it and why, how long it was, and what comes next. */
export function EndedStage(): ReactElement {
  const { t } = useTranslation();
  const { openDialog, session, state } = usePage();
  const spanOf = useSpan();
  const { ended } = state;
  const counting = ended !== null && ended.nextAt !== null;
  return (
    <div className="duo">
      <Halves empty />
      {ended !== null && (
        <section className="story">
          <h1 data-testid="ended-line">{t(endedKey(ended), { alias: ended.alias })}</h1>
          <p>{ended.talkedMs === null ? t("ended.not_talked") : t("ended.talked", { span: spanOf(ended.talkedMs) })}</p>
          <p>{counting ? t("ended.soon") : t("ended.resting")}</p>
          <BackButton />
          <div className="acts">
            {counting && (
              <button type="button" className="button button--outline" data-testid="stay" onClick={() => session.stay()}>
                {t("ended.stay")}
              </button>
            )}
            <button type="button" className="button button--outline" data-testid="block" disabled={ended.blocked} onClick={() => openDialog("block")}>
              <Ban className="icon icon--small" aria-hidden="true" />
              {ended.blocked ? t("block.done", { alias: ended.alias }) : t("block.name", { alias: ended.alias })}
            </button>
          </div>
        </section>
      )}
    </div>
  );
}

export function EndedSide(): ReactElement {
  const { t } = useTranslation();
  const { state } = usePage();
  if (state.chat.length === 0) {
    return (
      <div className="panel">
        <BrandRow />
        <p className="keys push">
          <span>
            <kbd>N</kbd>
            {t("go.next")}
          </span>
          <span>
            <kbd>Esc</kbd>
            {t("searching.keys.leave")}
          </span>
        </p>
      </div>
    );
  }
  return (
    <div className="chat">
      <Chat closed note={t("chat.over")} />
    </div>
  );
}
