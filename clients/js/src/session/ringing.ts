/** What is told of a direct call: it rings, it was taken, it is over. Beside `calling.ts`, which is what the person does. */
import { CallEnd, type CallState, type Ended, type Incoming, type Matched, type RingingState } from "../protocol.gen.js";
import { andThen, ofCalls, say, see, step, type Model, type Step } from "./model.js";
import { find, waitingTold } from "./searching.js";
import type { CallEndedView, CallOver, CallView } from "./state.js";

/** From the press to the name of the call: longer, and it would ring when nobody expects it any more. */
export const DIAL_MS = 15_000;
/** From the answer to the pair; the server's own deadline for it is 10 s. */
const ANSWERED_MS = 15_000;
const BY: Readonly<Record<CallEnd, CallEndedView["by"]>> = {
  [CallEnd.DECLINED]: "peer",
  [CallEnd.CANCELLED]: "peer",
  [CallEnd.MISSED]: "server",
  [CallEnd.BUSY]: "peer",
  [CallEnd.ANSWERED_ELSEWHERE]: "me",
  [CallEnd.LOST]: "server",
};

/** Somebody calls. Late news of a call that is over does not ring, nor does one that we said no to. */
export function incomingTold(model: Model, told: Incoming, now: number): Step {
  if (model.view.pair !== null || told.call === model.calling.refused) return step(model);
  const call: CallView = { id: told.call, outgoing: false, alias: told.caller, mode: told.mode, expiresAt: null, answered: false };
  return rings(model, call, told.expires, now);
}

export function callTold(model: Model, told: CallState, now: number): Step {
  switch (told.state) {
    case "ringing":
      return ringingTold(model, told.call, told.expires ?? now + model.skewMs, now);
    case "accepted":
      return acceptedTold(model, told.call, told.pair ?? null, now);
    case "ended":
      return endedTold(model, told, now);
  }
}

/** Our own rings, and has a name now. One that nobody here wants is cancelled. */
function ringingTold(model: Model, id: string, expires: number, now: number): Step {
  const { dial, refused } = model.calling;
  const { call } = model.view;
  if (id === refused) return step(model);
  if (call?.id === id) return rings(model, call, expires, now);
  if (dial === null || dial.unwanted || call?.outgoing !== true) return unwanted(model, id);
  return rings(ofCalls(model, { dial: null }), { ...call, id }, expires, now);
}

/** Refused before it had a name, or before it was taken. */
function unwanted(model: Model, call: string): Step {
  return say(ofCalls(model, { dial: null, refused: call }), { type: "cancel_call", call });
}

/** On the screen, until its time is over. Whatever call or talk was shown before is gone. */
export function rings(model: Model, call: CallView, expires: number, now: number): Step {
  const until = expires - model.skewMs;
  if (until <= now) return call.outgoing ? over(model, CallEnd.MISSED, "server") : step(model);
  const shown = see(forgotten(model), { call: { ...call, expiresAt: until } });
  return step(ofCalls(shown, { until, pair: null }), { type: "start_timer", timer: "ring_over", delayMs: until - now });
}

/** Nothing is told any more of the call before. */
export function forgotten(model: Model): Model {
  const clean = see(model, { callEnded: null });
  if (model.view.ended?.call === undefined || model.view.pair !== null) return clean;
  return see(clean, { ended: null, phase: model.view.phase === "ended" ? "start" : model.view.phase, chat: [] });
}

function acceptedTold(model: Model, id: string, pair: string | null, now: number): Step {
  const { call } = model.view;
  if (model.calling.refused === id) return step(model); // our no is on its way
  if (isUnwanted(model, id)) return unwanted(model, id);
  if (call === null || model.view.pair !== null) return step(model); // `matched` tells all of it
  const answered = see(model, { call: { ...call, id, answered: true } });
  const until = now + ANSWERED_MS;
  return step(ofCalls(answered, { dial: null, pair, until, again: [] }), { type: "start_timer", timer: "ring_over", delayMs: ANSWERED_MS });
}

/** We have said no to it, maybe before we knew its name. */
export function isUnwanted({ calling }: Model, call: string): boolean {
  return calling.refused === call || calling.dial?.unwanted === true;
}

function endedTold(model: Model, told: CallState, now: number): Step {
  const { call } = model.view;
  const reason = told.reason ?? CallEnd.LOST;
  const { dial, refused, last } = model.calling;
  const nameless = dial !== null && ![refused, last, call?.id].includes(told.call); // it had no name before: they are busy
  const current = call !== null && (call.id === told.call || (call.id === null && nameless));
  const settled = nameless ? ofCalls(model, { dial: null, last: told.call }) : model;
  const ended = current ? over(settled, reason, BY[reason], { call: told.call }) : step(settled);
  return andThen(ended, (m) => wentOn(m, told, current, now));
}

