import type { EndedView, RandomChatState, VideoCallState } from "@duologue/client";
import { describe, expect, it } from "vitest";
import { blockTarget, dockOf, endedKey, lastHeard, layoutOf, othersWaiting, phaseOf, refusalOf, screenOf, type PageView } from "./view";

const NO_CALLS: VideoCallState = {
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
};
const CALM: PageView = { devicesFailed: false, asking: false, calls: { state: NO_CALLS, callee: null, ours: false }, linked: true };
const ENDED: EndedView = { pair: "p", reason: "next", by: "peer", alias: "Heron", talkedMs: 252_000, nextAt: null, blocked: false, reported: false };

function state(changes: Partial<RandomChatState>): RandomChatState {
  return {
    connection: { status: "online" },
    phase: "start",
    waiting: null,
    pair: null,
    media: { status: "none" },
    network: { quality: null, dataSaver: false, soundOnly: false },
    chat: [],
    ended: null,
    microphone: true,
    camera: true,
    back: null,
    blocked: null,
    notice: null,
    ...changes,
  };
}

function inTalk(mode: "video" | "voice" | "text"): RandomChatState {
  const peer = { alias: "Heron", interests: [], facets: {} };
  const pair = { id: "p", mode, peer, talkingSince: 0, peerAwayUntil: null, peerTypingUntil: 0, peerMuted: { audio: false, video: false } };
  return state({ phase: "talking", pair });
}

describe("the screen", () => {
  it("follows the phase, and text has a stage of its own", () => {
    expect(screenOf(state({ phase: "searching" }), CALM)).toBe("searching");
    expect([screenOf(inTalk("video"), CALM), screenOf(inTalk("voice"), CALM), screenOf(inTalk("text"), CALM)]).toEqual(["talking", "talking", "text"]);
  });

  it("is about the devices only while nobody is there", () => {
    const failed = { ...CALM, devicesFailed: true };
    expect(screenOf(state({}), failed)).toBe("denied");
    expect(screenOf(state({ phase: "ended", ended: ENDED }), failed)).toBe("denied");
    expect(screenOf(inTalk("video"), failed)).toBe("talking");
  });

  it("says a refusal before anything else", () => {
    const refused = state({ ...inTalk("video"), connection: { status: "refused", code: 4303, reason: "replaced" } });
    expect(screenOf(refused, CALM)).toBe("refused");
    expect(refusalOf(refused)).toBe("replaced");
    expect(layoutOf("refused")).toBe("form");
  });
});

describe("the screen, where there are calls", () => {
  const ringing = { id: "c", outgoing: false, alias: "Heron", mode: "video", expiresAt: 60_000, answered: false } as const;
  const rings = { ...CALM, calls: { ...CALM.calls, state: { ...NO_CALLS, phase: "incoming", call: ringing } } } as const;

  it("is the ring's, also where the page stands by, or searches", () => {
    const standby = state({ connection: { status: "standby" } });
    expect([screenOf(state({ phase: "searching" }), rings), screenOf(standby, rings), screenOf(standby, CALM)]).toEqual(["incoming", "incoming", "refused"]);
    expect([refusalOf(standby), dockOf("refused", standby, CALM, 0).go.action]).toEqual(["standby", "take_over"]);
    expect([phaseOf(state({ phase: "searching" }), rings.calls.state), phaseOf(state({ phase: "searching" }), NO_CALLS)]).toEqual(["incoming", "searching"]);
  });

  it("leads on without devices: the ring can still be declined", () => {
    const failed = { ...rings, devicesFailed: true };
    expect(screenOf(state({}), failed)).toBe("denied");
    expect(dockOf("denied", state({}), failed, 0)).toMatchObject({ go: { action: "retry_devices" }, stop: { action: "decline" } });
  });

  it("offers no Next in a call, and always a way to hang up", () => {
    const talk = inTalk("video");
    const call = { ...talk, pair: talk.pair === null ? null : { ...talk.pair, call: "c" } };
    expect(dockOf("talking", call, CALM, 0)).toMatchObject({ go: { action: "hang_up" }, stop: null });
    const away = { ...call, connection: { status: "reconnecting", retryAt: 4_000, attempt: 2 } } as const;
    expect(dockOf("talking", away, CALM, 0)).toMatchObject({ go: { action: "reconnect" }, stop: { action: "hang_up" } });
  });

  it("has the person's link at the start, and the rules where there are no calls", () => {
    expect([dockOf("start", state({}), CALM, 0).stop?.action, dockOf("start", state({}), { ...CALM, linked: false }, 0).stop?.action]).toEqual(["my_link", "rules"]);
  });
});

