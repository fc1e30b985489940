import { WifiOff } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { secondsUntil } from "../format";
import { usePage } from "../page";
import { useNow } from "./use-now";

/** Our own connection is gone: since the talk may go on without it, a line and not a veil. */
export function ConnectionBanner(): ReactElement | null {
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
