import { CircleAlert, Copy, ServerOff, ShieldBan } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { BrandRow } from "../ui/brand";
import { refusalOf, type Refusal } from "../view";

const ICONS: Record<Refusal, typeof CircleAlert> = { standby: Copy, replaced: Copy, banned: ShieldBan, version: CircleAlert, other: ServerOff };

/** The server does not want this tab back: why, and what to do. */
export function RefusedStage(): ReactElement {
  const { state } = usePage();
  const Icon = ICONS[refusalOf(state)];
  return (
    <div className="message">
      <Icon className="icon" aria-hidden="true" />
      <div className="message__words wide-only">
        <RefusedWords />
      </div>
    </div>
  );
}

export function RefusedSide(): ReactElement {
  return (
    <div className="panel">
      <BrandRow />
      <div className="welcome phone-only">
        <RefusedWords />
      </div>
    </div>
  );
}

function RefusedWords(): ReactElement {
  const { t } = useTranslation();
  const { state } = usePage();
  const why = refusalOf(state);
  const code = state.connection.status === "refused" ? state.connection.code : 0;
  return (
    <>
      <h1 data-testid="refused">{t(`refused.${why}.title`)}</h1>
      <p className="lead">{t(`refused.${why}.lead`, { code })}</p>
    </>
  );
}
