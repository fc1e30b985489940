import { Camera, CameraOff, Lock, Mic, MicOff, Settings2, Unplug } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import type { DeviceTrouble } from "../media";
import { usePage } from "../page";
import { browserKind, browserName, troubleOf, type Trouble } from "../trouble";
import { BrandRow } from "../ui/brand";

/** Which device cannot be had, and the way out in this very browser. */
export function DeniedStage(): ReactElement {
  const trouble = useTrouble();
  return (
    <div className="message">
      {trouble.problem === "denied" ? <BrowserPicture /> : <ProblemIcon trouble={trouble} />}
      <div className="message__words wide-only">
        <Words trouble={trouble} />
      </div>
    </div>
  );
}

export function DeniedSide(): ReactElement {
  const { t } = useTranslation();
  const trouble = useTrouble();
  const { answer, begin, callState, deviceState, mode, modes } = usePage();
  const rings = callState.phase === "incoming";
  const voiceWorks = mode === "video" && trouble.kind === "camera" && (rings || modes.includes("voice"));
  return (
    <div className="panel">
      <BrandRow />
      <div className="welcome phone-only">
        <Words trouble={trouble} />
      </div>
      <div className="field">
        <h2 className="wide-only">{t("denied.found")}</h2>
        <div className="rows">
          {mode === "video" && <Row kind="camera" error={deviceState.cameraError} works={deviceState.camera !== null} />}
          <Row kind="microphone" error={deviceState.microphoneError} works={deviceState.microphone !== null} />
        </div>
      </div>
      {voiceWorks && (
        <button type="button" className="button" data-testid="voice-instead" onClick={() => (rings ? answer(false) : begin("voice"))}>
          {rings ? t("denied.answer_without") : t("denied.voice_instead")}
        </button>
      )}
      <p className="small quiet push">{t("denied.light")}</p>
    </div>
  );
}

function Words({ trouble }: { readonly trouble: Trouble }): ReactElement {
  const { t } = useTranslation();
  const { problem, kind } = trouble;
  const browser = browserName(navigator.userAgent) ?? t("denied.this_browser");
  const steps = t(`denied.steps.${browserKind(navigator.userAgent)}`, { returnObjects: true }) as string[];
  return (
    <>
      <h1 data-testid="device-trouble" data-problem={problem}>
        {t(`denied.${problem}.title`, { browser, device: t(`denied.${kind}`) })}
      </h1>
      <p className="lead">{t(`denied.${problem}.lead`)}</p>
      {problem === "denied" && (
        <ol className="numbered">
          {steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      )}
    </>
  );
}

interface RowProps {
  readonly kind: "camera" | "microphone";
  readonly error: DeviceTrouble | null;
  readonly works: boolean;
}

function Row({ kind, error, works }: RowProps): ReactElement {
  const { t } = useTranslation();
  const Icon = kind === "camera" ? (works ? Camera : CameraOff) : works ? Mic : MicOff;
  const verdict = error !== null ? t(`denied.problem.${error.problem}`) : works ? t("denied.works") : t("denied.not_asked");
  return (
    <div className="row">
      <Icon className="icon" aria-hidden="true" />
      <span>{kind === "camera" ? t("devices.camera") : t("devices.microphone")}</span>
      <span className={`row__value ${error === null ? "" : "row__value--bad"}`}>{verdict}</span>
    </div>
  );
}

function ProblemIcon({ trouble }: { readonly trouble: Trouble }): ReactElement {
  const Icon = { denied: CameraOff, busy: trouble.kind === "microphone" ? MicOff : CameraOff, missing: Unplug, unplugged: Unplug, insecure: Lock, unknown: trouble.kind === "microphone" ? MicOff : CameraOff }[trouble.problem];
  return <Icon className="icon" aria-hidden="true" />;
}

/** Where to press: a drawing of the address line. */
function BrowserPicture(): ReactElement {
  const { t } = useTranslation();
  return (
    <div className="browser" aria-hidden="true">
      <span className="browser__address">
        <span className="browser__spot">
          <Settings2 className="icon icon--small" />
        </span>
        {location.host}
      </span>
      <span className="browser__choices">
        <span>
          <Camera className="icon icon--small" />
          {t("devices.camera")}
          <i />
        </span>
        <span>
          <Mic className="icon icon--small" />
          {t("devices.microphone")}
          <i />
        </span>
      </span>
    </div>
  );
}

function useTrouble(): Trouble {
  const { deviceState, mode } = usePage();
  return troubleOf(deviceState, mode) ?? { kind: "microphone", problem: "unknown" };
}