describe("the two buttons", () => {
  it("find, then do nothing, then move on", () => {
    expect(dockOf("start", state({}), CALM, 0).go.action).toBe("find");
    expect(dockOf("searching", state({ phase: "searching" }), CALM, 0)).toMatchObject({ go: { action: "none" }, stop: { action: "stop", label: "stop.cancel" } });
    expect(dockOf("talking", inTalk("video"), CALM, 0)).toMatchObject({ go: { action: "next" }, stop: { label: "stop.stop" } });
  });

  it("count down after a talk, and only when a search will begin", () => {
    const counting = state({ phase: "ended", ended: { ...ENDED, nextAt: 3_000 } });
    expect(dockOf("ended", counting, CALM, 1_500).go).toEqual({ action: "next", label: "go.next_in", seconds: 2, filled: 0.5 });
    expect(dockOf("ended", state({ phase: "ended", ended: ENDED }), CALM, 0).go).toMatchObject({ label: "go.next", seconds: null });
  });

  it("offer to reconnect now", () => {
    const away = state({ ...inTalk("video"), connection: { status: "reconnecting", retryAt: 4_000, attempt: 2 } });
    expect(dockOf("talking", away, CALM, 0).go).toMatchObject({ action: "reconnect", label: "go.try_now" });
  });

  it("wait while the browser asks for the devices", () => {
    expect(dockOf("start", state({}), { ...CALM, asking: true }, 0).go).toMatchObject({ action: "none", label: "go.moment" });
  });
});

describe("a block", () => {
  it("is about the partner of now, else the last one, and never about one who is blocked", () => {
    expect(blockTarget(inTalk("video"))).toBe("p");
    expect(blockTarget(state({ phase: "ended", ended: { ...ENDED, pair: "before" } }))).toBe("before");
    expect(blockTarget({ ...inTalk("text"), ended: { ...ENDED, pair: "before" } })).toBe("p");
    expect([blockTarget(state({})), blockTarget(state({ ended: { ...ENDED, blocked: true } }))]).toEqual([null, null]);
  });
});

describe("the newest line of the partner", () => {
  const line = (n: number, mine: boolean) => ({ mine, n, text: "", at: 0, pending: false });

  it("is told apart from their other lines and from another pair's, and mine do not count", () => {
    const talk = { ...inTalk("video"), chat: [line(1, false), line(2, false), line(7, true)] };
    expect([lastHeard(talk), lastHeard({ ...talk, chat: [line(1, true)] }), lastHeard(state({ chat: talk.chat }))]).toEqual(["p 2", null, null]);
  });
});

describe("the words", () => {
  it("name who ended it and why", () => {
    expect(endedKey(ENDED)).toBe("ended.peer.next");
    expect(endedKey({ ...ENDED, reason: "lost" })).toBe("ended.peer.lost");
    expect(endedKey({ ...ENDED, by: "server", reason: "lost" })).toBe("ended.by_server");
    expect(endedKey({ ...ENDED, by: "server", reason: "media_failed" })).toBe("ended.media_broke");
    expect(endedKey({ ...ENDED, by: "server", reason: "media_failed", talkedMs: null })).toBe("ended.media_failed");
    expect(endedKey({ ...ENDED, by: "me", reason: "media_failed" })).toBe("ended.me.media_failed");
  });

  it("do not count me among those who wait", () => {
    expect([othersWaiting(null), othersWaiting(0), othersWaiting(1), othersWaiting(7)]).toEqual([null, 0, 0, 6]);
  });
});
