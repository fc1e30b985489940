import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { Sheet } from "./sheet";

const KEYS = [
  ["N", "keys.next"],
  ["M", "keys.mute"],
  ["V", "keys.camera"],
  ["Enter", "keys.send"],
  ["Esc Esc", "keys.leave"],
  ["?", "keys.list"],
] as const;

/** What the keys do; `?` opens it. */
export function KeyList({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  return (
    <Sheet title={t("keys.title")} lead={t("keys.lead")} open={open} onClose={onClose}>
      <dl className="figures">
        {KEYS.map(([key, words]) => (
          <div key={key}>
            <dt>{t(words)}</dt>
            <dd>
              <kbd>{key}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}
