/** The whole state of a session: what a page sees (`view`), and what only the reducer needs. */
import type { BlockedPerson } from "../protocol.gen.js";
import type { CommandBody } from "./wire.js";
import type { Effect, Wishes } from "./events.js";
import type { BandwidthUse, EndedView, LineView, NetworkView, PairView } from "./state.js";

/** Samples of the quality in a row, and how many times the usual wait the picture's next return takes. */
export interface Streak {
  readonly poor: number;
  readonly well: number;
  /** Nothing came of the partner. */
  readonly silent: number;
  readonly patience: number;
}

export const NO_STREAK: Streak = { poor: 0, well: 0, silent: 0, patience: 1 };

/** What only the reducer needs of direct calls; what rings is in `view.call`. */
export interface Calling {
  /**
   * A `call` of ours that has no name yet. `taken`: the server has said `ok`, and tells the rest. `unwanted`: hung up
   * meanwhile, so it is cancelled as soon as it has a name.
   */
  readonly dial: { readonly to: string; readonly taken: boolean; readonly unwanted: boolean } | null;
  /** Epoch ms of our clock when `view.call` is over, whatever is heard or not; null: nothing rings. */
  readonly until: number | null;
  /** The pair that the call became, which has no room yet. */
  readonly pair: string | null;
  /** The last call that we said no to: whatever comes of it is not wanted. */
  readonly refused: string | null;
  /** To be said again when the timer `call_retry` fires. */
  readonly again: readonly CommandBody[];
  /** Found ringing after a reload: a search that goes on after it is one of ours. */
  readonly adopts: boolean;
  /** The last call that is over, however it ended. */
  readonly last: string | null;
  /** The link was not told because we stood by: it is asked for again when we do not. */
  readonly linkOwed: { readonly renew: boolean } | null;
}

export const NO_CALLING: Calling = { dial: null, until: null, pair: null, refused: null, again: [], adopts: false, last: null, linkOwed: null };

export interface Model {
  readonly view: LineView;
  readonly calling: Calling;
  readonly autoNextMs: number | null;
  /** Rest after a partner who pressed Next. */
  readonly pauseWhenSkipped: boolean;
  /** Whether there is a media adapter. */
  readonly hasMedia: boolean;
  readonly wishes: Wishes | null;
  /** The greatest attempt known, ours or the server's. */
  readonly attempt: number;
  /**
   * What the person wants. The server's pushes may lag behind it: with goal `idle`, a match that
   * crosses a stop is left again.
   */
  readonly goal: "idle" | "partner";
  /** The newest find, next, leave, cancel or block of a talk without an answer; the socket sends it again after a resume. */
  readonly pending: CommandBody | null;
  /** A leave or cancel to be said again when the timer `retry` fires; null: a find, if partner is the goal. */
  readonly redo: CommandBody | null;
  /** The timer `retry` runs. */
  readonly retrying: boolean;
  readonly staying: boolean;
  /** Whom we left by Next, and what they were called. */
  readonly left: { readonly pair: string; readonly alias: string } | null;
  /** Counts joins: what a join of another epoch says is stale. */
  readonly epoch: number;
  readonly mediaUrl: string | null;
  /** The pair has no room yet: `matched` comes again with credentials. */
  readonly awaitingRoom: boolean;
  readonly matchedAt: number;
  readonly typedAt: number;
  readonly streak: Streak;
  /** The greatest number of a line of ours in this pair; the server takes a smaller one for a repeat. */
  readonly lastN: number;
  /** Whom we unblock, and the server has not answered yet. */
  readonly lifting: readonly BlockedPerson[];
  /** The server's clock minus ours. */
  readonly skewMs: number;
}

export interface Step {
  readonly state: Model;
  readonly effects: readonly Effect[];
}

export interface ModelOptions {
  readonly autoNextMs: number | null;
  readonly pauseWhenSkipped?: boolean;
  readonly hasMedia: boolean;
  readonly wishes: Wishes | null;
  readonly dataSaver: boolean;
}

