/** Going back to the last partner: for a moment after a Next, if both want to. */
import { ErrorCode, type Back, type BackOffer, type Ended, type Reply } from "../protocol.gen.js";
import { say, see, step, type Model, type Step } from "./model.js";
import { noticeOf } from "./searching.js";

const TOO_LATE = { level: "info", code: "back_too_late", params: {} } as const;

/** The partner of this pair, as long as we know what they were called. */
export function aliasOf(model: Model, pair: string): string | null {
  if (model.view.pair?.id === pair) return model.view.pair.peer.alias;
  return model.left?.pair === pair ? model.left.alias : null;
}

export function wayOpened(model: Model, ended: Ended, alias: string | null, now: number): Step {
  if (ended.back_until === undefined || alias === null) return step(model);
  const until = ended.back_until - model.skewMs;
  if (until <= now) return step(model);
  const back = { pair: ended.pair, alias, until, mine: false, theirs: false };
  return step(see(model, { back }), { type: "start_timer", timer: "back_over", delayMs: until - now });
}

/** The search, or the countdown to it, goes on meanwhile. */
export function backAsked(model: Model): Step {
  const { back } = model.view;
  if (back === null || back.mine) return step(model);
  return say(see(model, { back: { ...back, mine: true } }), { type: "back", pair: back.pair });
}

export function backOffered(model: Model, offer: BackOffer): Step {
  const { back } = model.view;
  if (back?.pair !== offer.pair) return step(model);
  if (offer.until !== null) return step(see(model, { back: { ...back, theirs: true } }));
  return step(see(model, { back: null, ...(back.mine ? { notice: TOO_LATE } : {}) }));
}

export function backAnswered(model: Model, command: Omit<Back, "id">, reply: Reply): Step {
  const { back } = model.view;
  if (reply.error === undefined || back?.pair !== command.pair) return step(model);
  if (reply.error.code === ErrorCode.BAD_REQUEST) return step(see(model, { back: null, notice: TOO_LATE }));
  return step(see(model, { back: { ...back, mine: false }, notice: noticeOf(reply.error) }));
}

/** Its time is over. */
export function backOver(model: Model, now: number): Step {
  const { back } = model.view;
  return step(back === null || back.until > now ? model : see(model, { back: null }));
}
