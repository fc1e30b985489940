/** Whom a person has blocked, as far as the server told it, and how a block is taken back. */
import { ErrorCode, type Blocked, type BlockedPerson, type CommandError } from "../protocol.gen.js";
import { say, see, step, type Model, type Step } from "./model.js";
import type { BlockedView } from "./state.js";
import type { CommandBody } from "./wire.js";

const UNKNOWN: BlockedView = { people: null, asking: false, error: null };

export function blockedAsked(model: Model): Step {
  if (isTurnedAway(model)) return unheard(model);
  if (model.view.blocked?.asking === true) return step(model);
  return say(seen(model, { asking: true, error: null }), { type: "blocked_list" });
}

/** Gone from the list at once. */
export function unblockAsked(model: Model, block: string): Step {
  if (isTurnedAway(model)) return unheard(model);
  const people = peopleOf(model);
  const lifted = people?.filter((person) => person.block === block) ?? [];
  const left = people?.filter((person) => person.block !== block) ?? null;
  return say({ ...seen(model, { people: left, error: null }), lifting: [...model.lifting, ...lifted] }, { type: "unblock", block });
}

/** It may have been read before the server heard that a block is taken back. */
export function blockedTold(model: Model, { people }: Blocked): Step {
  const lifted = new Set(model.lifting.map(({ block }) => block));
  const left = people.filter(({ block }) => !lifted.has(block));
  return step(seen(model, { people: left.map((person) => ({ ...person, at: person.at - model.skewMs })) }));
}

export function blockedAnswered(model: Model, error: CommandError | undefined): Step {
  return step(seen(model, { asking: false, ...(error === undefined ? {} : { error: error.code }) }));
}

/** Refused: they are blocked as before, and the person can ask once more. */
export function unblockAnswered(model: Model, { block }: Extract<CommandBody, { type: "unblock" }>, error: CommandError | undefined): Step {
  const lifting = model.lifting.filter((person) => person.block !== block);
  const kept = model.lifting.filter((person) => person.block === block);
  if (error === undefined) return step({ ...mayBlockAgain(model, kept), lifting });
  return step({ ...seen(model, { people: withAgain(model, kept), error: error.code }), lifting });
}

/** The last partner is known by the alias alone: whoever else had it can be blocked twice, which does nothing. */
function mayBlockAgain(model: Model, lifted: readonly BlockedPerson[]): Model {
  const { ended } = model.view;
  const isTheirs = ended?.blocked === true && lifted.some(({ alias }) => alias === ended.alias);
  return isTheirs ? see(model, { ended: { ...ended, blocked: false } }) : model;
}

/** The server turned us away: what was said will have no answer. */
export function blocksUnheard(model: Model): Step {
  const waits = model.view.blocked?.asking === true || model.lifting.length > 0;
  return waits ? unheard(model) : step(model);
}

function unheard(model: Model): Step {
  return step({ ...seen(model, { asking: false, people: withAgain(model, model.lifting), error: ErrorCode.UNAVAILABLE }), lifting: [] });
}

function isTurnedAway({ view }: Model): boolean {
  return view.connection.status === "refused";
}

function seen(model: Model, change: Partial<BlockedView>): Model {
  return see(model, { blocked: { ...(model.view.blocked ?? UNKNOWN), ...change } });
}

function peopleOf({ view }: Model): readonly BlockedPerson[] | null {
  return view.blocked?.people ?? null;
}

function withAgain(model: Model, kept: readonly BlockedPerson[]): readonly BlockedPerson[] | null {
  const people = peopleOf(model);
  return people === null ? null : [...people, ...kept].sort((a, b) => b.at - a.at);
}
