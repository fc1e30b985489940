import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { Sheet } from "./sheet";

export function Rules({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const rules = t("rules.list", { returnObjects: true }) as string[];
  return (
    <Sheet title={t("rules.title")} lead={t("rules.lead")} open={open} onClose={onClose}>
      <ol className="rules">
        {rules.map((rule) => (
          <li key={rule}>{rule}</li>
        ))}
      </ol>
    </Sheet>
  );
}
