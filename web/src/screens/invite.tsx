import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { Agree } from "../ui/agree";
import { BrandRow } from "../ui/brand";
import { Modes } from "../ui/modes";

/** The address means somebody: they are called by one press. Beside it stands the preview of the start. */
export function InviteSide(): ReactElement {
  const { t } = useTranslation();
  return (
    <div className="panel">
      <BrandRow />
      <div className="welcome">
        <h1>{t("call.invite.title")}</h1>
        <p className="lead">{t("call.invite.lead")}</p>
      </div>
      <Modes />
      <p className="small quiet">{t("call.invite.names")}</p>
      <Agree />
    </div>
  );
}
