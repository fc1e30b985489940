/** What to draw for a state. Pure: the page decides nothing else about a session. */
import { CloseCode, EndReason, type EndedView, type RandomChatState, type VideoCallState } from "@duologue/client";
import { callDockOf, callScreenOf, type CallPage, type CallScreen } from "./call-view";

export type Screen = "start" | "denied" | "refused" | "searching" | "connecting" | "talking" | "text" | "ended" | CallScreen;
/** How the window is divided; see styles/shell.css. */
export type Layout = "form" | "idle" | "live" | "text";

/** What the page knows besides the session. */
export interface PageView {
  /** Camera or microphone were asked for and cannot be had. */
  readonly devicesFailed: boolean;
  /** The browser asks for camera and microphone right now. */
  readonly asking: boolean;
  readonly calls: CallPage;
  /** This server has calls, so that everybody has a link. */
  readonly linked: boolean;
}

export type GoAction = "find" | "next" | "reconnect" | "retry_devices" | "reload" | "take_over" | "call" | "answer" | "hang_up" | "forget" | "none";
export type StopAction = "rules" | "stop" | "text_only" | "my_link" | "forget" | "hang_up" | "decline";

export interface DockView {
  readonly go: { readonly action: GoAction; readonly label: string; readonly seconds: number | null; readonly filled: number };
  /** Null: there is nothing to leave yet, or the one button leaves. */
  readonly stop: { readonly action: StopAction; readonly label: string } | null;
}

/** How long the ended screen counts down before the next search. */
export const AUTO_NEXT_MS = 3_000;

export function screenOf(state: RandomChatState, page: PageView): Screen {
  const resting = state.pair === null && (state.phase === "start" || state.phase === "ended");
  const ofCalls = callScreenOf(page.calls, state.phase === "start", resting);
  if (isTurnedAway(state, page)) return "refused";
  if (page.devicesFailed && (ofCalls === "incoming" || (resting && ofCalls !== "outgoing" && ofCalls !== "connecting"))) return "denied";
  if (ofCalls !== null) return ofCalls;
  if (state.phase === "talking") return state.pair?.mode === "text" ? "text" : "talking";
  return state.phase;
}

/** A call is taken also where the page stands by. */
function isTurnedAway({ connection }: RandomChatState, { calls }: PageView): boolean {
  const rings = calls.state.phase === "incoming" || calls.state.phase === "connecting";
  return connection.status === "refused" || (connection.status === "standby" && !rings);
}

/** The phase of both, for styles and tests. */
export function phaseOf({ phase }: RandomChatState, calls: VideoCallState): RandomChatState["phase"] | "outgoing" | "incoming" {
  if (calls.phase === "outgoing" || calls.phase === "incoming") return calls.phase;
  return calls.call === null ? phase : "connecting";
}

export function layoutOf(screen: Screen): Layout {
  switch (screen) {
    case "start":
    case "invite":
    case "denied":
    case "refused":
      return "form";
    case "searching":
    case "connecting":
    case "ended":
    case "outgoing":
    case "incoming":
    case "call_over":
      return "idle";
    case "talking":
      return "live";
    case "text":
      return "text";
  }
}

/** The talk, or the one that is about to begin, came of a call. */
export function isCall({ pair }: RandomChatState, calls: VideoCallState): boolean {
  return pair?.call !== undefined || (pair === null && calls.call?.answered === true);
}

export function dockOf(screen: Screen, state: RandomChatState, page: PageView, now: number): DockView {
  const { go, stop } = usualDock(screen, state, page, now);
  const other = screen === "refused" ? null : insteadGo(state, page);
  if (other === null) return { go, stop };
  // Whoever cannot hang up by the one button can by the other.
  return { go: other, stop: go.action === "hang_up" ? { action: "hang_up", label: "stop.hang_up" } : stop };
}

