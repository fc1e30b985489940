import { describe, expect, it } from "vitest";
import type { CommandError, Ended, Matched, Push, Ready, State, Waiting } from "../protocol.gen.js";
import type { Effect, SessionEvent } from "./events.js";
import { initialModel, type Model } from "./model.js";
import { reduce } from "./reducer.js";
import type { CommandBody } from "./wire.js";

const NOW = 1_000_000;
const FRESH = initialModel({ autoNextMs: 0, hasMedia: true, wishes: null, dataSaver: false });

const waiting = (attempt: number): Waiting => ({
  type: "waiting", rev: 1, attempt, since: NOW - 100, mode: "video", waiting_count: 2, estimate_ms: null, widened: [],
});
const matched = (pair: string, attempt: number): Matched => ({
  type: "matched", rev: 1, pair, attempt, mode: "text", peer: { alias: pair, interests: [], facets: {} }, media: null, deadline_ms: 10_000,
});
const ended = (pair: string, fields: Partial<Ended> = {}): Ended => ({ type: "ended", rev: 1, pair, reason: "next", by: "peer", ...fields });
const pushed = (push: Push): SessionEvent => ({ type: "pushed", push });
const FIND: SessionEvent = { type: "find_asked", wishes: { mode: "text" } };
const NEXT: SessionEvent = { type: "next_asked" };
const STOP: SessionEvent = { type: "stop_asked" };
const STAY: SessionEvent = { type: "stay_asked" };
const RETRY: SessionEvent = { type: "timer_fired", timer: "retry" };

function ready(state: State, attempt = 0): SessionEvent {
  const self = { person: "p", guest: true, facets: {} };
  const told: Ready = { type: "ready", rev: 0, session: "s", resume_token: "r", resume_window_ms: 1, self, attempt, state };
  return { type: "became_ready", ready: told, skewMs: 0, samePerson: true };
}

const answer = (command: CommandBody, error?: CommandError): SessionEvent => ({
  type: "answered",
  command,
  reply: { type: "reply", id: "1", ok: error === undefined, ...(error === undefined ? {} : { error }) },
});

/** What the state is after these events, and the effects of the last one. */
function play(events: SessionEvent[], from: Model = FRESH): { model: Model; effects: readonly Effect[]; sent: CommandBody[] } {
  let model = from;
  let effects: readonly Effect[] = [];
  for (const event of events) ({ state: model, effects } = reduce(model, event, NOW));
  const sent = effects.filter((effect) => effect.type === "send").map((effect) => effect.command);
  return { model, effects, sent };
}

describe("the phase", () => {
  const inA = [FIND, pushed(matched("a", 1))];
  it.each<[string, SessionEvent[], Model["view"]["phase"]]>([
    ["searches at once", [FIND], "searching"],
    ["connects when matched", inA, "connecting"],
    ["talks when told", [...inA, pushed({ type: "talking", rev: 1, pair: "a", since: NOW })], "talking"],
    ["searches on after Next", [...inA, NEXT], "searching"],
    ["is start after Stop", [...inA, STOP], "start"],
    ["is start when the search is stopped", [FIND, STOP], "start"],
    ["searches when the server waits for us", [...inA, pushed(ended("a", { waiting: waiting(2) }))], "searching"],
    ["is ended when the person wants to stay", [...inA, STAY, pushed(ended("a", { waiting: waiting(2) }))], "ended"],
    ["is ended when it was our own doing", [...inA, pushed(ended("a", { by: "me", reason: "lost" }))], "ended"],
    ["does not move for Next at the start", [NEXT], "start"],
  ])("%s", (_, events, phase) => {
    expect(play(events).model.view.phase).toBe(phase);
  });
});

describe("a direct call", () => {
  const state: State = { kind: "ringing", call: "c", outgoing: false, peer: "Otter", mode: "text", expires: NOW + 60_000 };
  const incoming = pushed({ type: "incoming", rev: 3, call: "c", caller: "Otter", mode: "text", expires: NOW + 60_000 });
  const over = pushed({ type: "call_state", rev: 4, call: "c", state: "ended", reason: "missed" });

  it("has nothing to do with a search: neither its pushes nor its snapshot move that", () => {
    const { model, sent } = play([incoming, over, ready(state)]);
    expect(model.view.phase).toBe("start");
    expect(sent).toEqual([]);
  });

  it("is no pair: one that was believed in is over", () => {
    expect(play([FIND, pushed(matched("a", 1)), ready(state, 1)]).model.view.pair).toBeNull();
  });
});

