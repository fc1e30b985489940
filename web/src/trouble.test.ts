import type { PairView } from "@duologue/client";
import { describe, expect, it } from "vitest";
import type { DeviceTrouble } from "./media";
import { browserKind, browserName, lostInTalk, troubleOf } from "./trouble";

const FINE = { cameraError: null, microphoneError: null };

function broken(kind: "camera" | "microphone"): DeviceTrouble {
  return { kind, problem: "busy" };
}

describe("trouble", () => {
  it("is about what the mode needs", () => {
    const noCamera = { ...FINE, cameraError: broken("camera") };
    expect([troubleOf(noCamera, "video")?.kind, troubleOf(noCamera, "voice"), troubleOf(noCamera, "text")]).toEqual(["camera", null, null]);
    expect(troubleOf({ ...FINE, microphoneError: broken("microphone") }, "voice")).toEqual({ kind: "microphone", problem: "busy" });
    expect(troubleOf({ microphoneError: broken("microphone"), cameraError: broken("camera") }, "video")?.kind).toBe("both");
  });
});

describe("a device lost in a talk", () => {
  const lost = { ...FINE, cameraError: broken("camera") };
  const peer = { alias: "Heron", interests: [], facets: {} };
  const pair = (mode: "video" | "voice"): PairView => ({ id: "p", mode, peer, talkingSince: 0, peerAwayUntil: null, peerTypingUntil: 0, peerMuted: { audio: false, video: false } });

  it("is missed while it is wanted", () => {
    expect(lostInTalk(lost, { pair: pair("video"), camera: true })).toEqual({ kind: "camera", problem: "busy" });
    expect(lostInTalk(lost, { pair: pair("video"), camera: false })).toBeNull();
    expect(lostInTalk(lost, { pair: pair("voice"), camera: true })).toBeNull();
    expect(lostInTalk(lost, { pair: null, camera: true })).toBeNull();
  });
});

describe("the browser", () => {
  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36", "chrome", "Chrome"],
    ["Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36 Edg/150.0", "chrome", "Edge"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15", "safari", "Safari"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "firefox", "Firefox"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/150.0 Mobile Safari/604.1", "ios", "Chrome"],
    ["Lynx/2.9", "other", null],
  ])("%s", (userAgent, kind, name) => {
    expect([browserKind(userAgent), browserName(userAgent)]).toEqual([kind, name]);
  });
});