function usualDock(screen: Screen, state: RandomChatState, page: PageView, now: number): DockView {
  switch (screen) {
    case "invite":
    case "outgoing":
    case "incoming":
    case "call_over":
      return callDockOf(screen, page.calls, now);
    case "connecting":
    case "talking":
    case "text":
      return isCall(state, page.calls.state) ? callDockOf("pair", page.calls, now) : { go: plain("next", "go.next"), stop: { action: "stop", label: "stop.stop" } };
    case "start":
      return { go: plain("find", "go.find"), stop: page.linked ? { action: "my_link", label: "stop.my_link" } : { action: "rules", label: "stop.rules" } };
    case "denied":
      return deniedDock(page);
    case "refused":
      return { go: refusedGo(refusalOf(state)), stop: { action: "rules", label: "stop.rules" } };
    case "searching":
      return { go: plain("none", "go.searching"), stop: { action: "stop", label: "stop.cancel" } };
    case "ended":
      return { go: endedGo(state.ended, now), stop: { action: "stop", label: "stop.stop" } };
  }
}

/** What the one button does before anything else. */
function insteadGo(state: RandomChatState, page: PageView): DockView["go"] | null {
  if (state.connection.status === "reconnecting") return plain("reconnect", "go.try_now");
  return page.asking ? plain("none", "go.moment") : null;
}

function deniedDock({ calls }: PageView): DockView {
  const go = plain("retry_devices", "go.try_again");
  return { go, stop: calls.state.phase === "incoming" ? { action: "decline", label: "stop.decline" } : { action: "text_only", label: "stop.text_only" } };
}

function refusedGo(why: Refusal): DockView["go"] {
  if (why === "standby") return plain("take_over", "go.use_here");
  return plain("reload", why === "replaced" ? "go.use_here" : "go.try_again");
}

function plain(action: GoAction, label: string): DockView["go"] {
  return { action, label, seconds: null, filled: 0 };
}

function endedGo(ended: EndedView | null, now: number): DockView["go"] {
  const nextAt = ended?.nextAt ?? null;
  if (nextAt === null) return { action: "next", label: "go.next", seconds: null, filled: 0 };
  const left = Math.max(0, nextAt - now);
  return { action: "next", label: "go.next_in", seconds: Math.ceil(left / 1000), filled: 1 - Math.min(1, left / AUTO_NEXT_MS) };
}

/** Who ended it and why, as a key of the catalogue (all take `alias`). */
export function endedKey(ended: EndedView): string {
  if (ended.by === "server") return endedByServer(ended);
  const who = ended.by === "me" ? "me" : "peer";
  switch (ended.reason) {
    case EndReason.NEXT:
      return `ended.${who}.next`;
    case EndReason.LEFT:
      return `ended.${who}.left`;
    case EndReason.LOST:
      return `ended.${who}.lost`;
    case EndReason.MEDIA_FAILED:
      return `ended.${who}.media_failed`;
  }
}

function endedByServer({ reason, talkedMs }: EndedView): string {
  if (reason !== EndReason.MEDIA_FAILED) return "ended.by_server";
  return talkedMs === null ? "ended.media_failed" : "ended.media_broke";
}

/** The pair that a block would be about; null: none, or blocked already. */
export function blockTarget({ pair, ended }: RandomChatState): string | null {
  if (pair !== null) return pair.id;
  return ended === null || ended.blocked ? null : ended.pair;
}

/** Which line of the partner is the newest, in words that no other pair's lines have; null: they wrote none. */
export function lastHeard({ pair, chat }: Pick<RandomChatState, "pair" | "chat">): string | null {
  const line = chat.findLast(({ mine }) => !mine);
  return pair === null || line === undefined ? null : `${pair.id} ${line.n}`;
}

export type Refusal = "standby" | "replaced" | "banned" | "version" | "other";

/** Why the server does not want this tab back. */
export function refusalOf(state: RandomChatState): Refusal {
  if (state.connection.status === "standby") return "standby";
  const code = state.connection.status === "refused" ? state.connection.code : 0;
  if (code === CloseCode.REPLACED) return "replaced";
  if (code === CloseCode.BANNED) return "banned";
  return code === CloseCode.UNSUPPORTED_VERSION || code === CloseCode.PROTOCOL_ERROR ? "version" : "other";
}

/** Only the people besides me count; null: the server has not said yet. */
export function othersWaiting(waitingCount: number | null): number | null {
  return waitingCount === null ? null : Math.max(0, waitingCount - 1);
}
