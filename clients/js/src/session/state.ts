/**
 * What a person sees of a session, as one immutable value.
 *
 * Everything a page draws is in here, so that a page holds no session logic of its own.
 * Must not know sockets, media libraries or the DOM.
 */
import type { BlockedPerson, CallEnd, EndReason, ErrorCode, Mode, Pause, Peer } from "../protocol.gen.js";

/** The socket under the session. `retryAt` (epoch ms) is when the next try starts. */
export type ConnectionState =
  | { status: "offline" } // not started, or closed by the person
  | { status: "connecting" }
  | { status: "online" }
  /** Another session of this person took over: calls ring here too, but for while it is `away`; see `takeOver`. */
  | { status: "standby"; away?: true }
  | { status: "reconnecting"; retryAt: number; attempt: number }
  | { status: "refused"; code: number; reason: string }; // the server said: do not come back

/** One line of the chat of the current (or just ended) pair. */
export interface ChatEntry {
  readonly mine: boolean;
  readonly n: number;
  readonly text: string;
  readonly at: number;
  /** Mine only: the server has not confirmed it yet. */
  readonly pending: boolean;
  /** Mine only: the server did not take it. */
  readonly refused?: boolean;
}

/** The media of the current pair. */
export type MediaState =
  | { status: "none" } // text mode, or no pair
  | { status: "connecting" }
  | { status: "connected" }
  | { status: "reconnecting" }
  | { status: "failed"; detail: string };

/** How well the media of the current pair goes. */
export interface Quality {
  /** `lost`: nothing goes through at all. */
  readonly level: "good" | "fair" | "poor" | "lost";
  /** To the media server and back; null: not measured yet. */
  readonly rttMs: number | null;
  /** Share of packets that were lost since the sample before, of the worse direction: 0 to 1. */
  readonly loss: number;
  readonly receivedKbps: number;
  readonly sentKbps: number;
  /** Whether anything came of the partner since the sample before; null: nothing had to, or our own way is in doubt. */
  readonly heard: boolean | null;
}

/** `data_saver`: the small picture both ways; `sound_only`: no picture, for as long as the network is poor. */
export type BandwidthUse = "full" | "data_saver" | "sound_only";

export interface NetworkView {
  /** Sampled every few seconds while a pair is connected; null before the first sample. */
  readonly quality: Quality | null;
  /** The person's choice; kept from pair to pair. */
  readonly dataSaver: boolean;
  /** Both pictures are off because the quality stayed poor; they come back by themselves. */
  readonly soundOnly: boolean;
}

export interface PairView {
  readonly id: string;
  readonly mode: Mode;
  readonly peer: Peer;
  /** Epoch ms; null until both sides are connected. */
  readonly talkingSince: number | null;
  /** The partner's socket is away: until when their seat is held. */
  readonly peerAwayUntil: number | null;
  readonly peerTypingUntil: number;
  readonly peerMuted: { readonly audio: boolean; readonly video: boolean };
  /** Their page is in the background. */
  readonly peerHidden?: boolean;
  /** Their picture and sound stopped arriving, and it is not our connection: they are probably trying to come back. */
  readonly peerSilent?: boolean;
  /** The direct call that it came of. After such a pair nothing begins by itself. */
  readonly call?: string;
}

export interface EndedView {
  readonly pair: string;
  readonly reason: EndReason;
  readonly by: "me" | "peer" | "server";
  readonly alias: string;
  /** Null: the talk never started. */
  readonly talkedMs: number | null;
  /** Epoch ms when the next search starts by itself; null: it does not. */
  readonly nextAt: number | null;
  /** We asked the server never to match us with this partner again. */
  readonly blocked: boolean;
  /** We told the operator about them. */
  readonly reported: boolean;
  /** The direct call that the pair came of. */
  readonly call?: string;
}

/** The last partner, to whom we can go back for a moment, because a Next has ended the talk. */
export interface BackView {
  readonly pair: string;
  readonly alias: string;
  /** Epoch ms. */
  readonly until: number;
  /** We have said that we want to. */
  readonly mine: boolean;
  /** They have. */
  readonly theirs: boolean;
}

