/**
 * The one place where a session's state moves: state and event in, state and effects out.
 *
 * Pure: no clock (`now` is given), no randomness, no I/O. The session performs the effects.
 */
import { assertNever } from "../errors.js";
import { ErrorCode, type Push, type Reply } from "../protocol.gen.js";
import { blockAnswered, blockAsked, reportAsked } from "./blocking.js";
import { blockedAnswered, blockedAsked, blockedTold, blocksUnheard, unblockAnswered, unblockAsked } from "./blocklist.js";
import {
  acceptAnswered, acceptAsked, callAnswered, callAsked, callBlockAnswered, callBlockAsked, callDismissed, callReportAsked, callRetryFired,
  hangUpAsked, linkAnswered, linkAsked, linkTold, refusalAnswered,
} from "./calling.js";
import { chatAnswered, chatHeard, chatWritten, keyPressed, peerTyped } from "./chatting.js";
import type { SessionEvent, TimerName } from "./events.js";
import { dropPair, initialModel, ofCalls, see, seePair, step, andThen, type Model, type Step } from "./model.js";
import { dataSaverSwitched, qualitySampled } from "./network.js";
import { endedTold, firstFrame, matchedTold, mediaJoined, mediaLost, mediaOver, mediaReconnecting, muteCommand, peerTold, talkingTold } from "./pairing.js";
import { backAnswered, backAsked, backOffered, backOver } from "./returning.js";
import { callTold, hushed, incomingTold, overdue, ringOver } from "./ringing.js";
import { autoNextChosen, calmed, find, findAsked, goalAnswered, nextAsked, noticeOf, retryFired, stayAsked, stopAsked, waitingTold } from "./searching.js";
import { snapshotTold } from "./snapshot.js";
import { ringToldAgain, stoodBy } from "./standby.js";
import type { ConnectionState } from "./state.js";
import type { CommandBody } from "./wire.js";

/** Whatever happens: a ring whose time is over is over first. */
export function reduce(state: Model, event: SessionEvent, now: number): Step {
  return andThen(overdue(state, now), (m) => comesForward(m, event), (m) => happened(m, event, now));
}

/** Who searches or calls where they stand by means to go on here. */
function comesForward(state: Model, { type }: SessionEvent): Step {
  const acts = type === "find_asked" || type === "call_asked";
  return acts && state.view.connection.status === "standby" ? step(state, { type: "take_over" }) : step(state);
}

function happened(state: Model, event: SessionEvent, now: number): Step {
  switch (event.type) {
    case "find_asked":
      return findAsked(state, event.wishes, now);
    case "next_asked":
      return nextAsked(state, now);
    case "stop_asked":
      return stopAsked(state);
    case "stay_asked":
      return stayAsked(state);
    case "block_asked":
      return blockAsked(state, now);
    case "report_asked":
      return reportAsked(state, event.reason, event.text, now);
    case "blocked_asked":
      return blockedAsked(state);
    case "unblock_asked":
      return unblockAsked(state, event.block);
    case "back_asked":
      return backAsked(state);
    case "auto_next_chosen":
      return autoNextChosen(state, event.afterMs, event.pauseWhenSkipped);
    case "chat_written":
      return chatWritten(state, event.text, now);
    case "key_pressed":
      return keyPressed(state, now);
    case "microphone_switched":
      return switched(see(state, { microphone: event.on }), { type: "switch_microphone", on: event.on });
    case "camera_switched":
      return switched(see(state, { camera: event.on }), { type: "switch_camera", on: event.on });
    case "data_saver_switched":
      return dataSaverSwitched(state, event.on);
    case "call_asked":
      return callAsked(state, event, now);
    case "accept_asked":
      return acceptAsked(state);
    case "hang_up_asked":
      return hangUpAsked(state, event.ringing, now);
    case "link_asked":
      return linkAsked(state, event.renew);
    case "call_block_asked":
      return callBlockAsked(state, now);
    case "call_report_asked":
      return callReportAsked(state, event, now);
    case "call_dismissed":
      return callDismissed(state);
    case "notice_dismissed":
      return step(see(state, { notice: null }));
    case "closed":
      return closed(state);
    case "connection_changed":
      return connected(state, event.connection);
    case "became_ready":
      return snapshotTold(state, event.ready, event.skewMs, event.samePerson, now);
    case "came_back_to_stand_by":
      return ringToldAgain(state, event.ringing, event.skewMs, now);
    case "pushed":
      return pushed(state, event.push, now);
    case "answered":
      return answered(state, event.command, event.reply, now);
    case "media_joined":
    case "media_reconnecting":
    case "media_failed":
    case "first_frame_shown":
    case "quality_sampled":
      return event.epoch === state.epoch ? media(state, event, now) : step(state);
    case "woke":
      return step(state);
    case "timer_fired":
      return fired(state, event.timer, now);
    default:
      return assertNever(event);
  }
}

