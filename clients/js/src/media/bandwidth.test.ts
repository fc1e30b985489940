import { VideoQuality, type LocalVideoTrack, type RemoteTrackPublication } from "livekit-client";
import { expect, it } from "vitest";
import type { BandwidthUse } from "../session/state.js";
import { ask, send } from "./bandwidth.js";

class Picture {
  isEnabled = true;
  videoQuality = VideoQuality.HIGH;
  log: string[] = [];
  setEnabled(on: boolean): void {
    this.isEnabled = on;
    this.log.push(`enabled ${String(on)}`);
  }
  setVideoQuality(quality: VideoQuality): void {
    this.videoQuality = quality;
    this.log.push(`quality ${VideoQuality[quality]}`);
  }
  setVideoDimensions({ width, height }: { width: number; height: number }): void {
    this.log.push(`${width}x${height}`);
  }
}

class Camera {
  sender: object | undefined = {};
  isUpstreamPaused = false;
  log: string[] = [];
  pauseUpstream(): Promise<void> {
    this.isUpstreamPaused = true;
    this.log.push("pause");
    return Promise.resolve();
  }
  resumeUpstream(): Promise<void> {
    this.isUpstreamPaused = false;
    this.log.push("resume");
    return Promise.resolve();
  }
  setPublishingQuality(quality: VideoQuality): void {
    this.log.push(VideoQuality[quality]);
  }
}

const SIZE = { width: 640, height: 360 };

it.each<[BandwidthUse[], typeof SIZE | null, string[]]>([
  [["full"], null, []],
  [["full"], SIZE, ["640x360"]],
  [["data_saver"], SIZE, ["quality LOW"]],
  [["data_saver", "full"], null, ["quality LOW", "quality HIGH"]],
  [["sound_only"], SIZE, ["enabled false"]],
  [["sound_only", "full"], SIZE, ["enabled false", "enabled true", "640x360"]],
])("asks for a picture: %s at %o", (uses, size, log) => {
  const picture = new Picture();
  for (const use of uses) ask(picture as unknown as RemoteTrackPublication, use, size);
  expect(picture.log).toEqual(log);
});

it.each<[BandwidthUse[], string[]]>([
  [["full"], ["HIGH"]],
  [["data_saver"], ["LOW"]],
  [["sound_only", "data_saver"], ["pause", "resume", "LOW"]],
])("sends: %s", async (uses, log) => {
  const camera = new Camera();
  for (const use of uses) await send(camera as unknown as LocalVideoTrack, use);
  expect(camera.log).toEqual(log);
});

it("leaves a camera alone that is in no room: the SDK would warn", async () => {
  const camera = new Camera();
  camera.sender = undefined;
  await send(camera as unknown as LocalVideoTrack, "sound_only");
  expect(camera.log).toEqual([]);
});
