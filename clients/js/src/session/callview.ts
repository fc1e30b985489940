/** What a call session shows of its line. Pure. */
import type { CallEndedView, EndedView, LineView, VideoCallState } from "./state.js";

export function callStateOf(view: LineView): VideoCallState {
  const { connection, call, media, network, chat, link, blocked, microphone, camera, notice } = view;
  const mine = view.pair?.call !== undefined;
  const ended = endedOf(view);
  return {
    connection,
    phase: phaseOf(view),
    call,
    pair: mine ? view.pair : null,
    media: mine ? media : { status: "none" },
    network,
    chat: mine || (view.pair === null && ended?.talkedMs != null) ? chat : [],
    ended,
    link,
    blocked,
    microphone,
    camera,
    notice,
  };
}

function phaseOf(view: LineView): VideoCallState["phase"] {
  const { pair, call } = view;
  if (pair?.call !== undefined) return pair.talkingSince === null ? "connecting" : "talking";
  if (call !== null) return call.answered ? "connecting" : call.outgoing ? "outgoing" : "incoming";
  return endedOf(view) === null ? "idle" : "ended";
}

/** How a call came to nothing, or how its talk ended: of the two there is the newer one. */
function endedOf({ callEnded, ended }: LineView): CallEndedView | null {
  return callEnded ?? (ended?.call === undefined ? null : ofTalk(ended, ended.call));
}

function ofTalk({ alias, reason, by, talkedMs, blocked, reported }: EndedView, call: string): CallEndedView {
  return { call, outgoing: null, alias, reason, by, talkedMs, retryAt: null, blocked, reported };
}
