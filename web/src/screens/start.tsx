import { Mic, Video as VideoIcon } from "lucide-react";
import type { Mode } from "@duologue/client";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { Agree } from "../ui/agree";
import { BrandRow } from "../ui/brand";
import { Halves } from "../ui/halves";
import { Interests } from "../ui/interests";
import { Meter } from "../ui/meter";
import { Modes } from "../ui/modes";
import { SelfVideo } from "../ui/video";

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
  const { preview, deviceState, screen } = usePage();
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
      <p>{voice ? t("start.voice_why") : screen === "invite" ? t("start.camera_why_call") : t("start.camera_why")}</p>
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
  return (
    <div className="panel">
      <BrandRow />
      <div className="welcome">
        <h1>{t("start.title")}</h1>
        <p className="lead">{t("start.lead")}</p>
      </div>
      <Modes />
      <Interests />
      <Agree />
    </div>
  );
}
