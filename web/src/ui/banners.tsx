import { Unplug, WifiOff } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { secondsUntil } from "../format";
import { usePage } from "../page";
import { lostInTalk } from "../trouble";
import { RemoteSound } from "./remote";
import { useNow } from "./use-now";

/** What is wrong while the talk may go on: lines and not veils. */
export function Banners(): ReactElement {
  return (
    <div className="banners">
      <ConnectionBanner />
      <DeviceBanner />
      <RemoteSound />
    </div>
  );
}

function ConnectionBanner(): ReactElement | null {
  const { t } = useTranslation();
  const { connection, phase } = usePage().state;
  const retryAt = connection.status === "reconnecting" ? connection.retryAt : null;
  const now = useNow(retryAt !== null);
  const trying = connection.status === "connecting" && phase !== "start";
  if (retryAt === null && !trying) return null;
  const count = retryAt === null ? 0 : secondsUntil(retryAt, now);
  return (
    <div className="banner pill pill--warn" data-testid="reconnecting">
      <WifiOff className="icon icon--small" aria-hidden="true" />
      <span className="number">{count > 0 ? t("connection.offline", { count }) : t("connection.now")}</span>
    </div>
  );
}

/** A device went away in the middle of a talk: which one, and the way out. */
function DeviceBanner(): ReactElement | null {
  const { t } = useTranslation();
  const { deviceState, openSettings, state } = usePage();
  const trouble = lostInTalk(deviceState, state);
  if (trouble === null) return null;
  const { cameras, microphones } = deviceState;
  const others = (trouble.kind === "microphone" ? [] : cameras).length + (trouble.kind === "camera" ? [] : microphones).length;
  return (
    <div className="banner pill pill--warn" role="alert" data-testid="device-lost" data-problem={trouble.problem}>
      <Unplug className="icon icon--small" aria-hidden="true" />
      <span>{t(`device_lost.${trouble.problem}`, { device: t(`denied.${trouble.kind}`) })}</span>
      {others > 0 && (
        <button type="button" className="button button--outline" onClick={openSettings}>
          {t("device_lost.choose")}
        </button>
      )}
    </div>
  );
}
