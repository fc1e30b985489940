/** The page in every state, for screenshots: `gallery.html?state=talking&theme=light&lang=ru`. */
import type { BlockedPerson, BlockedView, ChatEntry, PairView, Quality, RandomChatState } from "@duologue/client";
import type { DeviceProblem } from "../media";

export const STATES = [
  "start", "ask", "voice-start", "text-start", "searching", "alone", "unknown", "connecting", "talking", "camera-off", "waiting-picture",
  "voice", "lost", "silent", "offline", "text", "ended", "resting", "denied", "busy", "missing", "insecure", "replaced", "banned", "version", "settings", "rules", "notice",
  "paused", "poor", "quality", "unplugged", "camera-lost", "microphone-lost", "sound-blocked", "blocked", "more", "block", "keys", "muted", "chat",
  "invite", "outgoing", "incoming", "incoming-first", "answered", "in-call", "call-text", "call-away", "call-busy", "call-declined", "call-unanswered", "call-unknown", "call-limited",
  "call-over", "missed-call", "my-link", "new-link", "blocked-people", "blocked-nobody", "blocked-failed", "standby",
] as const;
export type GalleryState = (typeof STATES)[number];

const WORDS = {
  en: { alias: "Heron", blocked: ["Crane", "Kingfisher", "Nightingale of the northern shore"], interests: ["chess", "film"], lines: ["Hi! Chess too? Blitz or slow?", "Slow. I lose at blitz.", "Same. What was the last film you liked?", "Perfect Days. Quiet and good."] },
  ru: { alias: "Цапля", blocked: ["Журавль", "Зимородок", "Соловей с северного берега"], interests: ["шахматы", "кино"], lines: ["Привет! Тоже шахматы? Блиц или медленно?", "Медленно. В блиц я проигрываю.", "И я. Какой последний фильм понравился?", "«Идеальные дни». Тихий и хороший."] },
} as const;

export function wordsOf(language: string): (typeof WORDS)["en" | "ru"] {
  return language.startsWith("ru") ? WORDS.ru : WORDS.en;
}

