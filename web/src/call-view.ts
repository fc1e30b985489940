/** What to draw of direct calls. Pure: `view.ts` asks it first. */
import { CallEnd, EndReason, ErrorCode, type CallEndedView, type VideoCallState } from "@duologue/client";
import type { DockView } from "./view";

export type CallScreen = "invite" | "outgoing" | "incoming" | "call_over";

/** What the page knows of calls. */
export interface CallPage {
  readonly state: VideoCallState;
  /** The personal link in the address: whom one may call; null: nobody. */
  readonly callee: string | null;
  /** The last call was made here, to the `callee`. */
  readonly ours: boolean;
}

/** Null: calls have nothing to show. `fresh`: nothing was done yet; `resting`: nothing goes on. */
export function callScreenOf({ state, callee }: CallPage, fresh: boolean, resting: boolean): CallScreen | "connecting" | null {
  switch (state.phase) {
    case "incoming":
    case "outgoing":
      return state.phase;
    case "connecting":
    case "talking":
      return state.pair === null ? "connecting" : null; // like any other pair
    case "ended":
      if (resting && isShownLarge(state.ended)) return "call_over";
      return fresh && callee !== null ? "invite" : null;
    case "idle":
      return fresh && callee !== null ? "invite" : null;
  }
}

/** A call to us that came to nothing is a line beside whatever goes on. */
function isShownLarge(ended: CallEndedView | null): boolean {
  return ended !== null && ended.outgoing !== false;
}

/** The call to us that came to nothing, until it was read. */
export function callNewsOf({ ended, phase }: VideoCallState): CallEndedView | null {
  return phase === "ended" && ended?.outgoing === false ? ended : null;
}

/** The call that a block would be about; null: none, or blocked already. */
export function callTarget({ call, ended }: VideoCallState): string | null {
  if (call !== null) return call.id;
  return ended === null || ended.blocked ? null : ended.call;
}

const NEWS: ReadonlySet<string> = new Set([CallEnd.MISSED, CallEnd.CANCELLED, CallEnd.DECLINED, CallEnd.ANSWERED_ELSEWHERE, CallEnd.LOST]);

/** As a key of the catalogue (all take `alias` and `time`). */
export function callNewsKey({ blocked, reason, by }: CallEndedView): string {
  if (blocked) return "call.news.blocked";
  if (reason === CallEnd.CANCELLED && by === "me") return "call.news.declined";
  return NEWS.has(reason) ? `call.news.${reason}` : "call.news.other";
}

const REFUSED: ReadonlySet<string> = new Set([ErrorCode.UNKNOWN_LINK, ErrorCode.NOT_AVAILABLE, ErrorCode.RATE_LIMITED, ErrorCode.UNAVAILABLE, ErrorCode.BAD_REQUEST]);
const UNANSWERED: ReadonlySet<string> = new Set([CallEnd.BUSY, CallEnd.DECLINED, CallEnd.MISSED, CallEnd.CANCELLED]);

/** Under which key the catalogue has `title` (which takes `alias`) and `lead`. */
export function callOverKey({ reason, by, talkedMs }: CallEndedView): string {
  if (reason === EndReason.LEFT || reason === EndReason.NEXT) return by === "me" ? "call.over.hung_up" : "call.over.peer_hung_up";
  if (reason === EndReason.MEDIA_FAILED) return talkedMs === null ? "call.over.media_failed" : "call.over.media_broke";
  if (reason === CallEnd.LOST) return `call.over.lost_${by}`;
  return UNANSWERED.has(reason) || REFUSED.has(reason) ? `call.over.${reason}` : "call.over.other";
}

/** Whether calling once more may help. */
export function canCallAgain({ state, callee, ours }: CallPage): boolean {
  const reason = state.ended?.reason;
  return ours && callee !== null && reason !== ErrorCode.UNKNOWN_LINK && reason !== ErrorCode.NOT_AVAILABLE;
}

/** The two buttons while calls have the screen, or a call's pair has. */
export function callDockOf(screen: CallScreen | "pair", calls: CallPage, now: number): Pick<DockView, "go" | "stop"> {
  const plain = (action: DockView["go"]["action"], label: string): DockView["go"] => ({ action, label, seconds: null, filled: 0 });
  switch (screen) {
    case "invite":
      return { go: plain("call", "go.call"), stop: { action: "forget", label: "stop.not_now" } };
    case "outgoing":
      return { go: plain("none", calls.state.call?.id == null ? "go.calling" : "go.ringing"), stop: { action: "hang_up", label: "stop.cancel" } };
    case "incoming":
      return { go: plain("answer", "go.answer"), stop: { action: "decline", label: "stop.decline" } };
    case "pair":
      return { go: plain("hang_up", "go.hang_up"), stop: null };
    case "call_over":
      return overDock(calls, now);
  }
}

function overDock(calls: CallPage, now: number): Pick<DockView, "go" | "stop"> {
  const back: DockView["stop"] = { action: "forget", label: "stop.back" };
  if (!canCallAgain(calls)) return { go: { action: "forget", label: "go.back", seconds: null, filled: 0 }, stop: { action: "my_link", label: "stop.my_link" } };
  const retryAt = calls.state.ended?.retryAt ?? now;
  if (retryAt <= now) return { go: { action: "call", label: "go.call_again", seconds: null, filled: 0 }, stop: back };
  return { go: { action: "none", label: "go.call_in", seconds: Math.ceil((retryAt - now) / 1000), filled: 0 }, stop: back };
}
