import { useRemoteTracks } from "@duologue/client/react";
import { Volume2 } from "lucide-react";
import { useEffect, useRef, useState, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { usePictureSize } from "./use-picture-size";
import { Video } from "./video";

/** The partner's picture. Always mounted, so that one element serves one partner after another. */
export function RemotePicture(): ReactElement {
  const { t } = useTranslation();
  const { session, state } = usePage();
  const track = useRemoteTracks(session).video as MediaStreamTrack | null;
  const live = !state.network.soundOnly && state.phase === "talking" && state.pair?.mode === "video" && track !== null && !state.pair.peerMuted.video;
  const label = t("talk.video_of", { alias: state.pair?.peer.alias ?? "" });
  usePictureSize(session);
  return <Video track={track} className="picture picture--partner" label={label} testId="remote-video" live={live} />;
}

/** The partner's sound. Some browsers hold it back until a press: then there is a button for it. */
export function RemoteSound(): ReactElement {
  const { t } = useTranslation();
  const { session } = usePage();
  const track = useRemoteTracks(session).audio as MediaStreamTrack | null;
  const element = useRef<HTMLAudioElement>(null);
  const [blocked, setBlocked] = useState(false);

  const play = (): void => {
    element.current?.play().then(
      () => setBlocked(false),
      (error: unknown) => setBlocked(error instanceof DOMException && error.name === "NotAllowedError"),
    );
  };
  useEffect(() => {
    if (element.current === null) return;
    element.current.srcObject = track === null ? null : new MediaStream([track]);
    setBlocked(false);
    if (track !== null) play();
  }, [track]);

  return (
    <>
      <audio ref={element} data-testid="remote-audio" autoPlay />
      {blocked && (
        <div className="banner pill pill--warn" role="alert" data-testid="sound-blocked">
          <span>{t("talk.sound_blocked")}</span>
          <button type="button" className="button button--outline" data-testid="sound-on" onClick={play}>
            <Volume2 className="icon icon--small" aria-hidden="true" />
            {t("talk.sound_on")}
          </button>
        </div>
      )}
    </>
  );
}
