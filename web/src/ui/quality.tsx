import type { Quality as Sample } from "@duologue/client";
import { Signal, SignalLow, SignalMedium, SignalZero } from "lucide-react";
import { Popover } from "radix-ui";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { lossPercent } from "../format";
import { usePage } from "../page";
import { DataSaver } from "./data-saver";

const ICONS = { good: Signal, fair: SignalMedium, poor: SignalLow, lost: SignalZero } as const;

/** How well the network carries the talk: a word and a colour, and the figures on a press. Nothing before the first sample. */
export function Quality({ className }: { readonly className: string }): ReactElement | null {
  const { t } = useTranslation();
  const { quality } = usePage().state.network;
  if (quality === null) return null;
  const Icon = ICONS[quality.level];
  const level = t(`quality.levels.${quality.level}`);
  return (
    <Popover.Root>
      <Popover.Trigger className={`quality ${className}`} data-testid="quality" data-level={quality.level} aria-label={t("quality.label", { level })}>
        <Icon className="icon" aria-hidden="true" />
        <span>{level}</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover" sideOffset={10} collisionPadding={12} aria-label={t("quality.label", { level })}>
          <p>
            <b>{level}.</b> {t(`quality.means.${quality.level}`)}
          </p>
          <Figures quality={quality} />
          <DataSaver />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Figures({ quality }: { readonly quality: Sample }): ReactElement {
  const { t, i18n } = useTranslation();
  const { rttMs, loss, receivedKbps, sentKbps } = quality;
  const percent = new Intl.NumberFormat(i18n.language, { style: "percent", maximumFractionDigits: 1 }).format(lossPercent(loss) / 100);
  const rows = [
    [t("quality.delay"), rttMs === null ? t("quality.unknown") : t("quality.ms", { count: rttMs })],
    [t("quality.loss"), percent],
    [t("quality.received"), t("quality.kbps", { count: receivedKbps })],
    [t("quality.sent"), t("quality.kbps", { count: sentKbps })],
  ] as const;
  return (
    <dl className="figures">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="number">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
