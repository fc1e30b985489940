/**
 * An `RTCPeerConnection` that offers little and starts high.
 *
 * The SDK adds three audio and three video sections to receive on before its first offer, each with every
 * codec of the browser: 24 KB of text, in a URL, which the server parses for a third of its time. A pair needs
 * one of each.
 */
import { withStartBitrate } from "./sdp.js";

export type PeerConnectionClass = typeof RTCPeerConnection;

/** What one connection is told when it is built. */
export interface ConnectionPlan {
  readonly slim: boolean;
  /** Null: leave it to the browser. */
  readonly startKbps: number | null;
  slimmed(): void;
  started(): void;
  misfired(): void;
}

const CODECS: Readonly<Record<string, readonly string[]>> = {
  video: ["video/vp8", "video/rtx"],
  audio: ["audio/opus", "audio/red"],
};

/** A subclass of `Base` whose objects follow the plan of the moment they are built in; without one, they are as `Base` has them. */
export function starting(Base: PeerConnectionClass, plan: () => ConnectionPlan | null): PeerConnectionClass {
  return class extends Base {
    readonly #plan = plan();
    /** Sections to receive on; null: the SDK has added all of its own accord, what follows is asked for. */
    #spare: Map<string, RTCRtpTransceiver> | null = new Map();

    override addTransceiver(source: MediaStreamTrack | string, init?: RTCRtpTransceiverInit): RTCRtpTransceiver {
      if (this.#plan?.slim !== true) return super.addTransceiver(source, init);
      const spare = typeof source === "string" && init?.direction === "recvonly";
      const there = spare ? this.#spare?.get(source) : undefined;
      if (there !== undefined) return there;
      const transceiver = super.addTransceiver(source, init);
      slim(transceiver, typeof source === "string" ? source : source.kind, this.#plan);
      if (spare) this.#keep(source, transceiver);
      return transceiver;
    }

    override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      const startKbps = this.#plan?.startKbps ?? null;
      if (startKbps === null || description.type !== "answer") return super.setRemoteDescription(description);
      const sdp = withStartBitrate(description.sdp ?? "", startKbps);
      if (sdp === description.sdp) return super.setRemoteDescription(description);
      try {
        await super.setRemoteDescription({ type: "answer", sdp });
        this.#plan?.started();
      } catch {
        this.#plan?.misfired();
        await super.setRemoteDescription(description);
      }
    }

    /** The SDK adds its sections in one go, before anything else runs. */
    #keep(kind: string, transceiver: RTCRtpTransceiver): void {
      if (this.#spare?.size === 0) {
        this.#plan?.slimmed();
        queueMicrotask(() => (this.#spare = null));
      }
      this.#spare?.set(kind, transceiver);
    }
  };
}

function slim(transceiver: RTCRtpTransceiver, kind: string, plan: ConnectionPlan): void {
  try {
    const all = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
    const few = all.filter((codec) => CODECS[kind]?.includes(codec.mimeType.toLowerCase()));
    if (few.length > 0) transceiver.setCodecPreferences(few);
  } catch {
    plan.misfired(); // an older Firefox has no preferences: its offers stay long
  }
}
