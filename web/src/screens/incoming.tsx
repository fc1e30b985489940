import { Ban, Camera, Mic, Video } from "lucide-react";
import { useState, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { secondsUntil } from "../format";
import { usePage } from "../page";
import { Agree } from "../ui/agree";
import { BrandRow } from "../ui/brand";
import { Halves, Initial } from "../ui/halves";
import { Meter } from "../ui/meter";
import { Segments } from "../ui/segments";
import { useNow } from "../ui/use-now";

/** Somebody calls: who, how, and for how long yet. */
export function IncomingStage(): ReactElement {
  const { t } = useTranslation();
  const { byLinkOnly, callState, openDialog, preferences } = usePage();
  const [unticked] = useState(!preferences.agreed);
  const { call } = callState;
  const alias = call?.alias ?? t("call.someone");
  const now = useNow();
  return (
    <div className="duo">
      <Halves lit>
        <Initial alias={alias} />
      </Halves>
      <section className="story">
        <h1 data-testid="caller">{t("call.incoming", { alias })}</h1>
        <p>
          {call !== null && t(`call.kind.${call.mode}`)} {byLinkOnly && t("call.through_link")} <span className="number">{t("call.rings_for", { count: secondsUntil(call?.expiresAt ?? now, now) })}</span>
        </p>
        {call?.mode === "video" && <AnswerWith />}
        {unticked && <Agree />}
        <div className="acts">
          <button type="button" className="button button--outline" data-testid="block" onClick={() => openDialog("block_caller")}>
            <Ban className="icon icon--small" aria-hidden="true" />
            {t("block.name", { alias })}
          </button>
        </div>
      </section>
    </div>
  );
}

/** With the camera on, or off. */
function AnswerWith(): ReactElement {
  const { t } = useTranslation();
  const { session, state } = usePage();
  const options = [
    { value: "camera", label: t("call.with_camera"), icon: <Video className="icon icon--small" aria-hidden="true" /> },
    { value: "voice", label: t("call.with_voice"), icon: <Mic className="icon icon--small" aria-hidden="true" /> },
  ] as const;
  return (
    <div className="answer-with">
      <Segments label={t("call.answer_with")} value={state.camera ? "camera" : "voice"} options={options} testId="answer-with" onChange={(chosen) => session.setCamera(chosen === "camera")} />
    </div>
  );
}

/** What they cannot see yet, and what else goes on. */
export function IncomingSide(): ReactElement {
  const { t } = useTranslation();
  const { callState, state } = usePage();
  const alias = callState.call?.alias ?? t("call.someone");
  return (
    <div className="panel">
      <BrandRow />
      <p className="large wide-only">{t("call.unseen", { alias })}</p>
      <Devices />
      <p className="small quiet push">
        <span className="phone-only">{t("call.unseen", { alias })} </span>
        {t("call.alias_only", { alias })} {state.connection.status === "standby" ? t("call.standby") : state.phase === "searching" && t("call.search_waits")}
      </p>
      <p className="keys">
        <span>
          <kbd>A</kbd>
          {t("go.answer")}
        </span>
        <span>
          <kbd>D</kbd>
          {t("stop.decline")}
        </span>
      </p>
    </div>
  );
}

/** What the answer will turn on. */
function Devices(): ReactElement | null {
  const { t } = useTranslation();
  const { deviceState, mode, state } = usePage();
  const { camera, microphone, cameras, cameraId } = deviceState;
  if (mode === "text") return null;
  const name = cameras.find(({ id }) => id === cameraId)?.label;
  return (
    <div className="field wide-only">
      <h2>{t("call.you_answer_with")}</h2>
      <div className="rows">
        {mode === "video" && (
          <div className="row">
            <Camera className="icon" aria-hidden="true" />
            <span>{t("devices.camera")}</span>
            <span className="row__value">{!state.camera ? t("call.off") : camera === null ? t("call.on_answer") : name === undefined || name === "" ? t("call.ready") : name}</span>
          </div>
        )}
        <div className="row">
          <Mic className="icon" aria-hidden="true" />
          <span>{t("devices.microphone")}</span>
          <span className="row__value">{!state.microphone ? t("call.off") : microphone === null ? t("call.on_answer") : <Meter />}</span>
        </div>
      </div>
    </div>
  );
}
