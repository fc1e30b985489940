import { Settings2 } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";

export function Brand(): ReactElement {
  const { t } = useTranslation();
  return (
    <span className="brand">
      <svg className="brand__mark" viewBox="0 0 26 26" aria-hidden="true">
        <path d="M12 1v17.5a8.750 8.750 0 0 1 0-17.500Z" fill="var(--mark)" />
        <path d="M14.500 7.500V25a8.750 8.750 0 0 0 0-17.500Z" fill="currentColor" />
      </svg>
      <span className="brand__name">{t("brand")}</span>
    </span>
  );
}

export function SettingsButton({ className = "" }: { readonly className?: string }): ReactElement {
  const { t } = useTranslation();
  const { openDialog } = usePage();
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={t("common.settings")} onClick={() => openDialog("settings")}>
      <Settings2 className="icon" aria-hidden="true" />
    </button>
  );
}

/** In the column's head on wide windows. */
export function BrandRow(): ReactElement {
  return (
    <div className="brand-row">
      <Brand />
      <SettingsButton />
    </div>
  );
}

/** Over the stage on narrow ones. */
export function TopBar(): ReactElement {
  return (
    <div className="top">
      <Brand />
      <SettingsButton />
    </div>
  );
}
