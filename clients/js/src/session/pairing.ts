/** A pair from `matched` to `ended`, and what its media does in between. */
import type { Ended, Matched, PeerChanged, Talking } from "../protocol.gen.js";
import type { Effect } from "./events.js";
import { dropPair, endedView, ofCalls, pursue, see, seePair, step, andThen, type Model, type Step } from "./model.js";
import { aliasOf, wayOpened } from "./returning.js";
import { heardOf } from "./network.js";
import { hushed, isUnwantedPair, pairLost } from "./ringing.js";
import { calmed, find, moveOn, waitingTold } from "./searching.js";

/** The server ends a pair whose media failed; if it does not, we move on by ourselves. */
const MEDIA_OVER_MS = 5_000;
const MAX_FIRST_FRAME_MS = 600_000;

export function matchedTold(model: Model, matched: Matched, now: number): Step {
  const known = { ...model, attempt: Math.max(model.attempt, matched.attempt) };
  if (model.view.pair?.id === matched.pair) return matchedAgain(known, matched);
  if (!isWanted(model, matched)) return notWanted(known, matched);
  return andThen(begin(known, matched, now), (m) => tellMuted(m, matched));
}

/** Calls have nothing to do with whether we search. */
function isWanted(model: Model, matched: Matched): boolean {
  if (matched.call !== undefined) return !isUnwantedPair(model, matched);
  return model.goal === "partner" || model.view.back?.mine === true;
}

export function notWanted(model: Model, { pair, call }: Matched): Step {
  const known = call === undefined ? model : ofCalls(model, { dial: null, refused: call });
  return pursue(known, { type: "leave", pair });
}

/** The room of a pair that a snapshot showed without one is made now. */
function matchedAgain(model: Model, matched: Matched): Step {
  const { status } = model.view.media;
  return model.awaitingRoom || status === "failed" ? bringUp(model, matched) : step(model);
}

/** Show the partner and bring the media up. */
export function begin(model: Model, matched: Matched, now: number): Step {
  return andThen(dropPair(model), hushed, calmed, (m) => bringUp(inPair(m, matched, now), matched));
}

function inPair(model: Model, matched: Matched, now: number): Model {
  const pair = {
    id: matched.pair,
    mode: matched.mode,
    peer: matched.peer,
    talkingSince: null,
    peerAwayUntil: null,
    peerTypingUntil: 0,
    peerMuted: { audio: false, video: false },
    ...(matched.call === undefined ? {} : { call: matched.call }),
  };
  const view = see(model, { phase: "connecting", pair, waiting: null, ended: null, callEnded: null, back: null, chat: [], media: { status: "none" } });
  const calling = matched.call === undefined ? model.calling : { ...model.calling, dial: null };
  return { ...view, calling, goal: "partner", awaitingRoom: false, matchedAt: now, staying: false, typedAt: -Infinity, lastN: 0 };
}

function bringUp(model: Model, matched: Matched): Step {
  if (matched.mode === "text") return step(model, { type: "report_media", pair: matched.pair, event: "connected" });
  if (matched.media === null) return step(see({ ...model, awaitingRoom: true }, { media: { status: "connecting" } }));
  if (!model.hasMedia) return mediaLost(model, "no_media_adapter");
  const epoch = model.epoch + 1;
  const { media: credentials, mode } = matched;
  const joining = see({ ...model, epoch, mediaUrl: credentials.url, awaitingRoom: false }, { media: { status: "connecting" } });
  return step(joining, { type: "join_media", epoch, credentials, mode });
}

/** Silence of a muted microphone must not look like a fault. */
export function muteCommand(model: Model): Effect[] {
  const { pair, microphone, camera } = model.view;
  if (pair === null || pair.mode === "text") return [];
  return [{ type: "send", command: { type: "mute", pair: pair.id, audio: !microphone, video: !camera } }];
}

function tellMuted(model: Model, matched: Matched): Step {
  const { microphone, camera } = model.view;
  const plain = microphone && (camera || matched.mode === "voice");
  return step(model, ...(plain ? [] : muteCommand(model)));
}

export function talkingTold(model: Model, talking: Talking): Step {
  if (model.view.pair?.id !== talking.pair) return step(model);
  return step(see(seePair(model, { talkingSince: talking.since - model.skewMs }), { phase: "talking" }));
}

