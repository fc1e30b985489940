import { MicOff } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";

/** They speak, and nobody hears it. */
export function MutedHint(): ReactElement | null {
  const { t } = useTranslation();
  const { mutedSpeech, session } = usePage();
  if (!mutedSpeech) return null;
  return (
    <div className="banner pill pill--hint glass night" data-testid="muted-speech">
      <MicOff className="icon icon--small" aria-hidden="true" />
      <span>{t("talk.muted_speech")}</span>
      <button type="button" className="button" data-testid="speak" onClick={() => session.setMicrophone(true)}>
        {t("talk.speak")}
      </button>
    </div>
  );
}
