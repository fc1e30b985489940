/** Never again: how a person blocks a partner, or reports one, during a talk or right after it. */
import type { Block, Reply, Report } from "../protocol.gen.js";
import { andThen, pursue, say, see, step, type Model, type Step } from "./model.js";
import { over } from "./pairing.js";
import { calmed, noticeOf } from "./searching.js";

type Apart = Omit<Block, "id"> | Omit<Report, "id">;

export function blockAsked(model: Model, now: number): Step {
  const { pair, ended } = model.view;
  if (pair !== null) return gone(model, { type: "block", pair: pair.id }, now);
  return ended === null || ended.blocked ? step(model) : afterwards(model, { type: "block", pair: ended.pair });
}

export function reportAsked(model: Model, reason: string, text: string, now: number): Step {
  const { pair, ended } = model.view;
  if (pair !== null) return gone(model, { type: "report", pair: pair.id, reason, text }, now);
  return ended === null || ended.reported ? step(model) : afterwards(model, { type: "report", pair: ended.pair, reason, text });
}

/** The page does not wait for the server: the picture is gone at once. Nothing begins by itself afterwards. */
function gone(model: Model, command: Apart, now: number): Step {
  const left = andThen(calmed(model), (m) => over(m, { reason: "left", by: "me" }, now));
  return andThen(left, (m) => pursue(marked(m, command, true), command));
}

function afterwards(model: Model, command: Apart): Step {
  return say(see(marked(model, command, true), { back: null }), command);
}

/** Refused: the pair may still stand, so it is left; and the person can ask once more. */
export function blockAnswered(model: Model, command: Apart, reply: Reply): Step {
  const current = model.pending?.type === command.type && model.pending.pair === command.pair;
  const settled = current ? { ...model, pending: null } : model;
  if (reply.error === undefined) return step(settled);
  const open = settled.view.ended?.pair === command.pair ? marked(settled, command, false) : settled;
  return say(see(open, { notice: noticeOf(reply.error) }), { type: "leave", pair: command.pair });
}

function marked(model: Model, command: Apart, done: boolean): Model {
  const { ended } = model.view;
  if (ended === null) return model;
  return see(model, { ended: { ...ended, blocked: done, reported: command.type === "report" ? done : ended.reported } });
}
