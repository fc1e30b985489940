import { Undo2 } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";

/** For a moment after a Next: to the one who was here. */
export function BackButton(): ReactElement | null {
  const { t } = useTranslation();
  const { session, state } = usePage();
  const { back } = state;
  if (back === null) return null;
  const { alias } = back;
  return (
    <div className="acts" role="status">
      {back.theirs && !back.mine && <p>{t("back.theirs", { alias })}</p>}
      <button type="button" className="button button--outline" data-testid="back" disabled={back.mine} onClick={() => session.back()}>
        <Undo2 className="icon icon--small" aria-hidden="true" />
        {back.mine ? t("back.asked", { alias }) : t("back.name", { alias })}
      </button>
    </div>
  );
}
