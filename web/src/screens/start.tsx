import { Mic, Text, Video as VideoIcon } from "lucide-react";
import type { Mode } from "@duologue/client";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { BrandRow } from "../ui/brand";
import { Halves } from "../ui/halves";
import { Interests } from "../ui/interests";
import { Meter } from "../ui/meter";
import { Segments } from "../ui/segments";
import { SelfVideo } from "../ui/video";

const ICONS: Record<Mode, ReactElement> = {
  video: <VideoIcon className="icon icon--small" aria-hidden="true" />,
  voice: <Mic className="icon icon--small" aria-hidden="true" />,
  text: <Text className="icon icon--small" aria-hidden="true" />,
};

/** What others would see and hear of me. */
export function StartStage(): ReactElement {
  const { preferences, deviceState } = usePage();
  const { mode } = preferences;
  if (mode === "video" && deviceState.camera !== null) {
    return (
      <>
        <SelfVideo />
        <div className="shade" />
        <DevicesBar />
      </>
    );
  }
  return (
    <>
      <div className="duo">
        <Halves empty />
        <BeforePreview mode={mode} />
      </div>
      {deviceState.microphone !== null && mode !== "text" && <DevicesBar />}
    </>
  );
}

function BeforePreview({ mode }: { readonly mode: Mode }): ReactElement {
  const { t } = useTranslation();
  const { preview, deviceState } = usePage();
  if (mode === "text") {
    return (
      <div className="story">
        <h1>{t("start.text_title")}</h1>
        <p>{t("start.text_why")}</p>
      </div>
    );
  }
  const voice = mode === "voice";
  return (
    <div className="story">
      <h1>{voice ? t("start.voice_title") : t("start.camera_ask")}</h1>
      <p>{voice ? t("start.voice_why") : t("start.camera_why")}</p>
      {(!voice || deviceState.microphone === null) && (
        <button type="button" className="button button--outline" data-testid="preview" onClick={preview}>
          {voice ? t("start.mic_on") : t("start.camera_on")}
        </button>
      )}
    </div>
  );
}

/** Names and level, on the picture. A press opens the choice of devices. */
function DevicesBar(): ReactElement {
  const { t } = useTranslation();
  const { deviceState, openDialog } = usePage();
  const { cameras, microphones, cameraId, microphoneId, camera, microphone } = deviceState;
  const nameOf = (choices: typeof cameras, id: string | null, otherwise: string): string => choices.find((one) => one.id === id)?.label.replace(/ \([0-9a-f]{4}:[0-9a-f]{4}\)$/u, "") || otherwise;
  return (
    <div className="devices-bar">
      {microphone !== null && (
        <button type="button" className="pill pill--mic glass" onClick={() => openDialog("settings")}>
          <Mic className="icon icon--small" aria-hidden="true" />
          <span>{nameOf(microphones, microphoneId, t("devices.microphone"))}</span>
          <Meter />
        </button>
      )}
      {camera !== null && (
        <button type="button" className="pill glass" onClick={() => openDialog("settings")}>
          <VideoIcon className="icon icon--small" aria-hidden="true" />
          <span>{nameOf(cameras, cameraId, t("devices.camera"))}</span>
        </button>
      )}
    </div>
  );
}

/** What to say before the first search. */
export function StartSide(): ReactElement {
  const { t } = useTranslation();
  const { preferences, prefer, modes } = usePage();
  return (
    <div className="panel">
      <BrandRow />
      <div className="welcome">
        <h1>{t("start.title")}</h1>
        <p className="lead">{t("start.lead")}</p>
      </div>
      {modes.length > 1 && (
        <Segments label={t("mode.label")} value={preferences.mode} options={modes.map((value) => ({ value, label: t(`mode.${value}`), icon: ICONS[value] }))} testId="mode" onChange={(mode) => prefer({ mode })} />
      )}
      <Interests />
      <Agree />
    </div>
  );
}

function Agree(): ReactElement {
  const { t } = useTranslation();
  const { preferences, prefer, agreeMissing } = usePage();
  const missing = agreeMissing && !preferences.agreed;
  return (
    <div className="agree push">
      {missing && (
        <p className="agree__first" id="agree-first">
          {t("start.agree_first")}
        </p>
      )}
      <label className="agree__row">
        <input
          type="checkbox"
          className="agree__box"
          data-testid="agree"
          aria-invalid={missing}
          aria-describedby={missing ? "agree-first" : undefined}
          checked={preferences.agreed}
          onChange={(event) => prefer({ agreed: event.target.checked })}
        />
        <span className="small quiet">{t("start.agree")}</span>
      </label>
    </div>
  );
}
