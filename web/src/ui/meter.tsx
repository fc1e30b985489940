import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { useLevel } from "./use-level";

const BARS = 8;
/** Below it there is only the noise of the room. */
const HEARD = 0.25;

export function Meter({ bars = BARS }: { readonly bars?: number }): ReactElement {
  const { t } = useTranslation();
  const { devices, deviceState } = usePage();
  const level = useLevel(devices, deviceState.microphone);
  const words = level > HEARD ? t("meter.heard") : t("meter.silent");
  return (
    <span className="meter" role="img" aria-label={`${t("meter.label")}: ${words}`}>
      {Array.from({ length: bars }, (_, bar) => (
        <i key={bar} data-lit={level * bars > bar + 0.5} />
      ))}
    </span>
  );
}
