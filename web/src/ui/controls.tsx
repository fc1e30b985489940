import { MessageCircle, Mic, MicOff, Video, VideoOff } from "lucide-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { More } from "./more";
import { Tip } from "./tip";

/** My microphone and camera during a talk. Pressed means off. */
export function Controls(): ReactElement {
  const { t } = useTranslation();
  const { session, state } = usePage();
  const { microphone, camera } = state;
  const mute = microphone ? t("talk.mute") : t("talk.unmute");
  const hide = camera ? t("talk.camera_off") : t("talk.camera_on");
  const MicIcon = microphone ? Mic : MicOff;
  const CameraIcon = camera ? Video : VideoOff;
  return (
    <div className="controls glass" role="group" aria-label={t("talk.devices")}>
      <Tip words={mute} hotkey="M">
        <button type="button" className="control" data-testid="mute-mic" aria-label={t("talk.mute")} aria-pressed={!microphone} onClick={() => session.setMicrophone(!microphone)}>
          <MicIcon className="icon" aria-hidden="true" />
        </button>
      </Tip>
      {state.pair?.mode === "video" && (
        <Tip words={hide} hotkey="V">
          <button type="button" className="control" data-testid="mute-camera" aria-label={t("talk.camera_off")} aria-pressed={!camera} onClick={() => session.setCamera(!camera)}>
            <CameraIcon className="icon" aria-hidden="true" />
          </button>
        </Tip>
      )}
      <ChatControl />
      <More className="control" />
    </div>
  );
}

/** On a phone on its side there is no room for the chat beside the picture. */
function ChatControl(): ReactElement {
  const { t } = useTranslation();
  const { open, toggle, unread } = usePage().chat;
  return (
    <button type="button" className="control control--chat" data-testid="open-chat" aria-label={unread ? t("chat.label_unread") : t("chat.label")} aria-expanded={open} onClick={toggle}>
      <MessageCircle className="icon" aria-hidden="true" />
      {unread && <span className="dot" />}
    </button>
  );
}
