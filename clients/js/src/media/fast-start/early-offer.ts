/**
 * When to offer before the server asks for it, and which of its requests that offer has answered.
 *
 * LiveKit (1.13) adds the partner's tracks to our connection when both are connected, and then waits for up to 150 ms
 * before it says `MediaSectionsRequirement`, on which the SDK makes an offer. Two offers come sooner:
 *
 * - One when we are connected. It reaches the server just after it knows that too, so if the partner was there before
 *   us, or comes at the same moment, the answer has their tracks, and the round trip of being told is saved. If not,
 *   it was for nothing.
 * - One when the last expected track is allowed (`SubscriptionPermissionUpdate`, said just before a track is added),
 *   unless the answer to the first has them.
 *
 * A request that follows then asks for nothing, and is not passed on. When it is faster than the answer, it waits.
 *
 * Pure: hears messages, gives verdicts.
 */
import type { MediaSectionsRequirement, SessionDescription, SignalResponse, SubscriptionPermissionUpdate } from "@livekit/protocol";
import { tracksSent } from "./sdp.js";

/** `ask`: pass it on, and have the SDK make an offer. `withhold`: the SDK does not hear it. */
export type Verdict = "pass" | "ask" | "withhold";

export class EarlyOffer {
  readonly #expectedTracks: number;
  readonly #allowed = new Set<string>();
  #answered: ReadonlySet<string> = new Set();
  /** `held`: the server's request waits for our answer. */
  #phase: "listening" | "asked" | "held" | "over" = "listening";
  /** The offer that was made when we were connected is not answered yet. */
  #hoping = false;

  /** `expectedTracks`: as many as the partner is expected to send; with fewer, the SDK's own way is taken. */
  constructor(expectedTracks: number) {
    this.#expectedTracks = expectedTracks;
  }

  connected(): Verdict {
    if (this.#phase !== "listening") return "pass";
    this.#hoping = true;
    return "ask";
  }

  hear(message: SignalResponse["message"]): Verdict {
    switch (message.case) {
      case "subscriptionPermissionUpdate":
        return this.#allow(message.value);
      case "answer":
        return this.#answer(message.value);
      case "mediaSectionsRequirement":
        return this.#require(message.value);
      default:
        return "pass";
    }
  }

  /** Before this, tracks are not there yet, and the offer would be for nothing. */
  #allow({ trackSid, allowed }: SubscriptionPermissionUpdate): Verdict {
    if (!allowed) this.#allowed.delete(trackSid);
    else this.#allowed.add(trackSid);
    return this.#hoping ? "pass" : this.#askForAll();
  }

  #askForAll(): Verdict {
    if (this.#phase !== "listening" || this.#allowed.size < this.#expectedTracks) return "pass";
    this.#phase = "asked";
    return this.#covered() ? "pass" : "ask";
  }

  /**
   * Its text counts, not `midToTrackId` beside it: LiveKit lists the tracks a moment after it wrote the text, so one
   * that was added between the two is named, and does not come.
   */
  #answer({ sdp }: SessionDescription): Verdict {
    this.#answered = tracksSent(sdp);
    this.#hoping = false;
    if (this.#phase === "listening") return this.#askForAll();
    if (this.#phase !== "held") return "pass";
    this.#phase = "over";
    return this.#covered() ? "pass" : "ask";
  }

  /** Only the first request after our offer can be the one that it answers; one that wants sections never is. */
  #require({ numAudios, numVideos }: MediaSectionsRequirement): Verdict {
    if (this.#phase === "held") this.#phase = "over"; // one more: let it through, it stands for both
    if (this.#phase !== "asked" && !(this.#hoping && this.#allowed.size > 0)) return "pass";
    if (numAudios + numVideos > 0) {
      this.#phase = "over";
      return "pass";
    }
    this.#phase = this.#covered() ? "over" : "held";
    return "withhold";
  }

  #covered(): boolean {
    return this.#allowed.size > 0 && [...this.#allowed].every((track) => this.#answered.has(track));
  }
}
