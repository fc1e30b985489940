import { Unplug } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { lostInTalk } from "../trouble";

/** A device went away in the middle of a talk: which one, and the way out. */
export function DeviceBanner(): ReactElement | null {
  const { t } = useTranslation();
  const { deviceState, openDialog, state } = usePage();
  const trouble = lostInTalk(deviceState, state);
  if (trouble === null) return null;
  const { cameras, microphones } = deviceState;
  const others = (trouble.kind === "microphone" ? [] : cameras).length + (trouble.kind === "camera" ? [] : microphones).length;
  return (
    <div className="banner pill pill--warn" role="alert" data-testid="device-lost" data-problem={trouble.problem}>
      <Unplug className="icon icon--small" aria-hidden="true" />
      <span>{t(`device_lost.${trouble.problem}`, { device: t(`denied.${trouble.kind}`) })}</span>
      {others > 0 && (
        <button type="button" className="button button--outline" onClick={() => openDialog("settings")}>
          {t("device_lost.choose")}
        </button>
      )}
    </div>
  );
}