describe("attempts", () => {
  it("only grow, also past the server's", () => {
    expect(play([FIND, pushed(waiting(9)), NEXT, pushed(matched("a", 9)), NEXT]).sent).toMatchObject([{ type: "next", attempt: 10 }]);
    expect(play([ready({ kind: "idle" }, 41), FIND]).sent).toMatchObject([{ attempt: 42 }]);
  });

  it("that were too old when asked offline are made again", () => {
    expect(play([FIND, ready({ kind: "idle" }, 41)]).sent).toMatchObject([{ type: "find", attempt: 42 }]);
  });

  it("that are on their way are left alone", () => {
    expect(play([FIND, ready({ kind: "idle" }, 0)]).sent).toEqual([]);
  });
});

describe("a stop", () => {
  it("holds against a match that crosses it", () => {
    const { model, sent } = play([FIND, STOP, pushed(matched("a", 1))]);
    expect(model.view).toMatchObject({ phase: "start", pair: null });
    expect(sent).toEqual([{ type: "leave", pair: "a" }]);
  });

  it("holds against a server that requeued us", () => {
    const { model, sent } = play([FIND, pushed(matched("a", 1)), STOP, answer({ type: "leave", pair: "a" }), pushed(waiting(2))]);
    expect(model.view.phase).toBe("start");
    expect(sent).toEqual([{ type: "cancel", attempt: 2 }]);
  });

  it("is not repeated for news from before it", () => {
    expect(play([FIND, STOP, pushed(waiting(1))]).sent).toEqual([]);
  });

  it("holds over a resume", () => {
    const pair: State = { kind: "pair", matched: matched("a", 1), talking_since: null, peer_away_until: null, peer_muted: { audio: false, video: false }, lines: [], peer_hidden: false, last_n: 0 };
    const { model, sent } = play([FIND, pushed(matched("a", 1)), STOP, ready(pair, 1)]);
    expect(model.view.phase).toBe("start");
    expect(sent).toEqual([]);
  });
});

describe("a line of ours", () => {
  const talking = [FIND, pushed(matched("a", 1))];
  const write: SessionEvent = { type: "chat_written", text: "hello" };
  const inA = (lastN: number): State => ({
    kind: "pair", matched: matched("a", 1), talking_since: NOW, peer_away_until: null, peer_muted: { audio: false, video: false },
    lines: [], peer_hidden: false, last_n: lastN,
  });
  const heard = Array.from({ length: 500 }, (_, at) => pushed({ type: "chat", pair: "a", n: at + 1, text: "hi", at: NOW }));
  it.each<[string, SessionEvent[], number]>([
    ["is the first of its pair", talking, 1],
    ["follows those that the server knows", [...talking, ready(inA(7), 1)], 8],
    ["follows those that are still on their way", [...talking, write, write, ready(inA(1), 1)], 3],
    ["follows those that fell off the page", [...talking, write, ...heard], 2],
    ["is the first again in the next pair", [...talking, write, pushed(ended("a", { waiting: waiting(2) })), pushed(matched("b", 2))], 1],
  ])("%s", (_, events, n) => {
    expect(play([...events, write]).sent).toMatchObject([{ type: "chat", n }]);
  });
});

