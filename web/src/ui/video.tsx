import { useEffect, useRef, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";

interface VideoProps {
  readonly track: MediaStreamTrack | null;
  readonly className: string;
  readonly label: string;
  readonly testId: string;
  readonly live?: boolean;
}

/** A track on the screen. Silent: sound has an element of its own. */
export function Video({ track, className, label, testId, live = true }: VideoProps): ReactElement {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (video === null) return;
    video.srcObject = track === null ? null : new MediaStream([track]);
    if (track !== null) void video.play().catch(() => undefined); // replaced meanwhile; muted pictures are never forbidden
  }, [track]);
  return <video ref={element} className={className} data-testid={testId} data-live={live} aria-label={label} aria-hidden={!live} autoPlay playsInline muted />;
}

/** Myself, mirrored for me only. Nothing while the camera is off. */
export function SelfVideo(): ReactElement | null {
  const { t } = useTranslation();
  const { deviceState, preferences, state, ...page } = usePage();
  const mode = state.pair?.mode ?? page.mode;
  if (deviceState.camera === null || mode !== "video") return null;
  return <Video track={deviceState.camera} className={`picture picture--self ${preferences.mirror ? "picture--mirrored" : ""}`} label={t("talk.self")} testId="self-video" />;
}
