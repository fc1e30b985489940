import { SignalHigh, SignalLow, SignalMedium, SignalZero } from "lucide-react";
import { Popover } from "radix-ui";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { overPage } from "./over-page";
import { SwitchRow } from "./switch-row";

const ICONS = { good: SignalHigh, fair: SignalMedium, poor: SignalLow, lost: SignalZero };

/** How well it goes, in a word and a colour; the numbers are a press away. Nothing before the first sample. */
export function QualityButton(): ReactElement | null {
  const { t } = useTranslation();
  const { quality } = usePage().state.network;
  if (quality === null) return null;
  const Icon = ICONS[quality.level];
  const word = t(`quality.${quality.level}`);
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <button type="button" className="quality" data-testid="quality" data-level={quality.level} aria-label={t("quality.label", { word })}>
          <Icon className="icon" aria-hidden="true" />
          <span className="wide-only">{word}</span>
        </button>
      </Popover.Trigger>
      <Popover.Portal container={overPage()}>
        <Popover.Content className="menu menu--facts" aria-label={t("quality.label", { word })} sideOffset={12} collisionPadding={12}>
          <Numbers />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Numbers(): ReactElement | null {
  const { t } = useTranslation();
  const { preferences, prefer, state } = usePage();
  const { quality, soundOnly } = state.network;
  if (quality === null) return null;
  const { rttMs, loss, receivedKbps, sentKbps } = quality;
  return (
    <>
      <dl className="rows">
        <Fact name={t("quality.rtt")} value={rttMs === null ? t("quality.unknown") : t("quality.ms", { count: Math.round(rttMs) })} />
        <Fact name={t("quality.loss")} value={t("quality.percent", { value: (loss * 100).toFixed(1) })} />
        <Fact name={t("quality.received")} value={t("quality.kbps", { count: Math.round(receivedKbps) })} />
        <Fact name={t("quality.sent")} value={t("quality.kbps", { count: Math.round(sentKbps) })} />
      </dl>
      {soundOnly && <p className="small quiet">{t("notice.sound_only")}</p>}
      {state.pair?.mode === "video" && <SwitchRow label={t("settings.data_saver")} on={preferences.dataSaver} onChange={(dataSaver) => prefer({ dataSaver })} />}
    </>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): ReactElement {
  return (
    <div className="row">
      <dt>{name}</dt>
      <dd className="row__value number">{value}</dd>
    </div>
  );
}
