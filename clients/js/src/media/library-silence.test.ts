import { LocalAudioTrack } from "livekit-client";
import { afterEach, expect, it, vi } from "vitest";
import { withoutSilenceChecks } from "./library-silence.js";

afterEach(() => void vi.unstubAllGlobals());

it("spares an audio context for each publish of a microphone", async () => {
  const built = vi.fn();
  vi.stubGlobal("window", { AudioContext: built });
  const check = (): Promise<boolean> => LocalAudioTrack.prototype.checkForSilence.call({ mediaStreamTrack: {} } as never);
  await check().catch(() => undefined);
  expect(built).toHaveBeenCalledTimes(1);

  withoutSilenceChecks();
  await expect(check()).resolves.toBe(false);
  expect(built).toHaveBeenCalledTimes(1);
});
