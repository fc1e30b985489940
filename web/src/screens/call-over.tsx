import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { callOverKey } from "../call-view";
import { usePage } from "../page";
import { BlockButton, OverSide, OverStage } from "../ui/over";
import { useSpan } from "../ui/use-span";

/** What became of a call: of one that was made here, or of a talk. */
export function CallOverStage(): ReactElement {
  const { t } = useTranslation();
  const { callState } = usePage();
  const spanOf = useSpan();
  const { ended } = callState;
  if (ended === null) return <OverStage>{null}</OverStage>;
  return (
    <OverStage>
      <h1 data-testid="call-line">{t(`${callOverKey(ended)}.title`, { alias: ended.alias ?? t("call.someone") })}</h1>
      {ended.talkedMs !== null && <p>{t("ended.talked", { span: spanOf(ended.talkedMs) })}</p>}
      <p>{t(`${callOverKey(ended)}.lead`)}</p>
      {ended.alias !== null && ended.call !== null && (
        <div className="acts">
          <BlockButton alias={ended.alias} blocked={ended.blocked} dialog="block_caller" />
        </div>
      )}
    </OverStage>
  );
}

export function CallOverSide(): ReactElement {
  const { t } = useTranslation();
  const { callState } = usePage();
  const keys = (
    <span>
      <kbd>Esc</kbd>
      {t("searching.keys.leave")}
    </span>
  );
  return <OverSide said={callState.chat.length > 0} keys={keys} />;
}
