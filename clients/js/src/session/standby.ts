/** Another session of this person became the active one; this one stays connected, and rings. */
import type { RingingState } from "../protocol.gen.js";
import { andThen, dropPair, ofCalls, see, step, type Model, type Step } from "./model.js";
import { hushed, noRingFound, ringFound } from "./ringing.js";
import { calmed } from "./searching.js";

/** What the person does goes on elsewhere. A call that rings for them does so here, too, until its end is told. */
export function stoodBy(model: Model): Step {
  const gone = see(model, { phase: "start", waiting: null, ended: null, back: null, chat: [] });
  const resting = andThen(step({ ...gone, goal: "idle", pending: null, staying: false }), dropPair, calmed);
  const { call } = model.view;
  return call === null || !call.outgoing ? resting : andThen(resting, (m) => hushed(ofCalls(m, { dial: null })));
}

/** Back after a lost socket, still standing by: what rings here may have changed. */
export function ringToldAgain(model: Model, ringing: RingingState | null, skewMs: number, now: number): Step {
  return andThen(stoodBy({ ...model, skewMs }), (known) => {
    if (ringing === null) return noRingFound(known);
    return andThen(ringFound(known, ringing, now), (m) => step(ofCalls(m, { adopts: false }))); // no search waits here
  });
}
