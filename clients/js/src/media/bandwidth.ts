/** What a choice of bandwidth means to the SDK: which layer to ask for, which layers to send. */
import { VideoQuality, type LocalVideoTrack, type RemoteTrackPublication } from "livekit-client";
import type { PictureSize } from "../session/api.js";
import type { BandwidthUse } from "../session/state.js";

/** `size`: as it is shown; null: nobody said. */
export function ask(picture: RemoteTrackPublication, use: BandwidthUse, size: PictureSize | null): void {
  const on = use !== "sound_only";
  if (picture.isEnabled !== on) picture.setEnabled(on);
  if (use === "data_saver") picture.setVideoQuality(VideoQuality.LOW);
  else if (use === "full" && size !== null) picture.setVideoDimensions({ ...size });
  else if (use === "full" && picture.videoQuality !== VideoQuality.HIGH) picture.setVideoQuality(VideoQuality.HIGH);
}

/** Without a picture the partner is told that there is none, as when the camera is off. */
export async function send(camera: LocalVideoTrack, use: BandwidthUse): Promise<void> {
  if (camera.sender === undefined) return;
  if (use === "sound_only") return camera.pauseUpstream();
  if (camera.isUpstreamPaused) await camera.resumeUpstream();
  camera.setPublishingQuality(use === "data_saver" ? VideoQuality.LOW : VideoQuality.HIGH);
}
