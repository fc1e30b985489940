import type { Mode } from "@duologue/client";
import { Check, CircleDashed } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { BrandRow } from "../ui/brand";
import { Halves, Initial } from "../ui/halves";
import { BLANK, Shared } from "../ui/shared";
import { isCall } from "../view";

export function ConnectingStage(): ReactElement {
  const { t } = useTranslation();
  const { state } = usePage();
  const { alias } = usePartner();
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
  const { alias, mode, ofCall } = usePartner();
  const interests = state.pair?.peer.interests ?? [];
  const last = { video: t("connecting.media"), voice: t("connecting.media_voice"), text: t("connecting.media_text") }[mode];
  return (
    <div className="panel">
      <BrandRow />
      <p className="large wide-only">{interests.length > 0 ? <Shared interests={interests} /> : ofCall ? t("call.in_call") : t("connecting.nothing_shared")}</p>
      <ol className="steps push">
        <Step done words={ofCall ? t("call.answered") : t("connecting.found")} />
        <Step done={state.pair !== null && state.pair.peerAwayUntil === null} words={t("connecting.here", { alias })} />
        <Step done={state.media.status === "connected"} words={last} />
      </ol>
    </div>
  );
}

/** A call that was answered has no pair for a moment. */
function usePartner(): { readonly alias: string; readonly mode: Mode; readonly ofCall: boolean } {
  const { t } = useTranslation();
  const { callState, mode, state } = usePage();
  return { alias: state.pair?.peer.alias ?? callState.call?.alias ?? t("call.someone"), mode: state.pair?.mode ?? mode, ofCall: isCall(state, callState) };
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
