import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { Sheet } from "./sheet";

const KEYS = ["N", "M", "V", "A", "D", "Enter", "Esc", "?"] as const;

const OF_CALLS: ReadonlySet<string> = new Set(["A", "D"]);

/** Which keys there are. */
export function KeyList({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const { linked } = usePage();
  const keys = KEYS.filter((key) => linked || !OF_CALLS.has(key));
  const meaning = { N: t("go.next"), M: t("talk.mute"), V: t("talk.camera_off"), A: t("keys.answer"), D: t("keys.decline"), Enter: t("chat.send"), Esc: t("searching.keys.leave"), "?": t("keys.title") };
  return (
    <Sheet title={t("keys.title")} lead={t("keys.lead")} open={open} onClose={onClose}>
      <dl className="rows">
        {keys.map((key) => (
          <div key={key} className="row">
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd className="row__value">{meaning[key]}</dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}
