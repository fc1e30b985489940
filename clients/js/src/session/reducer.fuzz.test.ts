/** The reducer under any order of events, sensible or not: what may never happen does not. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { CallEnd, ErrorCode, type Ended, type Matched, type Push, type Ready, type State, type Waiting } from "../protocol.gen.js";
import type { Effect, SessionEvent, TimerName } from "./events.js";
import { initialModel, isAtRest, type Model } from "./model.js";
import { reduce } from "./reducer.js";
import type { CommandBody } from "./wire.js";

const NOW = 1_000_000;
const RUNS = { numRuns: 1_000 };

const pair = fc.constantFrom("a" as const, "b" as const, "c" as const);
const attempt = fc.integer({ min: 1, max: 6 });
const epoch = fc.integer({ min: 0, max: 12 });
const on = fc.boolean();
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

const waiting: fc.Arbitrary<Waiting> = attempt.map((n) => ({ type: "waiting", rev: 1, attempt: n, since: NOW, mode: "video", waiting_count: 2, estimate_ms: null, widened: [] }));
const credentials = pair.map((id) => ({ kind: "livekit" as const, url: "ws://media.test", token: `token-${id}`, subscribe: [] }));
/** A pair keeps its mode. */
const MODES = { a: "video", b: "voice", c: "text" } as const;
const matched: fc.Arbitrary<Matched> = fc
  .record({ pair, attempt, media: fc.option(credentials) })
  .map((fields) => ({ type: "matched", rev: 1, mode: MODES[fields.pair], peer: { alias: fields.pair, interests: [], facets: {} }, deadline_ms: 10_000, ...fields }));
const ended: fc.Arbitrary<Ended> = fc
  .record({ pair, by: fc.constantFrom("me" as const, "peer" as const, "server" as const), reason: fc.constantFrom("next" as const, "left" as const, "lost" as const, "media_failed" as const), waiting: maybe(waiting), until: maybe(fc.constant(NOW + 5_000)) })
  .map(({ waiting: then, until, ...fields }) => ({ type: "ended", rev: 1, ...fields, ...(then === undefined ? {} : { waiting: then }), ...(until === undefined ? {} : { back_until: until }) }));
const call = fc.constantFrom("k" as const, "l" as const);
/** Some are over before they are told. */
const expires = fc.constantFrom(NOW - 1, NOW + 20_000, NOW + 60_000);
const ofCall = fc.oneof(
  fc.record({ call, expires }).map((fields): Push => ({ type: "incoming", rev: 1, caller: fields.call, mode: "video", ...fields })),
  fc.record({ call, expires }).map((fields): Push => ({ type: "call_state", rev: 1, state: "ringing", ...fields })),
  fc.record({ call, pair }).map((fields): Push => ({ type: "call_state", rev: 1, state: "accepted", ...fields })),
  fc.record({ call, reason: fc.constantFrom(...Object.values(CallEnd)), then: maybe(waiting) }).map(({ then, ...fields }): Push => ({ type: "call_state", rev: 1, state: "ended", ...fields, ...(then === undefined ? {} : { waiting: then }) })),
  fc.record({ told: matched, call }).map(({ told, call: of }): Push => ({ ...told, call: of })),
);
const push: fc.Arbitrary<Push> = fc.oneof(
  { weight: 3, arbitrary: matched },
  { weight: 3, arbitrary: ofCall },
  ended,
  waiting,
  pair.map((id): Push => ({ type: "talking", rev: 1, pair: id, since: NOW })),
  pair.map((id): Push => ({ type: "typing", pair: id })),
  pair.map((id): Push => ({ type: "back_offer", pair: id, until: NOW + 5_000 })),
  fc.tuple(pair, attempt).map(([id, n]): Push => ({ type: "chat", pair: id, n, text: "hi", at: NOW })),
);

const state: fc.Arbitrary<State> = fc.oneof(
  fc.constant<State>({ kind: "idle" }),
  waiting.map((told): State => ({ kind: "waiting", waiting: told })),
  fc.record({ call, outgoing: on, expires }).map((fields): State => ({ kind: "ringing", peer: fields.call, mode: "voice", ...fields })),
  fc.tuple(matched, fc.option(fc.constant(NOW))).map(([told, since]): State => ({
    kind: "pair", matched: told, talking_since: since, peer_away_until: null, peer_muted: { audio: false, video: false }, lines: [], peer_hidden: false, last_n: 0,
  })),
);
const ready = fc.tuple(state, attempt, on).map(([told, known, samePerson]): SessionEvent => {
  const self = { person: "p", guest: true, facets: {} };
  const greeting: Ready = { type: "ready", rev: 0, session: "s", resume_token: "r", resume_window_ms: 1, self, attempt: known, state: told };
  return { type: "became_ready", ready: greeting, skewMs: 0, samePerson };
});

