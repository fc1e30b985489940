/** Never again: how a person blocks a partner, during a talk or right after it. */
import type { Block, Reply } from "../protocol.gen.js";
import { andThen, pursue, see, step, type Model, type Step } from "./model.js";
import { over } from "./pairing.js";
import { calmed, noticeOf } from "./searching.js";

/** The page does not wait for the server: the picture is gone at once. Nothing begins by itself afterwards. */
export function blockAsked(model: Model, now: number): Step {
  const { pair, ended } = model.view;
  if (pair !== null) {
    const gone = andThen(calmed(model), (m) => over(m, { reason: "left", by: "me" }, now));
    return andThen(gone, (m) => pursue(marked(m, true), { type: "block", pair: pair.id }));
  }
  if (ended === null || ended.blocked) return step(model);
  return step(marked(model, true), { type: "send", command: { type: "block", pair: ended.pair } });
}

/** Refused: the pair may still stand, so it is left; and the person can ask once more. */
export function blockAnswered(model: Model, command: Omit<Block, "id">, reply: Reply): Step {
  const current = model.pending?.type === "block" && model.pending.pair === command.pair;
  const settled = current ? { ...model, pending: null } : model;
  if (reply.error === undefined) return step(settled);
  const open = settled.view.ended?.pair === command.pair ? marked(settled, false) : settled;
  const leave = { type: "send", command: { type: "leave", pair: command.pair } } as const;
  return step(see(open, { notice: noticeOf(reply.error) }), leave);
}

function marked(model: Model, blocked: boolean): Model {
  const { ended } = model.view;
  return ended === null ? model : see(model, { ended: { ...ended, blocked } });
}