function pushed(state: Model, push: Push, now: number): Step {
  switch (push.type) {
    case "waiting":
      return waitingTold(state, push);
    case "matched":
      return matchedTold(state, push, now);
    case "talking":
      return talkingTold(state, push);
    case "ended":
      return endedTold(state, push, now);
    case "peer":
      return peerTold(state, push);
    case "chat":
      return chatHeard(state, push);
    case "typing":
      return peerTyped(state, push.pair, now);
    case "back_offer":
      return backOffered(state, push);
    case "notice":
      return step(see(state, { notice: { level: push.level, code: push.code, params: push.params } }));
    case "incoming":
      return incomingTold(state, push, now);
    case "call_state":
      return callTold(state, push, now);
    case "personal_link":
      return linkTold(state, push);
    case "blocked":
      return blockedTold(state, push);
    case "ping":
    case "drain": // the socket's
      return step(state);
    default:
      return step(state); // of a newer server
  }
}

function connected(state: Model, connection: ConnectionState): Step {
  const told = see(state, { connection });
  if (connection.status === "standby") return connection.away ? step(told) : stoodBy(told);
  return connection.status === "refused" ? andThen(hushed(ofCalls(told, { dial: null })), blocksUnheard) : step(told);
}

function answered(state: Model, command: CommandBody, reply: Reply, now: number): Step {
  switch (command.type) {
    case "call":
      return callAnswered(state, reply.error, now);
    case "accept":
      return acceptAnswered(state, command, reply.error);
    case "decline":
    case "cancel_call":
      return refusalAnswered(state, command, reply.error);
    case "call_link":
      return linkAnswered(state, command, reply.error);
    case "blocked_list":
      return blockedAnswered(state, reply.error);
    case "unblock":
      return unblockAnswered(state, command, reply.error);
    default: // what was said before we stood by: it goes on elsewhere
      return reply.error?.code === ErrorCode.NOT_ACTIVE ? step(state) : answeredOfPairs(state, command, reply);
  }
}

function answeredOfPairs(state: Model, command: CommandBody, reply: Reply): Step {
  switch (command.type) {
    case "find":
    case "next":
    case "leave":
    case "cancel":
      return goalAnswered(state, command, reply);
    case "chat":
      return chatAnswered(state, command, reply);
    case "block":
    case "report":
      return state.view.callEnded?.call === command.pair ? callBlockAnswered(state, reply.error) : blockAnswered(state, command, reply);
    case "back":
      return backAnswered(state, command, reply);
    case "mute":
    case "hidden":
    case "refresh":
    case "diagnostics": // nobody asked for it: nobody is told
      return step(state);
    default:
      return step(reply.error === undefined ? state : see(state, { notice: noticeOf(reply.error) }));
  }
}

type MediaHappening = Extract<SessionEvent, { epoch: number }>;

function media(state: Model, event: MediaHappening, now: number): Step {
  switch (event.type) {
    case "media_joined":
      return mediaJoined(state);
    case "media_reconnecting":
      return mediaReconnecting(state);
    case "media_failed":
      return mediaLost(state, event.detail);
    case "first_frame_shown":
      return firstFrame(state, now);
    case "quality_sampled":
      return qualitySampled(state, event.quality);
    default:
      return assertNever(event);
  }
}

function fired(state: Model, timer: TimerName, now: number): Step {
  switch (timer) {
    case "auto_next":
      return state.view.phase === "ended" ? find(state, now) : step(state);
    case "retry":
      return retryFired(state, now);
    case "peer_typing":
      return step(seePair(state, { peerTypingUntil: 0 }));
    case "media_over":
      return mediaOver(state, now);
    case "back_over":
      return backOver(state, now);
    case "ring_over":
      return ringOver(state, now);
    case "call_retry":
      return callRetryFired(state);
    default:
      return assertNever(timer);
  }
}

function switched(state: Model, effect: Step["effects"][number]): Step {
  return step(state, effect, ...muteCommand(state));
}

/** Keeps the wishes and the devices, for a session that is started again. */
function closed(state: Model): Step {
  const noCall = (m: Model): Step => step(m, { type: "stop_timer", timer: "ring_over" }, { type: "stop_timer", timer: "call_retry" });
  return andThen(dropPair(state), calmed, noCall, (m) => {
    const { microphone, camera, network } = m.view;
    return step({ ...see(initialModel({ ...m, dataSaver: network.dataSaver }), { microphone, camera }), epoch: m.epoch });
  });
}
