/** Wanting a partner and not wanting one: find, next, stop, stay, and how the server answers them. */
import { ErrorCode, type CommandError, type Reply, type Waiting } from "../protocol.gen.js";
import type { Effect, Wishes } from "./events.js";
import { dropPair, isParting, isSearch, ofCalls, pursue, say, see, step, andThen, type Model, type Step } from "./model.js";
import type { WaitingView } from "./state.js";
import type { CommandBody } from "./wire.js";

/** When the server named no time. */
const RETRY_MS = 2_000;

export function findAsked(model: Model, wishes: Wishes, now: number): Step {
  const wishing = { ...model, wishes };
  return model.view.pair === null ? find(wishing, now) : moveOn(wishing, now);
}

export function nextAsked(model: Model, now: number): Step {
  if (model.view.pair !== null) return moveOn(model, now);
  return model.view.phase === "ended" ? find(model, now) : step(model);
}

export function stopAsked(model: Model): Step {
  const { back, pair, phase } = model.view;
  const stop = see(idle(model), { phase: "start", waiting: null, ended: null, back: null, chat: [] });
  const calm = calmed(stop);
  if (pair !== null) return andThen(calm, dropPair, (m) => pursue(m, { type: "leave", pair: pair.id }));
  if (phase === "searching") return andThen(calm, (m) => pursue(m, { type: "cancel", attempt: m.attempt }));
  return back === null ? calm : andThen(calm, (m) => pursue(m, { type: "leave", pair: back.pair })); // no way back, either
}

/** In a talk: remembered until it ends. After one: call off the search that began by itself. */
export function stayAsked(model: Model): Step {
  const { phase, ended } = model.view;
  if (phase === "connecting" || phase === "talking") return step({ ...model, staying: true });
  if (phase === "start" || ended === null) return step(model);
  const rest = see(idle(model), { phase: "ended", waiting: null, ended: { ...ended, nextAt: null } });
  const calm = calmed(rest);
  return phase === "searching" ? andThen(calm, (m) => pursue(see(m, { back: null }), { type: "cancel", attempt: m.attempt })) : calm;
}

/** What follows a talk by itself, from now on; a countdown that runs is called off with it. */
export function autoNextChosen(model: Model, autoNextMs: number | null, pauseWhenSkipped: boolean): Step {
  const chosen = { ...model, autoNextMs, pauseWhenSkipped };
  const counting = model.view.ended !== null && model.view.ended.nextAt !== null;
  return counting && autoNextMs === null ? stayAsked(chosen) : step(chosen);
}

/** Ask for a partner with the wishes of last time. */
export function find(model: Model, now: number): Step {
  const attempt = model.attempt + 1;
  const filters = { ...model.wishes, auto_next: model.autoNextMs === 0 };
  return andThen(calmed(searching(model, attempt, now)), (m) => pursue(m, { type: "find", attempt, filters }, ...beside(m)));
}

/** End the pair and ask for another partner, in one step; the page does not wait for the server. */
export function moveOn(model: Model, now: number): Step {
  const pair = model.view.pair;
  if (pair === null) return step(model);
  const attempt = model.attempt + 1;
  const filters = model.wishes === null ? null : { ...model.wishes, auto_next: model.autoNextMs === 0 };
  const moved = andThen(dropPair(model), (m) => calmed(searching({ ...see(m, { ended: null }), left: { pair: pair.id, alias: pair.peer.alias } }, attempt, now)));
  return andThen(moved, (m) => pursue(m, { type: "next", pair: pair.id, attempt, filters }, ...beside(m)));
}

/** The server says that we wait. */
export function waitingTold(model: Model, waiting: Waiting): Step {
  const known = { ...model, attempt: Math.max(model.attempt, waiting.attempt) };
  const { pending } = model;
  if (model.goal === "idle") {
    const stopping = isParting(pending) || (pending?.type === "cancel" && pending.attempt >= waiting.attempt);
    return stopping ? step(known) : pursue(known, { type: "cancel", attempt: waiting.attempt });
  }
  if (isSearch(pending) && waiting.attempt < pending.attempt) return step(known); // of an older one
  return andThen(dropPair(known), (m) => step(see(m, { phase: "searching", waiting: waitingView(waiting, m.skewMs) })));
}

