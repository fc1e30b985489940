/** Direct calls as the person makes, takes and ends them, and how the server answers. `ringing.ts` has what is told of them. */
import { CallEnd, ErrorCode, type CommandError, type PersonalLink } from "../protocol.gen.js";
import { blockAsked, reportAsked } from "./blocking.js";
import type { SessionEvent } from "./events.js";
import { andThen, ofCalls, pursue, say, see, step, type Model, type Step } from "./model.js";
import { over as pairOver } from "./pairing.js";
import { DIAL_MS, forgotten, over, undialled } from "./ringing.js";
import { noticeOf, retryMs } from "./searching.js";
import type { CallView } from "./state.js";
import type { CommandBody } from "./wire.js";

type Asked<T extends SessionEvent["type"]> = Extract<SessionEvent, { type: T }>;

// --- what the person does ---

export function callAsked(model: Model, { to, mode }: Asked<"call_asked">, now: number): Step {
  const { call, pair } = model.view;
  const { dial } = model.calling;
  const crossing = dial !== null && !(dial.unwanted && dial.to === to);
  const engaged = call !== null && (call.outgoing || call.answered);
  if (pair !== null || engaged || crossing) return step(see(model, { notice: { level: "error", code: ErrorCode.BAD_REQUEST, params: {} } }));
  const dialled = ofCalls(forgotten(model), { dial: { to, taken: false, unwanted: false } });
  const command = { type: "call", to, mode } as const;
  if (call !== null) return say(dialled, command); // somebody calls: maybe the same one
  const outgoing: CallView = { id: null, outgoing: true, alias: null, mode, expiresAt: null, answered: false };
  const shown = ofCalls(see(dialled, { call: outgoing }), { until: now + DIAL_MS });
  return andThen(step(shown, { type: "start_timer", timer: "ring_over", delayMs: DIAL_MS }), (m) => say(m, command));
}

/** Shown at once; the ring goes on until the server says so, or its time is over. */
export function acceptAsked(model: Model): Step {
  const { call } = model.view;
  if (call === null || call.id === null || call.outgoing || call.answered) return step(model);
  const answered = see(model, { call: { ...call, answered: true } });
  return say(answered, { type: "accept", call: call.id });
}

/** `ringing`: a call that rings here, and nothing else. */
export function hangUpAsked(model: Model, ringing: boolean, now: number): Step {
  const { call, pair } = model.view;
  if (pair?.call !== undefined && !ringing) return hungUp(model, pair.id, now);
  if (call === null || (ringing && (call.outgoing || call.answered))) return step(model);
  if (call.id === null) return undialled(model, CallEnd.CANCELLED, "me");
  return andThen(over(model, noTo(call), "me"), (m) => refused(m, call));
}

function hungUp(model: Model, pair: string, now: number): Step {
  return andThen(pairOver(model, { reason: "left", by: "me" }, now), (m) => pursue(m, { type: "leave", pair }));
}

/** Whatever becomes of it now is not wanted: also the pair, where the answer crosses our no. */
function refused(model: Model, { id, outgoing, answered }: CallView): Step {
  if (id === null) return step(model);
  const decline: CommandBody[] = outgoing ? [] : [{ type: "decline", call: id }];
  const cancel: CommandBody[] = outgoing || answered ? [{ type: "cancel_call", call: id }] : [];
  return say(ofCalls(model, { refused: id }), ...decline, ...cancel);
}

/** What our no to it is called. */
function noTo({ outgoing, answered }: CallView): CallEnd {
  return outgoing || answered ? CallEnd.CANCELLED : CallEnd.DECLINED;
}

export function callDismissed(model: Model): Step {
  return step(forgotten(model));
}

/** Of what rings, of the talk, or of the last one. */
export function callBlockAsked(model: Model, now: number): Step {
  const { call, callEnded, pair, ended } = model.view;
  if (pair?.call !== undefined) return blockAsked(model, now);
  if (call !== null) return call.id === null ? step(model) : blockedWhileRinging(model, call, call.id);
  if (callEnded !== null) return callEnded.call === null || callEnded.blocked ? step(model) : blockedAfterwards(model, callEnded.call);
  return pair === null && ended?.call !== undefined ? blockAsked(model, now) : step(model);
}

