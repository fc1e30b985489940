/** What to draw for a state. Pure: the page decides nothing else about a session. */
import { CloseCode, EndReason, type EndedView, type RandomChatState } from "@duologue/client";

export type Screen = "start" | "denied" | "refused" | "searching" | "connecting" | "talking" | "text" | "ended";
/** How the window is divided; see styles/shell.css. */
export type Layout = "form" | "idle" | "live" | "text";

/** What the page knows besides the session. */
export interface PageView {
  /** Camera or microphone were asked for and cannot be had. */
  readonly devicesFailed: boolean;
  /** The browser asks for camera and microphone right now. */
  readonly asking: boolean;
}

export type GoAction = "find" | "next" | "reconnect" | "retry_devices" | "reload" | "none";
export type StopAction = "rules" | "stop" | "text_only";

export interface DockView {
  readonly go: { readonly action: GoAction; readonly label: string; readonly seconds: number | null; readonly filled: number };
  /** Null: there is nothing to leave yet. */
  readonly stop: { readonly action: StopAction; readonly label: string } | null;
}

/** How long the ended screen counts down before the next search. */
export const AUTO_NEXT_MS = 3_000;

export function screenOf(state: RandomChatState, page: PageView): Screen {
  if (state.connection.status === "refused") return "refused";
  if (page.devicesFailed && (state.phase === "start" || state.phase === "ended")) return "denied";
  if (state.phase === "talking") return state.pair?.mode === "text" ? "text" : "talking";
  return state.phase;
}

export function layoutOf(screen: Screen): Layout {
  switch (screen) {
    case "start":
    case "denied":
    case "refused":
      return "form";
    case "searching":
    case "connecting":
    case "ended":
      return "idle";
    case "talking":
      return "live";
    case "text":
      return "text";
  }
}

export function dockOf(screen: Screen, state: RandomChatState, page: PageView, now: number): DockView & { stop: NonNullable<DockView["stop"]> } {
  return { go: goOf(screen, state, page, now), stop: stopOf(screen) };
}

function goOf(screen: Screen, state: RandomChatState, page: PageView, now: number): DockView["go"] {
  const plain = (action: GoAction, label: string): DockView["go"] => ({ action, label, seconds: null, filled: 0 });
  if (screen === "refused") return plain("reload", refusalOf(state) === "replaced" ? "go.use_here" : "go.try_again");
  if (state.connection.status === "reconnecting") return plain("reconnect", "go.try_now");
  if (page.asking) return plain("none", "go.moment");
  switch (screen) {
    case "start":
      return plain("find", "go.find");
    case "denied":
      return plain("retry_devices", "go.try_again");
    case "searching":
      return plain("none", "go.searching");
    case "connecting":
    case "talking":
    case "text":
      return plain("next", "go.next");
    case "ended":
      return endedGo(state.ended, now);
  }
}

function endedGo(ended: EndedView | null, now: number): DockView["go"] {
  const nextAt = ended?.nextAt ?? null;
  if (nextAt === null) return { action: "next", label: "go.next", seconds: null, filled: 0 };
  const left = Math.max(0, nextAt - now);
  return { action: "next", label: "go.next_in", seconds: Math.ceil(left / 1000), filled: 1 - Math.min(1, left / AUTO_NEXT_MS) };
}

function stopOf(screen: Screen): NonNullable<DockView["stop"]> {
  switch (screen) {
    case "start":
    case "refused":
      return { action: "rules", label: "stop.rules" };
    case "denied":
      return { action: "text_only", label: "stop.text_only" };
    case "searching":
      return { action: "stop", label: "stop.cancel" };
    case "connecting":
    case "talking":
    case "text":
    case "ended":
      return { action: "stop", label: "stop.stop" };
  }
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

export type Refusal = "replaced" | "banned" | "version" | "other";

/** Why the server does not want this tab back. */
export function refusalOf(state: RandomChatState): Refusal {
  const code = state.connection.status === "refused" ? state.connection.code : 0;
  if (code === CloseCode.REPLACED) return "replaced";
  if (code === CloseCode.BANNED) return "banned";
  return code === CloseCode.UNSUPPORTED_VERSION || code === CloseCode.PROTOCOL_ERROR ? "version" : "other";
}

/** Only the people besides me count; null: the server has not said yet. */
export function othersWaiting(waitingCount: number | null): number | null {
  return waitingCount === null ? null : Math.max(0, waitingCount - 1);
}