describe("a block", () => {
  const BLOCK: SessionEvent = { type: "block_asked" };
  const block = { type: "block", pair: "a" } as const;
  const talking = [FIND, pushed(matched("a", 1))];
  const over = [...talking, pushed(ended("a", { by: "peer" }))];
  const refusal: CommandError = { code: "bad_request", message: "", temporary: false };
  const quiet = { ...FRESH, autoNextMs: null };

  it("ends the talk at once, and nothing begins by itself", () => {
    const { model, sent } = play([...talking, BLOCK]);
    expect(sent).toEqual([block]);
    expect(model.view).toMatchObject({ phase: "ended", pair: null, ended: { pair: "a", by: "me", blocked: true, nextAt: null } });
  });

  it("reaches back to the talk that just ended, once", () => {
    expect(play([...over, BLOCK], quiet).sent).toEqual([block]);
    expect(play([...over, BLOCK, BLOCK], quiet).sent).toEqual([]);
    expect(play([BLOCK]).sent).toEqual([]);
  });

  it("holds over a resume that still knows the pair, and against being requeued", () => {
    const pair: State = { kind: "pair", matched: matched("a", 1), talking_since: NOW, peer_away_until: null, peer_muted: { audio: false, video: false }, lines: [], peer_hidden: false, last_n: 0 };
    expect(play([...talking, BLOCK, ready(pair, 1)])).toMatchObject({ sent: [], model: { view: { phase: "ended" } } });
    expect(play([...talking, BLOCK, pushed(waiting(1))]).model.view.phase).toBe("ended");
    expect(play([...talking, BLOCK, answer(block), pushed(waiting(2))]).sent).toEqual([{ type: "cancel", attempt: 2 }]);
  });

  it("that is refused leaves the pair, says so, and can be asked again", () => {
    const { model, sent } = play([...talking, BLOCK, answer(block, refusal)]);
    expect(sent).toEqual([{ type: "leave", pair: "a" }]);
    expect(model.view).toMatchObject({ notice: { code: "bad_request" }, ended: { blocked: false } });
  });
});

describe("what follows a talk", () => {
  const choose = (afterMs: number | null, pauseWhenSkipped = false): SessionEvent => ({ type: "auto_next_chosen", afterMs, pauseWhenSkipped });
  const over = (fields: Partial<Ended> = {}): SessionEvent[] => [FIND, pushed(matched("a", 1)), pushed(ended("a", fields))];
  it.each<[string, SessionEvent[], Partial<Model["view"]["ended"]> | null]>([
    ["counts down", [choose(3_000), ...over()], { nextAt: NOW + 3_000 }],
    ["rests when nothing is to begin by itself", [choose(null), ...over()], { nextAt: null }],
    ["rests after being skipped, if so chosen", [choose(3_000, true), ...over()], { nextAt: null }],
    ["counts down after a lost partner all the same", [choose(3_000, true), ...over({ reason: "lost" })], { nextAt: NOW + 3_000 }],
    ["is called off in the middle", [choose(3_000), ...over(), choose(null)], { nextAt: null }],
  ])("%s", (_, events, view) => {
    expect(play(events).model.view).toMatchObject({ phase: "ended", ended: view });
  });

  it("calls off what the server began for who is to rest", () => {
    const { model, sent } = play([choose(0, true), ...over({ waiting: waiting(2) })]);
    expect(model.view.phase).toBe("ended");
    expect(sent).toEqual([{ type: "cancel", attempt: 2 }]);
  });
});

describe("staying", () => {
  it("calls off the search that began by itself", () => {
    const { model, sent } = play([FIND, pushed(matched("a", 1)), pushed(ended("a", { waiting: waiting(2) })), STAY]);
    expect(model.view).toMatchObject({ phase: "ended", ended: { alias: "a", nextAt: null } });
    expect(sent).toEqual([{ type: "cancel", attempt: 2 }]);
  });

  it("stops the countdown", () => {
    const counting = { ...FRESH, autoNextMs: 3_000 };
    const { model, effects } = play([FIND, pushed(matched("a", 1)), pushed(ended("a")), STAY], counting);
    expect(model.view.ended?.nextAt).toBeNull();
    expect(effects).toContainEqual({ type: "stop_timer", timer: "auto_next" });
  });
});

