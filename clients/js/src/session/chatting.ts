/** The lines of the current pair: shown at once, confirmed by the reply, merged with what a snapshot knows. */
import type { Chat, ChatLine, Line, Reply } from "../protocol.gen.js";
import { say, see, seePair, step, type Model, type Step } from "./model.js";
import { noticeOf } from "./searching.js";
import type { ChatEntry } from "./state.js";

const MAX_TEXT = 2_000;
/** Older lines fall off. */
const MAX_LINES = 500;
const TYPING_EVERY_MS = 2_000;
const TYPING_SHOWN_MS = 4_000;

export function chatWritten(model: Model, text: string, now: number): Step {
  const pair = model.view.pair;
  const line = text.trim().slice(0, MAX_TEXT);
  if (pair === null || line === "") return step(model);
  const n = model.lastN + 1;
  const chat = bounded([...model.view.chat, { mine: true, n, text: line, at: now, pending: true }]);
  return say({ ...see(model, { chat }), typedAt: -Infinity, lastN: n }, { type: "chat", pair: pair.id, text: line, n });
}

export function chatAnswered(model: Model, command: Omit<Chat, "id">, reply: Reply): Step {
  if (model.view.pair?.id !== command.pair) return step(model);
  const chat = model.view.chat.map((entry) => (entry.mine && entry.n === command.n ? answered(entry, reply.ok) : entry));
  const said = see(model, { chat });
  return step(reply.error === undefined ? said : see(said, { notice: noticeOf(reply.error) }));
}

export function chatHeard(model: Model, line: ChatLine): Step {
  if (model.view.pair?.id !== line.pair) return step(model);
  if (model.view.chat.some((entry) => !entry.mine && entry.n === line.n)) return step(model);
  const entry: ChatEntry = { mine: false, n: line.n, text: line.text, at: line.at - model.skewMs, pending: false };
  const heard = see(model, { chat: bounded([...model.view.chat, entry]) });
  return step(seePair(heard, { peerTypingUntil: 0 }), { type: "stop_timer", timer: "peer_typing" });
}

export function keyPressed(model: Model, now: number): Step {
  const pair = model.view.pair;
  if (pair === null || now - model.typedAt < TYPING_EVERY_MS) return step(model);
  return step({ ...model, typedAt: now }, { type: "tell_typing", pair: pair.id });
}

export function peerTyped(model: Model, pair: string, now: number): Step {
  if (model.view.pair?.id !== pair) return step(model);
  const until = { peerTypingUntil: now + TYPING_SHOWN_MS };
  return step(seePair(model, until), { type: "start_timer", timer: "peer_typing", delayMs: TYPING_SHOWN_MS });
}

/** What was known of this pair, plus what the snapshot's ring of lines adds; unconfirmed lines stay last. */
export function merged(known: readonly ChatEntry[], lines: readonly Line[], skewMs: number): readonly ChatEntry[] {
  const key = (entry: { mine: boolean; n: number }): string => `${String(entry.mine)}${entry.n}`;
  const told = new Map(lines.map((line) => [key(line), line]));
  const have = new Set(known.map(key));
  const sure = known.map((entry) => (told.has(key(entry)) ? answered(entry, true) : entry));
  const added = lines.filter((line) => !have.has(key(line))).map((line) => ({ ...line, at: line.at - skewMs, pending: false }));
  return bounded([...sure.filter((entry) => !entry.pending), ...added, ...sure.filter((entry) => entry.pending)]);
}

function answered(entry: ChatEntry, ok: boolean): ChatEntry {
  return ok ? { ...entry, pending: false } : { ...entry, pending: false, refused: true };
}

function bounded(chat: readonly ChatEntry[]): readonly ChatEntry[] {
  return chat.length > MAX_LINES ? chat.slice(-MAX_LINES) : chat;
}