/** A find, next, leave or cancel was answered. */
export function goalAnswered(model: Model, command: CommandBody, reply: Reply): Step {
  const current = model.pending !== null && sameGoal(model.pending, command);
  const settled = current ? { ...model, pending: null } : model;
  if (reply.error === undefined) return step(settled);
  const error = reply.error;
  // A refused `next` leaves the pair standing: free the partner now, search when allowed.
  const freed = command.type === "next" ? say(settled, { type: "leave", pair: command.pair }) : step(settled);
  if (!current) return freed;
  return andThen(freed, (m) => refused(m, command, error));
}

function refused(model: Model, command: CommandBody, error: CommandError): Step {
  const asking = isSearch(command);
  const told = asking && error.code === ErrorCode.RATE_LIMITED ? model : see(model, { notice: noticeOf(error) });
  if (asking && model.view.phase !== "searching") return step(model); // a match crossed it
  if (error.temporary || error.code === ErrorCode.RATE_LIMITED) {
    const redo = asking ? null : command;
    return step({ ...told, redo, retrying: true }, { type: "start_timer", timer: "retry", delayMs: retryMs(error) });
  }
  if (!asking) return step(told);
  return step(see(idle(told), { phase: told.view.ended === null ? "start" : "ended", waiting: null }));
}

/** The time to ask again has come. */
export function retryFired(model: Model, now: number): Step {
  const ready = { ...model, retrying: false, redo: null };
  if (model.goal === "idle") return model.redo === null ? step(ready) : pursue(ready, model.redo);
  return model.view.phase === "searching" ? find(ready, now) : step(ready);
}

export function noticeOf(error: CommandError): { level: "warn" | "error"; code: string; params: Record<string, never> } {
  return { level: error.temporary ? "warn" : "error", code: error.code, params: {} };
}

/** How long to wait before saying again what was refused for now. */
export function retryMs(error: CommandError): number {
  return error.retry_after_ms ?? RETRY_MS;
}

/** No timer of ours will ask for anything. */
export function calmed(model: Model): Step {
  return step(
    { ...model, retrying: false, redo: null },
    { type: "stop_timer", timer: "auto_next" },
    { type: "stop_timer", timer: "retry" },
  );
}

function idle(model: Model): Model {
  return { ...ofCalls(model, { adopts: false }), goal: "idle", staying: false };
}

function searching(model: Model, attempt: number, now: number): Model {
  const ended = model.view.ended === null ? null : { ...model.view.ended, nextAt: null };
  const waiting: WaitingView = { attempt, since: now, waitingCount: null, estimateMs: null, widened: [], paused: null };
  return { ...see(model, { phase: "searching", waiting, ended }), attempt, goal: "partner", staying: false };
}

export function waitingView(waiting: Waiting, skewMs: number): WaitingView {
  return {
    attempt: waiting.attempt,
    since: waiting.since - skewMs,
    waitingCount: waiting.waiting_count,
    estimateMs: waiting.estimate_ms,
    widened: waiting.widened,
    paused: waiting.paused ?? null,
  };
}

/** What goes with every search: outlive a reload, and warm up the media. */
function beside(model: Model): Effect[] {
  const remember: Effect = { type: "remember", wishes: model.wishes };
  return model.mediaUrl === null ? [remember] : [remember, { type: "prepare_media", url: model.mediaUrl }];
}

function sameGoal(a: CommandBody, b: CommandBody): boolean {
  if (a.type !== b.type) return false;
  const attempt = "attempt" in a && "attempt" in b ? a.attempt === b.attempt : true;
  return attempt && ("pair" in a && "pair" in b ? a.pair === b.pair : true);
}
