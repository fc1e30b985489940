/**
 * When to offer before the server asks for it, and which of its requests that offer has answered.
 *
 * LiveKit (1.13) adds the partner's tracks to our connection and then waits for 150 ms before it says
 * `MediaSectionsRequirement`, on which the SDK makes an offer. But just before it adds a track it says
 * `SubscriptionPermissionUpdate`. An offer made when the last expected track is allowed gets the tracks in its
 * answer; the request that follows then asks for nothing, and is not passed on.
 *
 * When that request is faster than the answer, it waits for it.
 *
 * Pure: hears messages, gives verdicts.
 */
import type { MediaSectionsRequirement, SessionDescription, SignalResponse, SubscriptionPermissionUpdate } from "@livekit/protocol";

/** `ask`: pass it on, and have the SDK make an offer. `withhold`: the SDK does not hear it. */
export type Verdict = "pass" | "ask" | "withhold";

export class EarlyOffer {
  readonly #expectedTracks: number;
  readonly #allowed = new Set<string>();
  #answered: ReadonlySet<string> = new Set();
  /** `held`: the server's request waits for our answer. */
  #phase: "listening" | "asked" | "held" | "over" = "listening";

  /** `expectedTracks`: as many as the partner is expected to send; with fewer, the SDK's own way is taken. */
  constructor(expectedTracks: number) {
    this.#expectedTracks = expectedTracks;
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
    if (this.#phase !== "listening" || this.#allowed.size < this.#expectedTracks) return "pass";
    this.#phase = "asked";
    return "ask";
  }

  #answer({ midToTrackId }: SessionDescription): Verdict {
    this.#answered = new Set(Object.values(midToTrackId));
    if (this.#phase !== "held") return "pass";
    this.#phase = "over";
    return this.#covered() ? "pass" : "ask";
  }

  /** Only the first request after our offer can be the one that it answers; one that wants sections never is. */
  #require({ numAudios, numVideos }: MediaSectionsRequirement): Verdict {
    if (this.#phase === "held") this.#phase = "over"; // one more: let it through, it stands for both
    if (this.#phase !== "asked") return "pass";
    if (numAudios + numVideos > 0) {
      this.#phase = "over";
      return "pass";
    }
    this.#phase = this.#covered() ? "over" : "held";
    return "withhold";
  }

  #covered(): boolean {
    return [...this.#allowed].every((track) => this.#answered.has(track));
  }
}
