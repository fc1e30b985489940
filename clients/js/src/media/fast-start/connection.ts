/**
 * An `RTCPeerConnection` that offers little, connects in few round trips and starts high.
 *
 * The SDK adds three audio and three video sections to receive on before its first offer, each with every
 * codec of the browser: 24 KB of text, in a URL, which the server parses for a third of its time. A pair needs
 * one of each.
 */
import { NoChannel } from "./no-channel.js";
import { withoutIceLite, withStartBitrate } from "./sdp.js";

export type PeerConnectionClass = typeof RTCPeerConnection;

/** What one connection is told when it is built. */
export interface ConnectionPlan {
  readonly slim: boolean;
  readonly mediaOnly: boolean;
  readonly nominateFirst: boolean;
  /** Null: leave it to the browser. */
  readonly startKbps: number | null;
  slimmed(): void;
  channelSpared(): void;
  nominated(): void;
  started(): void;
  /** Once: media can flow, as far as this side knows. */
  connected(connection: RTCPeerConnection): void;
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

    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      const tell = (): void => {
        if (this.connectionState !== "connected") return;
        this.removeEventListener("connectionstatechange", tell);
        this.#plan?.connected(this);
      };
      if (this.#plan !== null) this.addEventListener("connectionstatechange", tell);
    }

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

    override createDataChannel(label: string, init?: RTCDataChannelInit): RTCDataChannel {
      if (this.#plan?.mediaOnly !== true) return super.createDataChannel(label, init);
      this.#plan.channelSpared();
      return new NoChannel(label) as EventTarget as RTCDataChannel;
    }

    override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      const plan = this.#plan;
      if (plan === null || description.type !== "answer") return super.setRemoteDescription(description);
      const [sdp, told] = rewritten(description.sdp ?? "", plan);
      if (sdp === description.sdp) return super.setRemoteDescription(description);
      try {
        await super.setRemoteDescription({ type: "answer", sdp });
        told();
      } catch {
        plan.misfired();
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

/** The answer that the browser is to hear, and what to call when it took it. */
function rewritten(answer: string, plan: ConnectionPlan): [string, () => void] {
  const nominating = plan.nominateFirst ? withoutIceLite(answer) : answer;
  const starting = plan.startKbps === null ? nominating : withStartBitrate(nominating, plan.startKbps);
  const told = (): void => {
    if (nominating !== answer) plan.nominated();
    if (starting !== nominating) plan.started();
  };
  return [starting, told];
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
