import { Check, CircleDashed } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { BrandRow } from "../ui/brand";
import { Halves, Initial } from "../ui/halves";
import { BLANK, Shared } from "../ui/shared";

export function ConnectingStage(): ReactElement {
  const { t } = useTranslation();
  const { state } = usePage();
  const alias = state.pair?.peer.alias ?? "";
  const interests = state.pair?.peer.interests ?? [];
  const [before, after] = t("connecting.title", { alias: BLANK }).split(BLANK);
  return (
    <div className="duo">
      <Halves>
        <Initial alias={alias} />
      </Halves>
      <section className="story">
        <h1>
          {before}
          <span data-testid="peer-alias">{alias}</span>
          {after}
        </h1>
        <p className="wide-only">{t("connecting.lead")}</p>
        <p className="phone-only">{interests.length > 0 ? <Shared interests={interests} /> : t("connecting.lead")}</p>
      </section>
    </div>
  );
}

/** What they have in common, and how far the connection is. */
export function ConnectingSide(): ReactElement {
  const { t } = useTranslation();
  const { state } = usePage();
  const alias = state.pair?.peer.alias ?? "";
  const interests = state.pair?.peer.interests ?? [];
  const last = { video: t("connecting.media"), voice: t("connecting.media_voice"), text: t("connecting.media_text") }[state.pair?.mode ?? "video"];
  return (
    <div className="panel">
      <BrandRow />
      <p className="large wide-only">{interests.length > 0 ? <Shared interests={interests} /> : t("connecting.nothing_shared")}</p>
      <ol className="steps push">
        <Step done words={t("connecting.found")} />
        <Step done={state.pair?.peerAwayUntil === null} words={t("connecting.here", { alias })} />
        <Step done={state.media.status === "connected"} words={last} />
      </ol>
    </div>
  );
}

function Step({ done, words }: { readonly done: boolean; readonly words: string }): ReactElement {
  const Icon = done ? Check : CircleDashed;
  return (
    <li className={`step ${done ? "step--done" : ""}`}>
      <Icon className="icon" aria-hidden="true" />
      <span>{words}</span>
    </li>
  );
}