const command: fc.Arbitrary<CommandBody> = fc.oneof(
  attempt.map((n): CommandBody => ({ type: "find", attempt: n, filters: {} })),
  attempt.map((n): CommandBody => ({ type: "cancel", attempt: n })),
  fc.tuple(pair, attempt).map(([id, n]): CommandBody => ({ type: "next", pair: id, attempt: n, filters: null })),
  pair.map((id): CommandBody => ({ type: "leave", pair: id })),
  pair.map((id): CommandBody => ({ type: "block", pair: id })),
  pair.map((id): CommandBody => ({ type: "back", pair: id })),
  call.map((id): CommandBody => ({ type: "accept", call: id })),
  call.map((id): CommandBody => ({ type: "decline", call: id })),
  call.map((id): CommandBody => ({ type: "cancel_call", call: id })),
  call.map((id): CommandBody => ({ type: "block", pair: id })),
  fc.constant<CommandBody>({ type: "call", to: "link", mode: "video" }),
);
const answered = fc.tuple(command, maybe(fc.tuple(fc.constantFrom(...Object.values(ErrorCode)), on))).map(([said, refusal]): SessionEvent => {
  const error = refusal === undefined ? {} : { error: { code: refusal[0], message: "", temporary: refusal[1] } };
  return { type: "answered", command: said, reply: { type: "reply", id: "1", ok: refusal === undefined, ...error } };
});

const quality = fc.constantFrom("good" as const, "poor" as const, "lost" as const).map((level) => ({ level, rttMs: 1, loss: 0, receivedKbps: 1, sentKbps: 1, heard: level === "lost" ? null : level === "good" }));
const media: fc.Arbitrary<SessionEvent> = fc.oneof(
  epoch.map((of): SessionEvent => ({ type: "media_joined", epoch: of })),
  epoch.map((of): SessionEvent => ({ type: "media_reconnecting", epoch: of })),
  epoch.map((of): SessionEvent => ({ type: "media_failed", epoch: of, detail: "x" })),
  epoch.map((of): SessionEvent => ({ type: "first_frame_shown", epoch: of })),
  fc.tuple(epoch, quality).map(([of, sample]): SessionEvent => ({ type: "quality_sampled", epoch: of, quality: sample })),
);
const timer = fc.constantFrom<TimerName>("auto_next", "retry", "peer_typing", "media_over", "back_over", "ring_over", "call_retry").map((name): SessionEvent => ({ type: "timer_fired", timer: name }));
const person: fc.Arbitrary<SessionEvent> = fc.oneof(
  fc.constantFrom<SessionEvent>(
    { type: "find_asked", wishes: { mode: "video" } }, { type: "next_asked" }, { type: "stop_asked" }, { type: "stay_asked" }, { type: "block_asked" }, { type: "back_asked" },
    { type: "call_asked", to: "link", mode: "video" }, { type: "accept_asked" }, { type: "hang_up_asked", ringing: false }, { type: "hang_up_asked", ringing: true }, { type: "call_block_asked" }, { type: "call_dismissed" },
    { type: "chat_written", text: "hello" }, { type: "key_pressed" }, { type: "notice_dismissed" }, { type: "closed" },
  ),
  fc.tuple(fc.option(fc.constantFrom(0, 500)), on).map(([afterMs, pauseWhenSkipped]): SessionEvent => ({ type: "auto_next_chosen", afterMs, pauseWhenSkipped })),
  on.map((is): SessionEvent => ({ type: "microphone_switched", on: is })),
  on.map((is): SessionEvent => ({ type: "data_saver_switched", on: is })),
);
const connection = fc.constantFrom<SessionEvent>({ type: "connection_changed", connection: { status: "online" } }, { type: "connection_changed", connection: { status: "standby" } }, { type: "connection_changed", connection: { status: "standby", away: true } });
const comingBack = fc.option(fc.tuple(fc.constantFrom("c1", "c2"), fc.integer({ min: -5_000, max: 60_000 }))).map((rings): SessionEvent => {
  const ringing = rings === null ? null : ({ kind: "ringing", call: rings[0], outgoing: false, peer: "x", mode: "video", expires: NOW + rings[1] } as const);
  return { type: "came_back_to_stand_by", ringing, skewMs: 0 };
});
/** Time passes, in steps of which some are longer than a ring. */
const passing = fc.constantFrom(0, 0, 0, 0, 500, 25_000);
const happening = fc.oneof(connection, comingBack, { weight: 3, arbitrary: person }, { weight: 4, arbitrary: push.map((told): SessionEvent => ({ type: "pushed", push: told })) }, { weight: 3, arbitrary: media }, ready, answered, timer);
const life = fc.array(fc.tuple(happening, passing), { maxLength: 60, size: "max" });
type Life = readonly (readonly [SessionEvent, number])[];

