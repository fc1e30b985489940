import type { CallEndedView, CallView, VideoCallState } from "@duologue/client";
import { describe, expect, it } from "vitest";
import { callDockOf, callNewsKey, callNewsOf, callOverKey, callScreenOf, callTarget, type CallPage } from "./call-view";

const RINGING: CallView = { id: "c", outgoing: true, alias: null, mode: "video", expiresAt: 60_000, answered: false };
const OVER: CallEndedView = { call: "c", outgoing: true, alias: "Heron", reason: "busy", by: "peer", talkedMs: null, retryAt: null, blocked: false, reported: false };

function calls(changes: Partial<VideoCallState>, page: Partial<CallPage> = {}): CallPage {
  const state: VideoCallState = {
    connection: { status: "online" },
    phase: "idle",
    call: null,
    pair: null,
    media: { status: "none" },
    network: { quality: null, dataSaver: false, soundOnly: false },
    chat: [],
    ended: null,
    link: null,
  blocked: null,
    microphone: true,
    camera: true,
    notice: null,
    ...changes,
  };
  return { state, callee: null, ours: false, ...page };
}

const ended = (changes: Partial<CallEndedView>, page: Partial<CallPage> = {}): CallPage => calls({ phase: "ended", ended: { ...OVER, ...changes } }, page);
const OURS = { callee: "word", ours: true };

describe("the screen of calls", () => {
  it("rings over whatever goes on", () => {
    expect(callScreenOf(calls({ phase: "incoming", call: { ...RINGING, outgoing: false } }), false, false)).toBe("incoming");
    expect(callScreenOf(calls({ phase: "outgoing", call: RINGING }), false, false)).toBe("outgoing");
    expect(callScreenOf(calls({ phase: "connecting", call: { ...RINGING, answered: true } }), true, true)).toBe("connecting");
  });

  it("asks whether to call whom the address means, while nothing else was done", () => {
    expect([callScreenOf(calls({}, OURS), true, true), callScreenOf(calls({}, OURS), false, true), callScreenOf(calls({}), true, true)]).toEqual(["invite", null, null]);
    expect(callScreenOf(ended({ outgoing: false }, OURS), true, true)).toBe("invite");
  });

  it("says what became of our call, or of a talk, and of a call to us only in a line", () => {
    expect([callScreenOf(ended({}), true, true), callScreenOf(ended({ outgoing: null }), false, true), callScreenOf(ended({}), false, false)]).toEqual(["call_over", "call_over", null]);
    const missed = ended({ outgoing: false, reason: "missed" });
    expect([callScreenOf(missed, true, true), callNewsOf(missed.state)]).toEqual([null, missed.state.ended]);
    expect([callNewsOf(ended({}).state), callNewsOf(calls({}).state)]).toEqual([null, null]);
  });
});

describe("the two buttons of calls", () => {
  it("answer and decline, call and leave it, ring and cancel, hang up", () => {
    expect(callDockOf("incoming", calls({}), 0)).toMatchObject({ go: { action: "answer" }, stop: { action: "decline" } });
    expect(callDockOf("invite", calls({}), 0)).toMatchObject({ go: { action: "call" }, stop: { action: "forget" } });
    expect(callDockOf("outgoing", calls({ call: RINGING }), 0)).toMatchObject({ go: { action: "none", label: "go.ringing" }, stop: { action: "hang_up" } });
    expect(callDockOf("outgoing", calls({ call: { ...RINGING, id: null } }), 0).go.label).toBe("go.calling");
    expect(callDockOf("pair", calls({}), 0)).toMatchObject({ go: { action: "hang_up" }, stop: null });
  });

  it("call again where that can help", () => {
    const go = (page: CallPage): string => callDockOf("call_over", page, 0).go.label;
    expect([go(ended({}, OURS)), go(ended({ outgoing: null, reason: "left" }, OURS)), go(ended({ reason: "missed" }, OURS))]).toEqual(["go.call_again", "go.call_again", "go.call_again"]);
    expect([go(ended({ reason: "unknown_link" }, OURS)), go(ended({ reason: "not_available" }, OURS)), go(ended({ outgoing: null }, { callee: "word" })), go(ended({}))]).toEqual(["go.back", "go.back", "go.back", "go.back"]);
  });

  it("wait for as long as the server said", () => {
    const limited = ended({ reason: "rate_limited", retryAt: 11_500 }, OURS);
    expect(callDockOf("call_over", limited, 1_000).go).toMatchObject({ action: "none", label: "go.call_in", seconds: 11 });
    expect(callDockOf("call_over", limited, 11_500).go).toMatchObject({ action: "call", label: "go.call_again" });
  });
});

describe("the words of calls", () => {
  it("name what became of ours", () => {
    const key = (changes: Partial<CallEndedView>): string => callOverKey({ ...OVER, ...changes });
    expect([key({}), key({ reason: "unknown_link" }), key({ reason: "not_active" })]).toEqual(["call.over.busy", "call.over.unknown_link", "call.over.other"]);
    expect([key({ reason: "left", by: "me" }), key({ reason: "left" }), key({ reason: "next" })]).toEqual(["call.over.hung_up", "call.over.peer_hung_up", "call.over.peer_hung_up"]);
    expect([key({ reason: "lost" }), key({ reason: "lost", by: "server" }), key({ reason: "lost", by: "me" })]).toEqual(["call.over.lost_peer", "call.over.lost_server", "call.over.lost_me"]);
    expect([key({ reason: "media_failed" }), key({ reason: "media_failed", talkedMs: 5 })]).toEqual(["call.over.media_failed", "call.over.media_broke"]);
  });

  it("name what became of a call to us", () => {
    const key = (changes: Partial<CallEndedView>): string => callNewsKey({ ...OVER, outgoing: false, ...changes });
    expect([key({ reason: "missed" }), key({ reason: "cancelled" }), key({ reason: "cancelled", by: "me" })]).toEqual(["call.news.missed", "call.news.cancelled", "call.news.declined"]);
    expect([key({ reason: "declined", blocked: true }), key({ reason: "media_failed" })]).toEqual(["call.news.blocked", "call.news.other"]);
  });
});

describe("a block of a caller", () => {
  it("is about the call that rings, else the last one, and never about one who is blocked", () => {
    expect(callTarget(calls({ phase: "incoming", call: RINGING, ended: { ...OVER, call: "before" } }).state)).toBe("c");
    expect([callTarget(ended({}).state), callTarget(ended({ blocked: true }).state), callTarget(calls({}).state)]).toEqual(["c", null, null]);
  });
});
