/**
 * `ready.state` is the truth: what was believed before is dropped.
 *
 * Two things survive it, because they are not beliefs about the server: what the person asked for and
 * the server has not answered (the socket says it again), and a search that the person wants to go on.
 */
import type { PairState, Ready, Waiting } from "../protocol.gen.js";
import { merged } from "./chatting.js";
import { dropPair, endedView, isParting, isSearch, NO_CALLING, say, see, seePair, step, andThen, type Model, type Step } from "./model.js";
import { linkOwed } from "./calling.js";
import { begin, muteCommand, notWanted, over } from "./pairing.js";
import { hushed, isUnwantedPair, noRingFound, ringFound } from "./ringing.js";
import { find, waitingTold } from "./searching.js";

/** How a pair ended that was gone when we came back. */
const LOST = { reason: "lost", by: "server" } as const;

export function snapshotTold(model: Model, ready: Ready, skewMs: number, samePerson: boolean, now: number): Step {
  const known: Model = { ...see(model, { back: null }), skewMs, attempt: Math.max(model.attempt, ready.attempt), pending: samePerson ? model.pending : null };
  const person = samePerson ? step(known) : andThen(hushed(known), (m) => step({ ...see(m, { callEnded: null, link: null, blocked: null }), calling: NO_CALLING, lifting: [] }));
  return andThen(person, (m) => stateTold(m, ready, now), linkOwed);
}

function stateTold(known: Model, { state, attempt }: Ready, now: number): Step {
  switch (state.kind) {
    case "idle":
      return andThen(noRingFound(known), (m) => idleTold(m, attempt, now));
    case "waiting":
      return andThen(noRingFound(known), (m) => waitingFound(m, state.waiting, now));
    case "pair":
      return pairTold(known, state, now);
    case "ringing": // a pair that we believe in is over
      return andThen(known.view.pair === null ? step(known) : over(known, LOST, now), (m) => ringFound(m, state, now));
  }
}

function idleTold(model: Model, attempt: number, now: number): Step {
  if (model.view.pair !== null) return over(model, LOST, now);
  const { pending } = model;
  const asked = isSearch(pending) && pending.attempt > attempt;
  if (model.goal === "idle" || model.retrying || asked) return step(model);
  return find(model, now); // the queue forgot us (it restarted, or we were away too long), or our number was old
}

/** Nothing unanswered: take over what the server has us do (also after a reload of the page). */
function waitingFound(model: Model, waiting: Waiting, now: number): Step {
  const ended = endedView(model, LOST, now);
  const seen = ended === null ? model : see(model, { ended, phase: "ended" });
  const goal = model.staying ? "idle" : "partner";
  const adopted = model.pending === null ? { ...seen, goal, staying: false } as const : seen;
  return andThen(dropPair(adopted), (m) => waitingTold(m, waiting));
}

function pairTold(model: Model, state: PairState, now: number): Step {
  const { matched } = state;
  const { pending } = model;
  if (isUnwantedPair(model, matched)) return notWanted(model, matched);
  const moving = (pending?.type === "next" || isParting(pending)) && pending.pair === matched.pair;
  const ofCall = matched.call !== undefined; // has nothing to do with whether we search
  const cancelling = !ofCall && pending?.type === "cancel" && pending.attempt >= matched.attempt;
  const known = { ...model, attempt: Math.max(model.attempt, matched.attempt) };
  if (moving || cancelling) return step(known); // the unanswered command ends this pair
  if (!ofCall && model.goal === "idle" && pending !== null) return say(known, { type: "leave", pair: matched.pair });
  const { status } = model.view.media;
  const up = matched.mode === "text" || (status !== "none" && status !== "failed" && !model.awaitingRoom);
  const same = model.view.pair?.id === matched.pair;
  const inIt = up && same ? kept(known, state) : begin(known, matched, now);
  const lastN = Math.max(state.last_n, same ? model.lastN : 0); // lines of ours may still be on their way
  // Whatever was off before a reload: the partner hears how it is now.
  return andThen(inIt, (m) => step(told({ ...m, lastN }, state), ...muteCommand(m)));
}

/** Same pair, media up: keep it; but `media connected` may have been lost with the old socket. */
function kept(model: Model, state: PairState): Step {
  const { status } = model.view.media;
  const up = status === "connected" || status === "none";
  const again = up && state.talking_since === null;
  return step(model, ...(again ? [{ type: "report_media", pair: state.matched.pair, event: "connected" } as const] : []));
}

function told(model: Model, state: PairState): Model {
  const since = state.talking_since === null ? null : state.talking_since - model.skewMs;
  const peerAwayUntil = state.peer_away_until === null ? null : state.peer_away_until - model.skewMs;
  const seen = seePair(model, { talkingSince: since, peerAwayUntil, peerMuted: state.peer_muted, peer: state.matched.peer });
  return see(seen, {
    phase: since === null ? "connecting" : "talking",
    chat: merged(model.view.chat, state.lines, model.skewMs),
  });
}