const FRESH = initialModel({ autoNextMs: 0, hasMedia: true, wishes: null, dataSaver: false });

interface Moment {
  readonly now: number;
  readonly before: Model;
  readonly event: SessionEvent;
  readonly after: Model;
  readonly effects: readonly Effect[];
}

function played(events: Life): Moment[] {
  let model = FRESH;
  let now = NOW;
  return events.map(([event, passed]) => {
    const before = model;
    now += passed;
    const { state: after, effects } = reduce(before, event, now);
    model = after;
    return { before, event, after, effects, now };
  });
}

const always = (check: (moment: Moment) => void): void => fc.assert(fc.property(life, (events) => played(events).forEach(check)), RUNS);

it("joins media for the pair that it is in, and with a new epoch each time", () => {
  always(({ before, after, effects }) => {
    const joins = effects.filter((effect) => effect.type === "join_media");
    expect(joins.length).toBeLessThanOrEqual(1);
    for (const join of joins) {
      expect(after.view.pair?.mode).toBe(join.mode);
      expect(join.credentials.token).toBeTruthy();
      expect(join.epoch).toBeGreaterThan(before.epoch);
      expect(after.epoch).toBe(join.epoch);
    }
  });
});

it("says of media only what is so of the pair that it is in", () => {
  always(({ after, effects }) => {
    for (const effect of effects) {
      const about = effect.type === "report_media" || effect.type === "tell_typing" ? effect.pair : effect.type === "send" && effect.command.type === "mute" ? effect.command.pair : null;
      if (about !== null) expect(about).toBe(after.view.pair?.id);
    }
  });
});

it("lets go of the media of every pair that it drops", () => {
  always(({ before, after, effects }) => {
    const dropped = before.view.pair !== null && before.view.pair.id !== after.view.pair?.id;
    const joined = before.view.media.status !== "none" && !before.awaitingRoom;
    if (dropped && joined) expect(effects.map(({ type }) => type)).toContain("leave_media");
    if (after.view.pair === null) expect(after.view.media.status).toBe("none");
  });
});

it("does not hear what an older join says", () => {
  always(({ before, event, after, effects }) => {
    if (!("epoch" in event) || event.epoch === before.epoch) return;
    expect(after.view).toEqual({ ...before.view, call: after.view.call, callEnded: after.view.callEnded }); // a ring may be over
    expect(effects.filter(({ type }) => type !== "stop_timer" && type !== "withdraw" && type !== "send")).toEqual([]);
  });
});

it.each<SessionEvent>([{ type: "stop_asked" }, { type: "closed" }])("is at rest after $type, whatever was before, and no timer runs", (end) => {
  fc.assert(
    fc.property(life, (events) => {
      const moments = played([...events, [{ type: "hang_up_asked", ringing: false }, 0], [end, 0]]);
      const running = new Set<TimerName>();
      for (const { event, effects } of moments) {
        if (event.type === "timer_fired") running.delete(event.timer);
        for (const effect of effects) {
          if (effect.type === "start_timer") running.add(effect.timer);
          if (effect.type === "stop_timer") running.delete(effect.timer);
        }
      }
      const last = moments.at(-1)?.after ?? FRESH;
      expect(isAtRest(last)).toBe(true);
      expect(last.view).toMatchObject({ phase: "start", pair: null, waiting: null, ended: null, call: null, media: { status: "none" } });
      running.delete("call_retry"); // a no is said again until it is heard
      running.delete("back_over"); // the way back stays open over a Stop; that it closes asks for nothing
      expect([...running]).toEqual([]);
    }),
    RUNS,
  );
});

it("lets no ring outlive its time, and no call be beside a pair", () => {
  always(({ after, now }) => {
    const { call, pair } = after.view;
    if (call === null) return;
    expect(pair).toBeNull();
    expect(after.calling.until).toBeGreaterThan(now);
    if (!call.answered && call.expiresAt !== null) expect(call.expiresAt).toBe(after.calling.until);
  });
});

it("takes a call only when the person does, and begins nothing by itself after one", () => {
  always(({ before, event, after, effects }) => {
    const said = effects.filter((effect) => effect.type === "send").map(({ command: { type } }) => type);
    if (said.includes("accept")) expect(["accept_asked", "timer_fired"]).toContain(event.type);
    if (event.type !== "pushed" || event.push.type !== "ended" || event.push.waiting !== undefined) return;
    if (before.view.pair?.call !== undefined && after.view.pair === null) expect(said).not.toContain("find");
  });
});