export function endedTold(model: Model, ended: Ended, now: number): Step {
  const alias = aliasOf(model, ended.pair);
  return andThen(endedSeen(model, ended, now), (m) => wayOpened(m, ended, alias, now));
}

function endedSeen(model: Model, ended: Ended, now: number): Step {
  const known = ended.waiting === undefined ? model : { ...model, attempt: Math.max(model.attempt, ended.waiting.attempt) };
  if (model.view.pair?.id === ended.pair) return over(known, ended, now);
  return ended.waiting === undefined ? pairLost(known, ended) : waitingTold(known, ended.waiting);
}

/** The current pair is over: wait on, count down, or rest. After a call nothing begins by itself. */
export function over(model: Model, ended: Pick<Ended, "reason" | "by" | "waiting">, now: number): Step {
  const gone = andThen(dropPair(model), (m) => step(see(m, { phase: "ended", waiting: null, ended: endedView(model, ended, now) })));
  const { waiting } = ended;
  const staying = model.staying || (model.pauseWhenSkipped && ended.by === "peer" && ended.reason === "next");
  if (waiting !== undefined && !staying) return andThen(gone, (m) => waitingTold(m, waiting));
  const resting = andThen(gone, (m) => step({ ...m, goal: "idle", staying: false }));
  if (waiting !== undefined) return andThen(resting, (m) => waitingTold(m, waiting));
  const byItself = !staying && ended.by !== "me" && model.view.pair?.call === undefined ? model.autoNextMs : null;
  if (byItself === null) return resting;
  return andThen(resting, (m) => (byItself === 0 ? find(m, now) : countDown(m, byItself, now)));
}

function countDown(model: Model, delayMs: number, now: number): Step {
  const ended = model.view.ended === null ? null : { ...model.view.ended, nextAt: now + delayMs };
  return step(see(model, { ended }), { type: "start_timer", timer: "auto_next", delayMs });
}

export function peerTold(model: Model, peer: PeerChanged): Step {
  if (model.view.pair?.id !== peer.pair) return step(model);
  switch (peer.event) {
    case "reconnecting":
      return step(seePair(heardOf(model), { peerAwayUntil: peer.until === undefined ? null : peer.until - model.skewMs }));
    case "back":
      return step(seePair(heardOf(model), { peerAwayUntil: null }));
    case "muted":
      return step(seePair(heardOf(model), { peerMuted: { audio: peer.audio ?? false, video: peer.video ?? false } }));
    case "hidden":
      return step(seePair(model, { peerHidden: peer.value ?? false }));
    default:
      return step(model); // of a newer server
  }
}

export function mediaJoined(model: Model): Step {
  const pair = model.view.pair;
  if (pair === null) return step(model);
  return step(see(model, { media: { status: "connected" } }), { type: "report_media", pair: pair.id, event: "connected" });
}

export function mediaReconnecting(model: Model): Step {
  const pair = model.view.pair;
  if (pair === null) return step(model);
  return step(see(model, { media: { status: "reconnecting" } }), { type: "report_media", pair: pair.id, event: "reconnecting" });
}

export function mediaLost(model: Model, detail: string): Step {
  const pair = model.view.pair;
  if (pair === null) return step(model);
  return step(
    see(model, { media: { status: "failed", detail } }),
    { type: "report_media", pair: pair.id, event: "failed", detail },
    { type: "start_timer", timer: "media_over", delayMs: MEDIA_OVER_MS },
  );
}

export function mediaOver(model: Model, now: number): Step {
  const { pair, media } = model.view;
  if (pair === null || media.status !== "failed") return step(model);
  return model.staying || pair.call !== undefined ? leaveFailed(model, pair.id, now) : moveOn(model, now);
}

function leaveFailed(model: Model, pair: string, now: number): Step {
  return andThen(over(model, { reason: "media_failed", by: "me" }, now), (m) => pursue(m, { type: "leave", pair }));
}

export function firstFrame(model: Model, now: number): Step {
  const pair = model.view.pair;
  if (pair === null) return step(model);
  const ms = Math.round(Math.min(MAX_FIRST_FRAME_MS, Math.max(0, now - model.matchedAt)));
  return step(model, { type: "report_media", pair: pair.id, event: "first_frame", ms });
}