export function initialModel(options: ModelOptions): Model {
  return {
    pauseWhenSkipped: false,
    ...options,
    view: {
      connection: { status: "offline" },
      phase: "start",
      waiting: null,
      pair: null,
      media: { status: "none" },
      network: { quality: null, dataSaver: options.dataSaver, soundOnly: false },
      chat: [],
      ended: null,
      back: null,
      blocked: null,
      microphone: options.hasMedia,
      camera: options.hasMedia,
      notice: null,
      call: null,
      callEnded: null,
      link: null,
    },
    calling: NO_CALLING,
    attempt: 0, // `ready` tells how far this person is
    goal: "idle",
    pending: null,
    redo: null,
    retrying: false,
    staying: false,
    left: null,
    epoch: 0,
    mediaUrl: null,
    awaitingRoom: false,
    matchedAt: 0,
    typedAt: -Infinity,
    streak: NO_STREAK,
    lastN: 0,
    lifting: [],
    skewMs: 0,
  };
}

/** No pair and no call, and none is wanted. */
export function isAtRest({ goal, view }: Model): boolean {
  return goal === "idle" && view.pair === null && view.call === null;
}

export function step(state: Model, ...effects: Effect[]): Step {
  return { state, effects };
}

/** `first`, then what each of the others makes of the state before it. */
export function andThen(first: Step, ...others: ((state: Model) => Step)[]): Step {
  return others.reduce((before, next) => {
    const { state, effects } = next(before.state);
    return { state, effects: [...before.effects, ...effects] };
  }, first);
}

export function see(model: Model, view: Partial<LineView>): Model {
  return { ...model, view: { ...model.view, ...view } };
}

export function seePair(model: Model, pair: Partial<PairView>): Model {
  return model.view.pair === null ? model : see(model, { pair: { ...model.view.pair, ...pair } });
}

export function ofCalls(model: Model, calling: Partial<Calling>): Model {
  return { ...model, calling: { ...model.calling, ...calling } };
}

/** Say it; what is answered is taken as it comes. */
export function say(model: Model, ...commands: CommandBody[]): Step {
  return step(model, ...commands.map((command) => ({ type: "send", command }) as const));
}

/** Say it, and remember that it awaits its answer. */
export function pursue(model: Model, command: CommandBody, ...effects: Effect[]): Step {
  return andThen(step({ ...model, pending: command }, ...effects), (m) => say(m, command));
}

/** It asks for a partner. */
export function isSearch(command: CommandBody | null): command is Extract<CommandBody, { type: "find" | "next" }> {
  return command?.type === "find" || command?.type === "next";
}

/** It ends a pair, and asks for no other. */
export function isParting(command: CommandBody | null): command is Extract<CommandBody, { type: "leave" | "block" | "report" }> {
  return command?.type === "leave" || command?.type === "block" || command?.type === "report";
}

/** Forget the pair and let go of its media; the chat stays readable. */
export function dropPair(model: Model): Step {
  if (model.view.pair === null) return step(model);
  const quiet: Effect[] = [
    { type: "stop_timer", timer: "peer_typing" },
    { type: "stop_timer", timer: "media_over" },
  ];
  const joined = model.view.media.status !== "none";
  const dropped = step(
    { ...see(model, { pair: null, media: { status: "none" } }), epoch: model.epoch + 1 },
    ...quiet,
    ...(joined ? [{ type: "leave_media" } as const] : []),
  );
  return andThen(dropped, forgetNetwork);
}

/** Nothing is known of the network of the next pair. */
function forgetNetwork(model: Model): Step {
  const { network } = model.view;
  const fresh = { ...see(model, { network: { ...network, quality: null, soundOnly: false } }), streak: NO_STREAK };
  return network.soundOnly ? using(fresh) : step(fresh);
}

/** Tell the media how much of the network to use, as `view.network` has it. */
export function using(model: Model): Step {
  return step(model, { type: "use_bandwidth", use: useOf(model.view.network) });
}

function useOf({ soundOnly, dataSaver }: NetworkView): BandwidthUse {
  if (soundOnly) return "sound_only";
  return dataSaver ? "data_saver" : "full";
}

/** What to tell of the current pair, now that it is over. */
export function endedView(model: Model, why: Pick<EndedView, "reason" | "by">, now: number): EndedView | null {
  const pair = model.view.pair;
  if (pair === null) return null;
  const talkedMs = pair.talkingSince === null ? null : Math.max(0, now - pair.talkingSince);
  const call = pair.call === undefined ? {} : { call: pair.call };
  return { ...why, pair: pair.id, alias: pair.peer.alias, talkedMs, nextAt: null, blocked: false, reported: false, ...call };
}
