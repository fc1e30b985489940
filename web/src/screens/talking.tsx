import { useRemoteTracks } from "@duologue/client/react";
import { VideoOff } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { initial } from "../format";
import { usePage } from "../page";
import { Chat } from "../ui/chat";
import { Halves, Initial } from "../ui/halves";
import { useMovable } from "../ui/use-movable";
import { useWide } from "../ui/use-wide";
import { Veil } from "../ui/veil";
import { SelfVideo } from "../ui/video";

/** What lies over the partner's picture (which is always mounted, see `RemotePicture`). */
export function TalkingStage(): ReactElement {
  const { state } = usePage();
  return (
    <>
      {state.pair?.mode === "voice" ? <VoiceOnly /> : <NoPicture />}
      {state.pair?.mode === "video" && <div className="shade" />}
      <Veil />
    </>
  );
}

function VoiceOnly(): ReactElement {
  const { t } = useTranslation();
  const { state } = usePage();
  const alias = state.pair?.peer.alias ?? "";
  return (
    <div className="duo">
      <Halves>
        <Initial alias={alias} />
      </Halves>
      <section className="story">
        <h1>{alias}</h1>
        <p>{state.pair?.peerMuted.audio === true ? t("talk.peer_muted", { alias }) : t("talk.voice")}</p>
      </section>
    </div>
  );
}

/** In place of a picture that is off or has not come yet. */
function NoPicture(): ReactElement | null {
  const { t } = useTranslation();
  const { session, state } = usePage();
  const track = useRemoteTracks(session).video;
  const { soundOnly } = state.network;
  const off = state.pair?.peerMuted.video === true;
  const alias = state.pair?.peer.alias ?? "";
  if (track !== null && !off && !soundOnly) return null;
  return (
    <div className="stand-in" data-testid="no-picture">
      <span className="avatar avatar--large" aria-hidden="true">
        {initial(alias)}
      </span>
      <p>{soundOnly ? t("talk.sound_only") : off ? t("talk.peer_camera_off", { alias }) : t("talk.waiting_picture", { alias })}</p>
    </div>
  );
}

export function TalkingSide(): ReactElement {
  return (
    <div className="chat">
      <Chat />
    </div>
  );
}

/** My own picture beside the partner's. */
export function SelfTile(): ReactElement {
  const { t } = useTranslation();
  const { deviceState, state } = usePage();
  const movable = useMovable();
  const wide = useWide();
  const off = deviceState.camera === null || !state.camera;
  const lost = state.camera && deviceState.cameraError !== null;
  return (
    <figure className="self night" aria-label={t("talk.self_tile")} {...(wide ? {} : { ...movable, tabIndex: 0 })}>
      {off ? (
        <span className="self__off">
          <VideoOff className="icon" aria-hidden="true" />
          {lost ? t("talk.you_camera_lost") : t("talk.you_camera_off")}
        </span>
      ) : (
        <>
          <SelfVideo />
          <figcaption className="tag glass">{t("common.you")}</figcaption>
        </>
      )}
    </figure>
  );
}
