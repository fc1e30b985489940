/** The direct call of each state of the gallery. */
import type { CallEndedView, CallOver, CallView, RandomChatState, VideoCallState } from "@duologue/client";
import { wordsOf, type GalleryState } from "./states";

const LINK = "Xk3vQ9-bT2mZ7rLw";

export function callsOf(name: GalleryState, language: string, of: RandomChatState): VideoCallState {
  const { alias } = wordsOf(language);
  const { connection, media, network, chat, microphone, camera } = of;
  const idle: VideoCallState = { connection, phase: "idle", call: null, pair: null, media, network, chat: [], ended: null, link: LINK, blocked: null, microphone, camera, notice: null };
  const call: CallView = { id: "call", outgoing: true, alias: null, mode: "video", expiresAt: Date.now() + 41_000, answered: false };
  const over = (reason: CallOver, more: Partial<CallEndedView> = {}): VideoCallState => ({
    ...idle,
    phase: "ended",
    ended: { call: "call", outgoing: true, alias: null, reason, by: "peer", talkedMs: null, retryAt: null, blocked: false, reported: false, ...more },
  });

  switch (name) {
    case "outgoing":
      return { ...idle, phase: "outgoing", call };
    case "incoming":
    case "incoming-first":
      return { ...idle, phase: "incoming", call: { ...call, outgoing: false, alias } };
    case "answered":
      return { ...idle, phase: "connecting", call: { ...call, alias, answered: true } };
    case "in-call":
    case "call-text":
    case "call-away":
      return { ...idle, phase: "talking", pair: of.pair, chat };
    case "call-busy":
      return over("busy");
    case "call-declined":
      return over("declined", { alias });
    case "call-unanswered":
      return over("missed", { by: "server" });
    case "call-unknown":
      return over("unknown_link", { call: null, by: "server" });
    case "call-limited":
      return over("rate_limited", { call: null, by: "server", retryAt: Date.now() + 12_000 });
    case "call-over":
      return { ...over("left", { outgoing: null, alias, talkedMs: 252_000 }), chat };
    case "missed-call":
      return over("missed", { outgoing: false, alias, by: "server" });
    default:
      return idle;
  }
}

/** Whether the address means somebody. */
export function invites(name: GalleryState): boolean {
  return name === "invite" || (name.startsWith("call-") && name !== "call-over");
}

export function inviteTo(page: string): string {
  return `${page}#call=${LINK}`;
}