describe("after a talk", () => {
  it.each<[string, number | null, boolean]>([
    ["the server is asked to requeue", 0, true],
    ["the server is not, when we count down", 3_000, false],
    ["the server is not, when the person is asked", null, false],
  ])("%s", (_, autoNextMs, autoNext) => {
    expect(play([FIND], { ...FRESH, autoNextMs }).sent).toMatchObject([{ filters: { auto_next: autoNext } }]);
  });

  it("counts down and searches", () => {
    const counting = { ...FRESH, autoNextMs: 3_000 };
    const over = play([FIND, pushed(matched("a", 1)), pushed(ended("a"))], counting);
    expect(over.model.view.ended?.nextAt).toBe(NOW + 3_000);
    expect(over.effects).toContainEqual({ type: "start_timer", timer: "auto_next", delayMs: 3_000 });
    expect(play([{ type: "timer_fired", timer: "auto_next" }], over.model).sent).toMatchObject([{ type: "find", attempt: 2 }]);
  });

  it("waits on at once when the pair failed before talking, whatever was asked for", () => {
    const asking = { ...FRESH, autoNextMs: null };
    const { model } = play([FIND, pushed(matched("a", 1)), pushed(ended("a", { reason: "media_failed", waiting: waiting(2) }))], asking);
    expect(model.view).toMatchObject({ phase: "searching", ended: { reason: "media_failed", talkedMs: null } });
  });
});

describe("a refusal", () => {
  const limited: CommandError = { code: "rate_limited", message: "", temporary: true, retry_after_ms: 1_500 };
  const final: CommandError = { code: "bad_request", message: "", temporary: false };
  const next = { type: "next", pair: "a", attempt: 2, filters: null } as const;
  const find = { type: "find", attempt: 1 } as const;
  const refusedNext = [FIND, pushed(matched("a", 1)), NEXT, answer(next, limited)];

  it("of a Next that was too fast frees the partner and searches later", () => {
    const { model, effects, sent } = play(refusedNext);
    expect(model.view).toMatchObject({ phase: "searching", notice: null });
    expect(sent).toEqual([{ type: "leave", pair: "a" }]);
    expect(effects).toContainEqual({ type: "start_timer", timer: "retry", delayMs: 1_500 });
    expect(play([RETRY], model).sent).toMatchObject([{ type: "find", attempt: 3 }]);
  });

  it("is not retried after a stop", () => {
    const { model, effects } = play([...refusedNext, STOP]);
    expect(effects).toContainEqual({ type: "stop_timer", timer: "retry" });
    expect(play([RETRY], model).sent).toEqual([]);
  });

  it("that is overtaken by a newer wish moves nothing", () => {
    expect(play([FIND, STOP, FIND, answer(find, limited)]).effects).toEqual([]);
  });

  it("for good ends the search and is told", () => {
    const { model } = play([FIND, answer(find, final)]);
    expect(model.view).toMatchObject({ phase: "start", notice: { level: "error", code: "bad_request" } });
  });

  it("because the store is away is told and retried", () => {
    const { model, effects } = play([FIND, answer(find, { ...limited, code: "unavailable" })]);
    expect(model.view).toMatchObject({ phase: "searching", notice: { level: "warn", code: "unavailable" } });
    expect(effects).toContainEqual({ type: "start_timer", timer: "retry", delayMs: 1_500 });
  });
});

it("never changes the state it was given", () => {
  const frozen = Object.freeze({ ...FRESH, view: Object.freeze(FRESH.view) });
  expect(() => play([FIND, pushed(matched("a", 1)), NEXT, STOP], frozen)).not.toThrow();
});

describe("a report", () => {
  const REPORT: SessionEvent = { type: "report_asked", reason: "spam", text: "sells things" };
  const report = { type: "report", pair: "a", reason: "spam", text: "sells things" } as const;
  const talking = [FIND, pushed(matched("a", 1)), pushed({ type: "talking", rev: 1, pair: "a", since: NOW })];
  const refusal: CommandError = { code: "unavailable", message: "", temporary: true, retry_after_ms: 1_000 };

  it("is a way out of the talk, at once", () => {
    const { model, sent } = play([...talking, REPORT]);
    expect(sent).toEqual([report]);
    expect(model.view).toMatchObject({ phase: "ended", pair: null, ended: { blocked: true, reported: true, nextAt: null } });
  });

  it("is not made twice", () => {
    expect(play([...talking, REPORT, answer(report), REPORT]).sent).toEqual([]);
  });

  it("can be made again where it was not kept", () => {
    const { model } = play([...talking, REPORT, answer(report, refusal)]);
    expect(model.view).toMatchObject({ notice: { code: "unavailable" }, ended: { reported: false } });
    expect(play([REPORT], model).sent).toEqual([report]);
  });

  it("can be made after the talk", () => {
    expect(play([...talking, pushed(ended("a", { reason: "left" })), REPORT], { ...FRESH, autoNextMs: null }).sent).toEqual([report]);
  });
});

