import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";

/** Asked once, before the first talk. */
export function Agree(): ReactElement {
  const { t } = useTranslation();
  const { preferences, prefer, agreeMissing, linked, openDialog } = usePage();
  const missing = agreeMissing && !preferences.agreed;
  return (
    <div className="agree push">
      {missing && (
        <p className="agree__first" id="agree-first">
          {t("start.agree_first")}
        </p>
      )}
      <div className="agree__line">
        <label className="agree__row">
          <input
            type="checkbox"
            className="agree__box"
            data-testid="agree"
            aria-invalid={missing}
            aria-describedby={missing ? "agree-first" : undefined}
            checked={preferences.agreed}
            onChange={(event) => prefer({ agreed: event.target.checked })}
          />
          <span className="small quiet">{t("start.agree")}</span>
        </label>
        {/* Otherwise the dock has it. */}
        {linked && (
          <button type="button" className="button button--outline" data-testid="rules" onClick={() => openDialog("rules")}>
            {t("stop.rules")}
          </button>
        )}
      </div>
    </div>
  );
}