/** The search that waited for the end of the call goes on; where the server has forgotten it, with a new one. */
function wentOn(model: Model, { waiting }: CallState, current: boolean, now: number): Step {
  if (waiting !== undefined) {
    const adopted = model.calling.adopts && model.pending === null ? ({ ...model, goal: "partner" } as const) : model;
    return waitingTold(ofCalls(adopted, { adopts: false }), waiting);
  }
  const forgottenSearch = current && model.view.phase === "searching" && model.goal === "partner" && model.pending === null && !model.retrying;
  return forgottenSearch ? find(model, now) : step(model);
}

/** What rings is over, or it never rang. */
export function over(model: Model, reason: CallOver, by: CallEndedView["by"], more: Partial<CallEndedView> = {}): Step {
  const { call } = model.view;
  if (call === null) return step(model);
  const { id, outgoing, alias } = call;
  const callEnded = { call: id, outgoing, alias, reason, by, talkedMs: null, retryAt: null, blocked: false, reported: false, ...more };
  return hushed(ofCalls(see(model, { callEnded }), { last: id ?? model.calling.last }));
}

/** Nothing rings; whatever we still have to say of it is said. */
export function hushed(model: Model): Step {
  if (model.view.call === null && model.calling.until === null) return step(model);
  const again = model.calling.again.filter(({ type }) => type !== "accept");
  return step(ofCalls(see(model, { call: null }), { until: null, pair: null, again }), { type: "stop_timer", timer: "ring_over" });
}

/** The pair that the call became ended before it could be joined. */
export function pairLost(model: Model, ended: Ended): Step {
  const { calling } = model;
  return calling.pair === ended.pair ? over(model, ended.reason, ended.by) : step(model);
}

/** A pair of a call that we have said no to. */
export function isUnwantedPair(model: Model, { call }: Matched): boolean {
  return call !== undefined && isUnwanted(model, call);
}

/** Its time is over, although nobody told us: a timer may be late, and so may news. */
export function overdue(model: Model, now: number): Step {
  const { until, dial, pair } = model.calling;
  const { call } = model.view;
  if (call === null || until === null || now < until) return step(model);
  if (call.id === null && dial !== null) return undialled(model, CallEnd.LOST, "server");
  if (pair !== null) return andThen(over(model, CallEnd.LOST, "server"), (m) => say(m, { type: "leave", pair }));
  return over(model, CallEnd.MISSED, "server");
}

/** The timer came too early: clocks are not exact. What is over by now is over already (`overdue`). */
export function ringOver(model: Model, now: number): Step {
  const { until } = model.calling;
  return until === null ? step(model) : step(model, { type: "start_timer", timer: "ring_over", delayMs: until - now });
}

/** A call that has no name yet is not wanted any more. */
export function undialled(model: Model, reason: CallOver, by: CallEndedView["by"]): Step {
  const { dial } = model.calling;
  const off = ofCalls(model, { dial: dial === null ? null : { ...dial, unwanted: true } });
  return andThen(over(off, reason, by), (m) => step(m, { type: "withdraw", command: "call" }));
}

// --- snapshots ---

/** `ready` has a call that rings. */
export function ringFound(model: Model, state: RingingState, now: number): Step {
  const { dial, refused } = model.calling;
  const { call: known, phase } = model.view;
  if (state.call === refused) return step(model); // our no is on its way again
  if (state.outgoing && dial?.unwanted === true) return unwanted(model, state.call);
  const answered = known?.id === state.call && known.answered;
  const call: CallView = { id: state.call, outgoing: state.outgoing, alias: state.peer, mode: state.mode, expiresAt: null, answered };
  const adopts = phase === "start" && model.goal === "idle" && model.pending === null;
  return rings(ofCalls(model, { adopts, dial: state.outgoing ? null : dial }), call, state.expires, now);
}

/** `ready` has none. One that the server may not have heard of yet is on its way again. */
export function noRingFound(model: Model): Step {
  const { dial } = model.calling;
  const waits = dial !== null && !dial.taken && !dial.unwanted;
  if (waits && model.view.call?.id === null) return step(model);
  return over(ofCalls(model, { dial: waits ? dial : null }), CallEnd.LOST, "server");
}
