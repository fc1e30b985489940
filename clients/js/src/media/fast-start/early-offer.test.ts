import { MediaSectionsRequirement, SessionDescription, type SignalResponse, SubscriptionPermissionUpdate } from "@livekit/protocol";
import { describe, expect, it } from "vitest";
import { EarlyOffer, type Verdict } from "./early-offer.js";

type Message = SignalResponse["message"];

const allow = (trackSid: string, allowed = true): Message => ({
  case: "subscriptionPermissionUpdate",
  value: new SubscriptionPermissionUpdate({ participantSid: "PA_1", trackSid, allowed }),
});
const answer = (...tracks: string[]): Message => ({
  case: "answer",
  value: new SessionDescription({ type: "answer", midToTrackId: Object.fromEntries(tracks.map((track, mid) => [String(mid), track])) }),
});
const require = (numAudios = 0, numVideos = 0): Message => ({
  case: "mediaSectionsRequirement",
  value: new MediaSectionsRequirement({ numAudios, numVideos }),
});

function verdicts(expectedTracks: number, ...messages: Message[]): Verdict[] {
  const watch = new EarlyOffer(expectedTracks);
  return messages.map((message) => watch.hear(message));
}

describe("an early offer", () => {
  it("is asked for when the last expected track is allowed, and not again", () => {
    expect(verdicts(2, allow("A"), allow("V"), allow("X"))).toEqual(["pass", "ask", "pass"]);
    expect(verdicts(1, allow("A"))).toEqual(["ask"]);
  });

  it("counts a track once, and none that is taken back", () => {
    expect(verdicts(2, allow("A"), allow("A"))).toEqual(["pass", "pass"]);
    expect(verdicts(2, allow("A"), allow("A", false), allow("V"))).toEqual(["pass", "pass", "pass"]);
  });

  it("is not made for a partner who sends less than expected", () => {
    expect(verdicts(2, allow("A"), require(), answer("A"))).toEqual(["pass", "pass", "pass"]);
  });
});

describe("a request of the server", () => {
  const asked = [allow("A"), allow("V")];

  it("is withheld when the answer had all tracks already", () => {
    expect(verdicts(2, ...asked, answer("own", "A", "V"), require()).at(-1)).toBe("withhold");
  });

  it.each<[string, Message[]]>([
    ["that came before the answer", [require()]],
    ["that wants a section", [answer("A", "V"), require(0, 1)]],
    ["whose answer lacked a track", [answer("A"), require()]],
    ["of a later change", [answer("A", "V"), require(), require()]],
    ["of a later change, when the first one was passed on", [require(), answer("A", "V"), require()]],
    ["for a track that came later", [answer("A", "V"), allow("W"), require()]],
  ])("%s is passed on", (_, messages) => {
    expect(verdicts(2, ...asked, ...messages).at(-1)).toBe("pass");
  });

  it("is passed on when nobody asked early", () => {
    expect(verdicts(2, answer("A", "V"), require(), require())).toEqual(["pass", "pass", "pass"]);
  });
});

it("lets everything else through", () => {
  expect(verdicts(1, { case: "pong", value: 1n }, { case: undefined })).toEqual(["pass", "pass"]);
});
