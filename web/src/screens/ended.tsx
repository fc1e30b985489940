import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { BackButton } from "../ui/back";
import { BlockButton, OverSide, OverStage } from "../ui/over";
import { useSpan } from "../ui/use-span";
import { endedKey } from "../view";

/** Who ended it and why, how long it was, and what comes next. */
export function EndedStage(): ReactElement {
  const { t } = useTranslation();
  const { session, state } = usePage();
  const spanOf = useSpan();
  const { ended } = state;
  if (ended === null) return <OverStage>{null}</OverStage>;
  const counting = ended.nextAt !== null;
  return (
    <OverStage>
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
        <BlockButton alias={ended.alias} blocked={ended.blocked} dialog="block" />
      </div>
    </OverStage>
  );
}

export function EndedSide(): ReactElement {
  const { t } = useTranslation();
  const { state } = usePage();
  const keys = (
    <>
      <span>
        <kbd>N</kbd>
        {t("go.next")}
      </span>
      <span>
        <kbd>Esc</kbd>
        {t("searching.keys.leave")}
      </span>
    </>
  );
  return <OverSide said={state.chat.length > 0} keys={keys} />;
}
