import { Mic, Text, Video as VideoIcon } from "lucide-react";
import type { Mode } from "@duologue/client";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { Segments } from "./segments";

const ICONS: Record<Mode, ReactElement> = {
  video: <VideoIcon className="icon icon--small" aria-hidden="true" />,
  voice: <Mic className="icon icon--small" aria-hidden="true" />,
  text: <Text className="icon icon--small" aria-hidden="true" />,
};

/** By what to talk; nothing where there is no choice. */
export function Modes(): ReactElement | null {
  const { t } = useTranslation();
  const { preferences, prefer, modes } = usePage();
  if (modes.length < 2) return null;
  return <Segments label={t("mode.label")} value={preferences.mode} options={modes.map((value) => ({ value, label: t(`mode.${value}`), icon: ICONS[value] }))} testId="mode" onChange={(mode) => prefer({ mode })} />;
}
