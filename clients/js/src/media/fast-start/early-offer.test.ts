import { MediaSectionsRequirement, SessionDescription, type SignalResponse, SubscriptionPermissionUpdate } from "@livekit/protocol";
import { describe, expect, it } from "vitest";
import { EarlyOffer, type Verdict } from "./early-offer.js";

type Message = SignalResponse["message"];

const allow = (trackSid: string, allowed = true): Message => ({
  case: "subscriptionPermissionUpdate",
  value: new SubscriptionPermissionUpdate({ participantSid: "PA_1", trackSid, allowed }),
});
const sending = (track: string): string => `m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=msid:PA_2|camera ${track}\r\na=sendrecv\r\n`;
const answer = (...tracks: string[]): Message => ({ case: "answer", value: new SessionDescription({ type: "answer", sdp: tracks.map(sending).join("") }) });
/** As LiveKit gives it when the tracks named last were added while it answered. */
const overtaken = (brought: string[], named: string[]): Message => {
  const midToTrackId = Object.fromEntries([...brought, ...named].map((track, mid) => [String(mid), track]));
  return { case: "answer", value: new SessionDescription({ type: "answer", sdp: brought.map(sending).join(""), midToTrackId }) };
};
const require = (numAudios = 0, numVideos = 0): Message => ({
  case: "mediaSectionsRequirement",
  value: new MediaSectionsRequirement({ numAudios, numVideos }),
});

function verdicts(expectedTracks: number, ...events: (Message | "connected")[]): Verdict[] {
  const watch = new EarlyOffer(expectedTracks);
  return events.map((event) => (event === "connected" ? watch.connected() : watch.hear(event)));
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

describe("an offer made when connected", () => {
  it("makes another one needless when its answer has all that is allowed", () => {
    expect(verdicts(2, "connected", allow("A"), allow("V"), answer("A", "V"), require(), require())).toEqual([
      ...["ask", "pass", "pass", "pass", "withhold", "pass"],
    ]);
  });

  it("answers a request that is faster than its answer", () => {
    expect(verdicts(2, "connected", allow("A"), allow("V"), require(), answer("A", "V"), require()).slice(3)).toEqual(["withhold", "pass", "pass"]);
  });

  it("is made good when its answer came too early", () => {
    expect(verdicts(2, "connected", answer(), allow("A"), allow("V"), answer("A", "V"), require())).toEqual([
      ...["ask", "pass", "pass", "ask", "pass", "withhold"],
    ]);
    expect(verdicts(2, "connected", allow("A"), allow("V"), answer(), require(), answer("A", "V")).slice(3)).toEqual(["ask", "withhold", "pass"]);
    expect(verdicts(2, "connected", allow("A"), allow("V"), require(), answer("A")).slice(3)).toEqual(["withhold", "ask"]);
  });

  it("is made good when its answer names a track that it does not bring", () => {
    expect(verdicts(2, "connected", allow("A"), allow("V"), overtaken(["A"], ["V"]), require(), answer("A", "V")).slice(3)).toEqual([
      ...["ask", "withhold", "pass"],
    ]);
    expect(verdicts(2, "connected", allow("A"), allow("V"), require(), overtaken(["A"], ["V"])).slice(3)).toEqual(["withhold", "ask"]);
  });

  it("answers no request for a track that is not allowed yet", () => {
    expect(verdicts(2, "connected", require(), answer()).slice(1)).toEqual(["pass", "pass"]);
    expect(verdicts(2, "connected", answer("A"), allow("A"), require()).at(-1)).toBe("pass");
  });

  it("is not made when the tracks came first", () => {
    expect(verdicts(1, allow("A"), "connected")).toEqual(["ask", "pass"]);
  });
});

describe("a request of the server", () => {
  const asked = [allow("A"), allow("V")];

  it("is withheld when the answer had all tracks already", () => {
    expect(verdicts(2, ...asked, answer("own", "A", "V"), require()).at(-1)).toBe("withhold");
  });

  it("waits for the answer, and is answered by it", () => {
    expect(verdicts(2, ...asked, require(), answer("A", "V"), require()).slice(2)).toEqual(["withhold", "pass", "pass"]);
  });

  it("waits for the answer, and is made good when that lacks a track", () => {
    expect(verdicts(2, ...asked, require(), answer("A")).slice(2)).toEqual(["withhold", "ask"]);
    expect(verdicts(2, ...asked, answer("A"), require(), answer("A")).slice(2)).toEqual(["pass", "withhold", "ask"]);
    expect(verdicts(2, ...asked, answer("A", "V"), allow("W"), require(), answer("A", "V")).slice(4)).toEqual(["withhold", "ask"]);
  });

  it.each<[string, Message[]]>([
    ["that wants a section", [answer("A", "V"), require(0, 1)]],
    ["after one that wanted a section", [require(0, 1), answer("A", "V"), require()]],
    ["of a later change", [answer("A", "V"), require(), require()]],
    ["that comes while another one waits", [require(), require()]],
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
