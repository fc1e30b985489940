/** The media of the client package without a session around it: joins and leaves as a session does, whatever comes of them. */
import { LiveKitMedia, LocalDevices } from "@duologue/client/livekit";
import type { MediaEvents } from "@duologue/client";

const devices = new LocalDevices();
const media = new LiveKitMedia({ devices, iceServers: [] });

const nobodyListens: MediaEvents = {
  connected: () => undefined,
  reconnecting: () => undefined,
  failed: () => undefined,
  remote: () => undefined,
  firstFrame: () => undefined,
};

const bench = {
  async open(): Promise<void> {
    await devices.open({ camera: true, microphone: true });
  },
  /** `joined`, or why not; either way it was left when this resolves. */
  async attempt(url: string, token: string, deadlineMs: number): Promise<string> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), deadlineMs);
    try {
      await media.join({ kind: "livekit", url, token, subscribe: [] }, nobodyListens, deadline.signal, "video");
      return "joined";
    } catch (error) {
      return deadline.signal.aborted ? "timeout" : String(error);
    } finally {
      clearTimeout(timer);
      await media.leave();
    }
  },
  cameraIsOn(): boolean {
    return devices.cameraTrack?.mediaStreamTrack.readyState === "live";
  },
  async release(): Promise<void> {
    await media.release();
  },
};

Object.assign(window, { bench });
