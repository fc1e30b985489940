import { Ban, PhoneMissed, X } from "lucide-react";
import { useMemo, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { callNewsKey, callNewsOf } from "../call-view";
import { usePage } from "../page";

/** A call to us that came to nothing, in a line beside what goes on, until it was read. */
export function CallNews(): ReactElement | null {
  const { calls, callState, openDialog, state } = usePage();
  const { t, i18n } = useTranslation();
  const news = callNewsOf(callState);
  const time = useMemo(() => new Intl.DateTimeFormat(i18n.language, { timeStyle: "short" }).format(new Date()), [news?.call, i18n.language]);
  if (news === null || state.pair !== null) return null;
  const alias = news.alias ?? t("call.someone");
  return (
    <div className="banner banner--news pill pill--hint glass night" data-testid="call-news">
      <PhoneMissed className="icon icon--small" aria-hidden="true" />
      <span>{t(callNewsKey(news), { alias, time })}</span>
      <span className="banner__acts">
        {!news.blocked && news.call !== null && (
          <button type="button" className="icon-button" data-testid="block" aria-label={t("block.name", { alias })} onClick={() => openDialog("block_caller")}>
            <Ban className="icon icon--small" aria-hidden="true" />
          </button>
        )}
        <button type="button" className="icon-button" data-testid="read" aria-label={t("common.close")} onClick={() => calls.dismissEnded()}>
          <X className="icon icon--small" aria-hidden="true" />
        </button>
      </span>
    </div>
  );
}