export interface WaitingView {
  readonly attempt: number;
  readonly since: number;
  /** People waiting in the same cohort, this one included. Null until the server said it. */
  readonly waitingCount: number | null;
  /** Null: nobody knows. */
  readonly estimateMs: number | null;
  readonly widened: readonly string[];
  /** Why nobody is matched in this mode right now; the place in the queue is kept. Null: people are matched. */
  readonly paused: Pause | null;
}

/** Something a person should be told; `code` names a translation of the page. */
export interface SessionNotice {
  readonly level: "info" | "warn" | "error";
  readonly code: string;
  readonly params: Readonly<Record<string, string | number>>;
}

/** Whom the person has blocked: see `blocked()` of a session. */
export interface BlockedView {
  /** As the server last told it, the newest first, without who is being unblocked; `at` is of our clock. Null: not told yet. */
  readonly people: readonly BlockedPerson[] | null;
  /** The server has not answered yet. */
  readonly asking: boolean;
  /** Why the server did not tell, or did not unblock; gone when something is asked again. */
  readonly error: ErrorCode | null;
}

export interface RandomChatState {
  readonly connection: ConnectionState;
  /** start -> searching -> connecting -> talking -> ended | searching … */
  readonly phase: "start" | "searching" | "connecting" | "talking" | "ended";
  readonly waiting: WaitingView | null;
  readonly pair: PairView | null;
  readonly media: MediaState;
  readonly network: NetworkView;
  readonly chat: readonly ChatEntry[];
  /** Why the last pair ended; kept until the next match or stop. */
  readonly ended: EndedView | null;
  readonly back: BackView | null;
  /** Null: not asked for yet (`blocked`). */
  readonly blocked: BlockedView | null;
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly notice: SessionNotice | null;
}

/** A direct call from ringing to its answer. */
export interface CallView {
  /** Null: one of our own that the server has not named yet. */
  readonly id: string | null;
  /** We are the one who calls. */
  readonly outgoing: boolean;
  /** What the other one is called. Null: nobody said yet; of a call of our own it is often told with the answer only. */
  readonly alias: string | null;
  readonly mode: Mode;
  /** Epoch ms of our clock when it is missed: the ring is over then, whatever is heard of it. Null: it does not ring yet. */
  readonly expiresAt: number | null;
  /** It was taken (or we asked to take it), and its pair is on the way. */
  readonly answered: boolean;
}

/** Why a call came to nothing (`CallEnd`), could not be made (`ErrorCode`), or how its talk ended (`EndReason`). */
export type CallOver = CallEnd | ErrorCode | EndReason;

/** A direct call that is over; kept until the next one, or until it is dismissed. */
export interface CallEndedView {
  /** Null: it never got so far as to have a name. */
  readonly call: string | null;
  /** Null: there was a talk, and it does not matter who called. */
  readonly outgoing: boolean | null;
  readonly alias: string | null;
  readonly reason: CallOver;
  readonly by: "me" | "peer" | "server";
  /** Null: the talk never started. */
  readonly talkedMs: number | null;
  /** With `rate_limited`: when calling may be tried again, epoch ms. */
  readonly retryAt: number | null;
  /** We asked the server never to let them call us, or match us with them, again. */
  readonly blocked: boolean;
  /** We told the operator about them. */
  readonly reported: boolean;
}

export interface VideoCallState {
  readonly connection: ConnectionState;
  /**
   * idle -> outgoing | incoming -> connecting -> talking -> ended -> idle. `idle` also while a random chat goes on
   * over the same line.
   */
  readonly phase: "idle" | "outgoing" | "incoming" | "connecting" | "talking" | "ended";
  /** That rings, or was just taken; null once `pair` is there. */
  readonly call: CallView | null;
  /** The pair that the call became; never that of a random chat. */
  readonly pair: PairView | null;
  readonly media: MediaState;
  readonly network: NetworkView;
  readonly chat: readonly ChatEntry[];
  readonly ended: CallEndedView | null;
  /** By this others may call us; null: not asked for yet (`link`). */
  readonly link: string | null;
  /** Null: not asked for yet (`blocked`). */
  readonly blocked: BlockedView | null;
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly notice: SessionNotice | null;
}

/** All that the sessions of one line see of it. */
export interface LineView extends RandomChatState {
  readonly call: CallView | null;
  /** The last call that came to nothing; how the talk of a call ended is in `ended`. */
  readonly callEnded: CallEndedView | null;
  readonly link: string | null;
}
