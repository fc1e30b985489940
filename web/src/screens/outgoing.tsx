import { Phone } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { secondsUntil } from "../format";
import { usePage } from "../page";
import { BrandRow } from "../ui/brand";
import { Halves } from "../ui/halves";
import { useNow } from "../ui/use-now";

/** It rings at them: for how long yet. */
export function OutgoingStage(): ReactElement {
  const { t } = useTranslation();
  const { call } = usePage().callState;
  const expiresAt = call?.expiresAt ?? null;
  const now = useNow(expiresAt !== null);
  return (
    <div className="duo">
      <Halves empty>
        {expiresAt === null ? (
          <Phone className="icon" />
        ) : (
          <span className="half__words">
            <span className="half__large number">{secondsUntil(expiresAt, now)}</span>
            <span className="quiet">{t("call.outgoing.left")}</span>
          </span>
        )}
      </Halves>
      <section className="story">
        <h1>{expiresAt === null ? t("call.outgoing.dialling") : t("call.outgoing.title")}</h1>
        <p>{call === null ? "" : t(`call.kind.${call.mode}`)}</p>
      </section>
    </div>
  );
}

export function OutgoingSide(): ReactElement {
  const { t } = useTranslation();
  return (
    <div className="panel">
      <BrandRow />
      <p className="large wide-only">{t("call.outgoing.unseen")}</p>
      <p className="small quiet push">{t("call.outgoing.hint")}</p>
    </div>
  );
}