export function stateOf(name: GalleryState, language: string): RandomChatState {
  const { alias, interests } = wordsOf(language);
  const now = Date.now();
  const pair: PairView = {
    id: "pair",
    mode: "video",
    peer: { alias, interests: [...interests], facets: {} },
    talkingSince: now - 252_000,
    peerAwayUntil: null,
    peerTypingUntil: now + 3_600_000,
    peerMuted: { audio: false, video: false },
  };
  const ofCall: PairView = { ...pair, peer: { ...pair.peer, interests: [] }, call: "call" };
  const start: RandomChatState = { connection: { status: "online" }, phase: "start", waiting: null, pair: null, media: { status: "none" }, network: { quality: null, dataSaver: false, soundOnly: false }, chat: [], ended: null, back: null, blocked: null, microphone: true, camera: true, notice: null };
  const searching: RandomChatState = { ...start, phase: "searching", waiting: { attempt: 1, since: now - 14_000, waitingCount: 8, estimateMs: 20_000, widened: ["recently_met"], paused: null } };
  const good: Quality = { level: "good", rttMs: 48, loss: 0.002, receivedKbps: 812, sentKbps: 790, heard: true };
  const talking: RandomChatState = { ...start, phase: "talking", pair, media: { status: "connected" }, network: { ...start.network, quality: good }, chat: chatOf(language, now) };
  const ended: RandomChatState = { ...start, phase: "ended", chat: chatOf(language, now), ended: { pair: "pair", reason: "next", by: "peer", alias, talkedMs: 252_000, nextAt: now + 1_800, blocked: false, reported: false }, back: { pair: "pair", alias, until: now + 3_600_000, mine: false, theirs: false } };
  const refused = (code: number): RandomChatState => ({ ...start, connection: { status: "refused", code, reason: "" } });
  const waiting = (waitingCount: number): RandomChatState => ({ ...searching, waiting: searching.waiting === null ? null : { ...searching.waiting, waitingCount, estimateMs: null, widened: [] } });

  switch (name) {
    case "searching":
      return searching;
    case "alone":
      return waiting(1);
    case "unknown":
      return waiting(2);
    case "connecting":
      return { ...talking, phase: "connecting", chat: [], media: { status: "connecting" }, pair: { ...pair, talkingSince: null, peerTypingUntil: 0 } };
    case "paused":
      return { ...searching, waiting: searching.waiting === null ? null : { ...searching.waiting, widened: [], paused: "media_down" } };
    case "poor":
      return { ...talking, network: { ...talking.network, quality: { ...good, level: "poor", rttMs: 620, loss: 0.11 }, soundOnly: true }, notice: { level: "warn", code: "sound_only", params: {} } };
    case "talking":
    case "quality":
    case "more":
    case "block":
    case "keys":
    case "chat":
    case "waiting-picture":
    case "camera-lost":
    case "microphone-lost":
    case "sound-blocked":
      return talking;
    case "muted":
      return { ...talking, microphone: false };
    case "notice":
      return { ...talking, notice: { level: "warn", code: "rate_limited", params: {} } };
    case "camera-off":
      return { ...talking, camera: false, microphone: false, pair: { ...pair, peerMuted: { audio: true, video: true } } };
    case "voice":
      return { ...talking, pair: { ...pair, mode: "voice" } };
    case "text":
      return { ...talking, media: { status: "none" }, pair: { ...pair, mode: "text" } };
    case "lost":
      return { ...talking, pair: { ...pair, peerAwayUntil: now + 11_000, peerTypingUntil: 0 } };
    case "silent":
      return { ...talking, pair: { ...pair, peerSilent: true, peerTypingUntil: 0 } };
    case "offline":
      return { ...talking, connection: { status: "reconnecting", retryAt: now + 4_000, attempt: 2 } };
    case "ended":
      return ended;
    case "in-call":
      return { ...talking, pair: ofCall };
    case "call-text":
      return { ...talking, media: { status: "none" }, pair: { ...ofCall, mode: "text" } };
    case "call-away":
      return { ...talking, pair: { ...ofCall, peerAwayUntil: now + 11_000, peerTypingUntil: 0 } };
    case "call-over":
      return { ...ended, ended: ended.ended === null ? null : { ...ended.ended, reason: "left", nextAt: null, call: "call" }, back: null };
    case "incoming":
    case "missed-call":
      return searching;
    case "standby":
      return { ...start, connection: { status: "standby" } };
    case "blocked-people":
      return { ...start, blocked: { ...NOBODY, people: blockedOf(language, now) } };
    case "blocked-nobody":
      return { ...start, blocked: NOBODY };
    case "blocked-failed":
      return { ...start, blocked: { ...NOBODY, people: null, error: "unavailable" } };
    case "blocked":
      return { ...ended, ended: ended.ended === null ? null : { ...ended.ended, reason: "left", by: "me", nextAt: null, blocked: true }, back: null };
    case "resting":
      return { ...ended, ended: ended.ended === null ? null : { ...ended.ended, nextAt: null, by: "server", reason: "media_failed", talkedMs: null }, back: null, chat: [] };
    case "replaced":
      return refused(4303);
    case "banned":
      return refused(4304);
    case "version":
      return refused(4305);
    default:
      return start;
  }
}

export function problemOf(name: GalleryState): DeviceProblem | null {
  return name === "denied" || name === "busy" || name === "missing" || name === "unplugged" || name === "insecure" ? name : null;
}

/** A device that goes away in the middle of a talk. */
export function lostOf(name: GalleryState): "camera" | "microphone" | null {
  return name === "camera-lost" ? "camera" : name === "microphone-lost" ? "microphone" : null;
}

const NOBODY: BlockedView = { people: [], asking: false, error: null };

function blockedOf(language: string, now: number): BlockedPerson[] {
  return wordsOf(language).blocked.map((alias, index) => ({ block: alias, alias, at: now - index * 9 * 86_400_000 }));
}

function chatOf(language: string, now: number): ChatEntry[] {
  return wordsOf(language).lines.map((text, index) => ({ mine: index % 2 === 1, n: index, text, at: now, pending: false }));
}
