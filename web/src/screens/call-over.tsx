import { Ban } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { callOverKey } from "../call-view";
import { usePage } from "../page";
import { BrandRow } from "../ui/brand";
import { Chat } from "../ui/chat";
import { Halves } from "../ui/halves";
import { useSpan } from "../ui/use-span";

/** What became of a call: of one that was made here, or of a talk. */
export function CallOverStage(): ReactElement {
  const { t } = useTranslation();
  const { callState, openDialog } = usePage();
  const spanOf = useSpan();
  const { ended } = callState;
  return (
    <div className="duo">
      <Halves empty />
      {ended !== null && (
        <section className="story">
          <h1 data-testid="call-line">{t(`${callOverKey(ended)}.title`, { alias: ended.alias ?? t("call.someone") })}</h1>
          {ended.talkedMs !== null && <p>{t("ended.talked", { span: spanOf(ended.talkedMs) })}</p>}
          <p>{t(`${callOverKey(ended)}.lead`)}</p>
          {ended.alias !== null && ended.call !== null && (
            <div className="acts">
              <button type="button" className="button button--outline" data-testid="block" disabled={ended.blocked} onClick={() => openDialog("block_caller")}>
                <Ban className="icon icon--small" aria-hidden="true" />
                {ended.blocked ? t("block.done", { alias: ended.alias }) : t("block.name", { alias: ended.alias })}
              </button>
            </div>
          )}
        </section>
      )}
    </div>
  );
}

export function CallOverSide(): ReactElement {
  const { t } = useTranslation();
  const { callState } = usePage();
  if (callState.chat.length > 0) {
    return (
      <div className="chat">
        <Chat closed note={t("chat.over")} />
      </div>
    );
  }
  return (
    <div className="panel">
      <BrandRow />
      <p className="keys push">
        <span>
          <kbd>Esc</kbd>
          {t("searching.keys.leave")}
        </span>
      </p>
    </div>
  );
}