function blockedWhileRinging(model: Model, call: CallView, id: string): Step {
  return andThen(over(model, noTo(call), "me", { blocked: true }), (m) => say(m, { type: "block", pair: id }), (m) => refused(m, call));
}

function blockedAfterwards(model: Model, call: string): Step {
  const { callEnded } = model.view;
  const marked = callEnded === null ? model : see(model, { callEnded: { ...callEnded, blocked: true } });
  return say(marked, { type: "block", pair: call });
}

/** Only a talk can be reported. */
export function callReportAsked(model: Model, { reason, text }: Asked<"call_report_asked">, now: number): Step {
  const { callEnded, ended, pair } = model.view;
  const talked = pair?.call !== undefined || (pair === null && callEnded === null && ended?.call !== undefined);
  return talked ? reportAsked(model, reason, text, now) : step(model);
}

export function linkAsked(model: Model, renew: boolean): Step {
  return say(ofCalls(model, { linkOwed: null }), { type: "call_link", renew });
}

export function linkTold(model: Model, { link }: PersonalLink): Step {
  return step(see(model, { link }));
}

// --- how the server answers ---

export function callAnswered(model: Model, error: CommandError | undefined, now: number): Step {
  const { dial } = model.calling;
  if (dial === null) return step(model);
  if (error === undefined) return step(ofCalls(model, { dial: { ...dial, taken: true } }));
  const settled = ofCalls(model, { dial: null });
  if (dial.unwanted) return step(settled);
  if (settled.view.call?.id !== null) return step(see(settled, { notice: noticeOf(error) })); // another one rings meanwhile
  const retryAt = error.retry_after_ms === undefined ? null : now + error.retry_after_ms;
  return over(settled, error.code, "server", { retryAt });
}

/** Refused for now: it rings on, and we ask again for as long as it does. */
export function acceptAnswered(model: Model, command: Extract<CommandBody, { type: "accept" }>, error: CommandError | undefined): Step {
  const { call } = model.view;
  if (error === undefined || call?.id !== command.call || !call.answered) return step(model);
  if (!error.temporary) return over(model, error.code, "server");
  const told = error.code === ErrorCode.NOT_ACTIVE ? model : see(model, { notice: noticeOf(error) });
  return later(told, command, error);
}

/** A no has to be heard. */
export function refusalAnswered(model: Model, command: CommandBody, error: CommandError | undefined): Step {
  return error?.temporary === true ? later(model, command, error) : step(model);
}

function later(model: Model, command: CommandBody, error: CommandError): Step {
  const again = [...model.calling.again, command];
  return step(ofCalls(model, { again }), { type: "start_timer", timer: "call_retry", delayMs: retryMs(error) });
}

export function callRetryFired(model: Model): Step {
  return say(ofCalls(model, { again: [] }), ...model.calling.again);
}

/** A block by the name of a call. Refused: the person can ask once more. */
export function callBlockAnswered(model: Model, error: CommandError | undefined): Step {
  const { callEnded } = model.view;
  if (error === undefined || callEnded === null) return step(model);
  return step(see(model, { callEnded: { ...callEnded, blocked: false }, notice: noticeOf(error) }));
}

export function linkAnswered(model: Model, { renew = false }: Extract<CommandBody, { type: "call_link" }>, error: CommandError | undefined): Step {
  if (error === undefined) return step(model);
  return step(error.code === ErrorCode.NOT_ACTIVE ? ofCalls(model, { linkOwed: { renew } }) : see(model, { notice: noticeOf(error) }));
}

/** After `ready`. */
export function linkOwed(model: Model): Step {
  const { linkOwed: owed } = model.calling;
  return owed === null ? step(model) : linkAsked(model, owed.renew);
}
