import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { SwitchRow } from "./switch-row";

export function DataSaver(): ReactElement {
  const { t } = useTranslation();
  const { preferences, prefer } = usePage();
  return <SwitchRow label={t("saver.label")} hint={t("saver.hint")} testId="data-saver" on={preferences.dataSaver} onChange={(dataSaver) => prefer({ dataSaver })} />;
}
