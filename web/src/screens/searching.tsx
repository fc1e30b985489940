import { Check, Dot } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { clock, titled } from "../format";
import { usePage } from "../page";
import { BackButton } from "../ui/back";
import { BrandRow } from "../ui/brand";
import { Halves } from "../ui/halves";
import { useNow } from "../ui/use-now";
import { useSpan } from "../ui/use-span";
import { endedKey, othersWaiting } from "../view";

/** The truth about the wait: how long, how many others, how long it usually takes. */
export function SearchingStage(): ReactElement {
  const { t } = useTranslation();
  const waiting = usePage().state.waiting;
  const now = useNow();
  return (
    <div className="duo">
      <Halves empty>
        <span className="half__words">
          <span className="half__large number">{clock(waiting === null ? 0 : now - waiting.since)}</span>
          <span className="quiet">{t("searching.so_far")}</span>
        </span>
      </Halves>
      <section className="story">
        <h1>{t("searching.title")}</h1>
        <Numbers />
        <BackButton />
      </section>
    </div>
  );
}

function Numbers(): ReactElement {
  const { t } = useTranslation();
  const { state } = usePage();
  const spanOf = useSpan();
  const paused = state.waiting?.paused ?? null;
  const others = othersWaiting(state.waiting?.waitingCount ?? null);
  const estimate = state.waiting?.estimateMs ?? null;
  if (paused !== null) return <p data-testid="paused">{t(`searching.paused.${paused}`)}</p>;
  if (others === null) return <p>{t("searching.counting")}</p>;
  if (others === 0) {
    return (
      <p>
        <span data-testid="waiting-count" className="unseen">
          0
        </span>
        {t("searching.alone")}
      </p>
    );
  }
  return (
    <>
      <dl className="facts">
        {estimate !== null && (
          <div>
            <dt>{t("searching.usual_wait")}</dt>
            <dd className="number">{spanOf(Math.max(1_000, estimate))}</dd>
          </div>
        )}
        <div>
          <dt>{t("searching.others", { count: others })}</dt>
          <dd className="number" data-testid="waiting-count">
            {others}
          </dd>
        </div>
      </dl>
      {estimate === null && <p>{t("searching.unknown_wait")}</p>}
    </>
  );
}

export function SearchingSide(): ReactElement {
  const { t } = useTranslation();
  const { preferences, state } = usePage();
  return (
    <div className="panel">
      <BrandRow />
      {state.ended !== null && (
        <p className="last" data-testid="ended-line">
          {t(endedKey(state.ended), { alias: state.ended.alias })}
        </p>
      )}
      <div className="field wide-only">
        <h2>{t("searching.asked")}</h2>
        <div className="chips">
          <span className="chip chip--static">
            <span>{t(`mode.${preferences.mode}`)}</span>
          </span>
          {preferences.interests.map((word) => (
            <span key={word} className="chip chip--static">
              <span>{titled(word)}</span>
            </span>
          ))}
        </div>
      </div>
      <Widened />
      <p className="keys push">
        <span>
          <kbd>Esc</kbd>
          {t("searching.keys.leave")}
        </span>
      </p>
    </div>
  );
}

function Widened(): ReactElement {
  const { t, i18n } = useTranslation();
  const widened = usePage().state.waiting?.widened ?? [];
  const words = (wish: string): string => (i18n.exists(`searching.widened.${wish}`) ? t(`searching.widened.${wish}`) : t("searching.widened.other", { wish }));
  return (
    <div className="field">
      <h2>{t("searching.wider")}</h2>
      <ul className="steps">
        {widened.map((wish) => (
          <li key={wish} className="step step--done">
            <Check className="icon" aria-hidden="true" />
            <span>{words(wish)}</span>
          </li>
        ))}
        {widened.length === 0 && (
          <li className="step">
            <Dot className="icon" aria-hidden="true" />
            <span>{t("searching.not_wider")}</span>
          </li>
        )}
      </ul>
    </div>
  );
}