describe("going back", () => {
  const BACK: SessionEvent = { type: "back_asked" };
  const OVER: SessionEvent = { type: "timer_fired", timer: "back_over" };
  const back = { type: "back", pair: "a" } as const;
  const until = NOW + 5_000;
  const talking = [FIND, pushed(matched("a", 1)), pushed({ type: "talking", rev: 1, pair: "a", since: NOW })];
  const skipped = [...talking, pushed(ended("a", { back_until: until }))];
  const moved = [...talking, NEXT, pushed(ended("a", { by: "me", waiting: waiting(2), back_until: until }))];
  const counting = { ...FRESH, autoNextMs: 3_000 };
  const offer = (of: number | null): SessionEvent => pushed({ type: "back_offer", pair: "a", until: of });
  const late: CommandError = { code: "bad_request", message: "", temporary: true };

  it.each([["who was left", skipped], ["who pressed Next", moved]])("is open to %s, for a while", (_, events) => {
    const { model, effects } = play(events, counting);
    expect(model.view.back).toEqual({ pair: "a", alias: "a", until, mine: false, theirs: false });
    expect(effects).toContainEqual({ type: "start_timer", timer: "back_over", delayMs: 5_000 });
    expect(reduce(model, OVER, until).state.view.back).toBeNull();
    expect(reduce(model, OVER, until - 1).state.view.back).not.toBeNull();
  });

  it("is said once", () => {
    const { model, sent } = play([...skipped, BACK], counting);
    expect(sent).toEqual([back]);
    expect(model.view.back).toMatchObject({ mine: true });
    expect(play([BACK], model).sent).toEqual([]);
  });

  it("leads into the new pair, also from a rest", () => {
    const { model, sent } = play([...skipped, BACK, answer(back), pushed(matched("b", 1))], counting);
    expect(sent).toEqual([]);
    expect(model.view).toMatchObject({ phase: "connecting", pair: { id: "b" }, back: null, ended: null });
  });

  it("is nothing that somebody else's match waits for", () => {
    const { model, sent } = play([...skipped, pushed(matched("b", 1))], counting);
    expect(sent).toEqual([{ type: "leave", pair: "b" }]);
    expect(model.view.pair).toBeNull();
  });

  it("shows that the other one would like to", () => {
    expect(play([...moved, offer(until)]).model.view.back).toMatchObject({ theirs: true });
    expect(play([...moved, offer(until), offer(null)]).model.view).toMatchObject({ back: null, notice: null });
  });

  it("says that it is too late to who had wanted to", () => {
    const code = "back_too_late";
    expect(play([...moved, BACK, answer(back), offer(null)]).model.view).toMatchObject({ back: null, notice: { code } });
    expect(play([...moved, BACK, answer(back, late)]).model.view).toMatchObject({ back: null, notice: { code } });
  });

  it("may be tried again where the server was away", () => {
    const away: CommandError = { code: "unavailable", message: "", temporary: true };
    expect(play([...moved, BACK, answer(back, away)]).model.view).toMatchObject({ back: { mine: false }, notice: { code: "unavailable" } });
  });

  it("is over with a stop, which the other one may know", () => {
    expect(play([...skipped, STOP], counting)).toMatchObject({ sent: [{ type: "leave", pair: "a" }], model: { view: { back: null } } });
    expect(play([...moved, STOP])).toMatchObject({ sent: [{ type: "cancel", attempt: 2 }], model: { view: { back: null } } });
  });

  it.each([["another pair", pushed(matched("c", 2))], ["a reload", ready({ kind: "idle" }, 2)]])("is over with %s", (_, event) => {
    expect(play([...moved, event]).model.view.back).toBeNull();
  });

  it("is not there after anything but a Next", () => {
    expect(play([...talking, pushed(ended("a", { reason: "left" }))], counting).model.view.back).toBeNull();
    expect(play([...talking, pushed(ended("a", { back_until: NOW }))], counting).model.view.back).toBeNull();
  });
});
