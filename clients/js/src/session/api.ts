/**
 * The public surface of a session: what a page may call, and what it may plug in.
 *
 * Must not import an adapter: the core runs in a plain JavaScript engine.
 */
import type { Credentials, Filters, Mode } from "../protocol.gen.js";
import type { AbortSignalLike } from "./abort.js";
import type { ConnectionCounts, SessionDiagnostics } from "./diagnosis.js";
import type { BandwidthUse, Quality, RandomChatState, VideoCallState } from "./state.js";

/** Where the server is: the answer of `GET /config.json`. */
export interface ServerConfig {
  /** `ws://…` or `wss://…` of the gateway. */
  readonly websocket_url: string;
  /** Where guests get their token: `POST {guest_url}`. */
  readonly guest_url: string;
  readonly modes: readonly ("video" | "voice" | "text")[];
  /** `tab`: every tab is a person of its own (development); `device`: one person a browser profile. */
  readonly guest_scope: "tab" | "device";
  /** What `report` may name, in the order in which to offer it. */
  readonly report_reasons?: readonly string[];
  /** Who may call whom: whoever has a link, also users of the same integrator, or nobody. Not given: a server of before calls. */
  readonly calls?: "link" | "anyone_in_tenant" | "nobody";
}

/** A moving picture or a sound, as the platform has it (`MediaStreamTrack` in a browser). */
export type PlatformTrack = unknown;

/** In pixels of the screen, not of CSS. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

export interface MediaEvents {
  connected(): void;
  reconnecting(): void;
  /** Over, and not by us. `detail` is a short reason without secrets (a `mismatch` has that in it); it reaches the server as one word. */
  failed(detail: string): void;
  /** Remote tracks came or went. */
  remote(tracks: { video: PlatformTrack | null; audio: PlatformTrack | null }): void;
  /** The first frame of the partner is on the screen, or would be. */
  firstFrame(): void;
  /** Every few seconds while it is connected (optional: an adapter may not know). */
  quality?(quality: Quality): void;
}

/**
 * The media of one pair after another. `join` and `leave` are called one at a time, in order, by the
 * session's actor. `setMicrophone` and `setCamera` are also called one at a time, but do not wait for
 * a join in flight: who presses mute means now.
 */
export interface MediaAdapter {
  /**
   * Join; rejects on failure or when `signal` aborts. Events of an older join never arrive after `leave`.
   * `mode` says what to publish: in `voice` there is no camera.
   */
  join(credentials: Credentials, events: MediaEvents, signal: AbortSignalLike, mode: Mode): Promise<void>;
  /** Leave and let go of everything but the local tracks. Idempotent, never rejects. */
  leave(): Promise<void>;
  setMicrophone(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  /** How much to send and to ask for, from now on, also in the rooms to come (optional). */
  useBandwidth?(use: BandwidthUse): void;
  /** How large the partner's picture is shown: no larger one is asked for (optional). */
  setPictureSize?(size: PictureSize): void;
  /** A partner is being searched: warm up (optional). `url` is the media server of the last pair. */
  prepare?(url: string): void;
  /** The session is closed: let go of the local tracks too (optional). */
  release?(): Promise<void>;
  /** How it is just now, for a report of trouble (optional). */
  inspect?(): MediaInspection;
  /** Connections built, not closed, and closed as leftovers, since the page was loaded. */
  readonly ledger: ConnectionCounts;
}

/** States as the media library and the browser call them; nothing of a person. */
export interface MediaInspection {
  /** Of the library's room, such as `connected`; `none`: there is no room. */
  readonly room: string;
  /** Of each `RTCPeerConnection` that is not closed. */
  readonly connections: readonly { readonly connection: string; readonly ice: string; readonly signaling: string }[];
  /** By name, such as `{ livekit: "2.23.0" }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** What the adapter counts since it was made, in words of [a-z0-9_], such as `{ missing_tracks: 1 }`; they reach the server as they are (optional). */
  readonly counts?: Readonly<Record<string, number>>;
}

/**
 * `frozen`: the page goes into the back-forward cache; `unloading`: it goes for good (the browser then
 * closes the socket itself, with 1001); `resumed`: the page or the network is back.
 */
export type LifecycleEvent = "hidden" | "visible" | "frozen" | "unloading" | "resumed" | "offline";

/** What a page goes through, told without the DOM. */
export interface PageLifecycle {
  /** Returns how to stop listening. */
  listen(listener: (event: LifecycleEvent) => void): () => void;
}

/** Chance and time, so that a test owns both. */
export interface Environment {
  now(): number;
  random(): number;
  setTimer(run: () => void, delayMs: number): () => void;
  openSocket(url: string, protocol: string): SocketLike;
  /** Guest or integrator token; `fresh` when the last one was refused or is about to expire. May reject with a `TokenError`. */
  token(fresh: boolean): Promise<string>;
  /** Survives a reload of the tab (the resume token lives here); may be empty. */
  load(key: string): string | null;
  store(key: string, value: string | null): void;
  /** Without it the session never hears of a hidden page or a network that came back. */
  readonly lifecycle?: PageLifecycle;
  log?(level: "debug" | "info" | "warn", event: string, fields: Record<string, unknown>): void;
}

/** The part of `WebSocket` that we use. */
export interface SocketLike {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
}

/** What a line to the server is made of; see `Line`. */
export interface LineOptions {
  readonly config: ServerConfig;
  readonly environment: Environment;
  /** Null: text only. */
  readonly media: MediaAdapter | null;
  /** After a talk that the partner ended: 0 = search at once (the server requeues), n = after n ms, null = when asked. */
  readonly autoNextMs?: number | null;
  /** Begin with the data saver on, as a browser with `navigator.connection.saveData` would like it. */
  readonly dataSaver?: boolean;
  /**
   * When another session of this person becomes the active one: `true` stays connected (`standby`), so that calls
   * ring here too; `false` lets go of the server for good (`refused`, 4303). `true` where it is not given, but for a
   * `RandomChatSession` with a line of its own.
   */
  readonly standBy?: boolean;
}

export type RandomChatOptions = LineOptions;

/** What every session can do: be watched, connect, talk within a pair, and go. */
export interface Session<State> {
  readonly state: State;
  /** Called after each change; returns how to stop listening. */
  subscribe(listener: () => void): () => void;
  /** The partner's tracks, for `<video>`; also changes with `subscribe`. */
  readonly remote: { readonly video: PlatformTrack | null; readonly audio: PlatformTrack | null };
  /** Connect, and resume what this tab was doing. Never rejects: the state tells. */
  start(): void;
  sendChat(text: string): void;
  typing(): void;
  setMicrophone(on: boolean): void;
  setCamera(on: boolean): void;
  /** The small picture both ways. */
  setDataSaver(on: boolean): void;
  /** Tell it whenever the partner's picture changes its size on the screen. */
  setPictureSize(size: PictureSize): void;
  /** Ask whom this person has blocked (`state.blocked`): answered as soon as there is a connection, or with its `error`. */
  blocked(): void;
  /** Take a block back, by its name in `state.blocked`. It is gone there at once, and back if the server refuses. */
  unblock(block: string): void;
  /** Try to reconnect now instead of waiting for the countdown. */
  reconnectNow(): void;
  /** Go on here, where it stands by: whatever the person does elsewhere moves to this session. */
  takeOver(): void;
  dismissNotice(): void;
  /** How everything is, what happened lately and what went wrong, for developers. Nothing in it is about a person. */
  diagnostics(): SessionDiagnostics;
  /**
   * Say goodbye: frees the seat at once, releases everything. Resolves when nothing is left. Sessions of one line
   * close together.
   */
  close(): Promise<void>;
}

/** Meet somebody, talk, move on. */
export interface RandomChat extends Session<RandomChatState> {
  find(filters: Omit<Filters, "auto_next">): void;
  /** Move on (in a pair), or search again (ended). */
  next(): void;
  /** Leave the pair or the queue, stay online. */
  stop(): void;
  /** Do not search by itself after this talk ("Stay here"). */
  stay(): void;
  /**
   * Never meet this partner again: ends the talk and rests, or reaches back to the talk that just ended.
   */
  block(): void;
  /** The same, and tell the operator why: `reason` is one of the server's `report_reasons`. */
  report(reason: string, text: string): void;
  /** Want to go back to the last partner (`state.back`); a new pair follows once they want to, too. */
  back(): void;
  /** As `autoNextMs`, from now on. `pauseWhenSkipped`: rest after a partner who pressed Next. */
  setAutoNext(afterMs: number | null, pauseWhenSkipped?: boolean): void;
}

/** Call somebody one knows, and be called. What is done shows at once; the server may still say otherwise. */
export interface VideoCall extends Session<VideoCallState> {
  /**
   * Ring somebody: by their personal link, or by what the integrator calls them, where the server allows that.
   * Does nothing but tell (`notice`) while there is a pair or a call already. Whoever calls somebody that is calling
   * them takes that call.
   */
  call(to: string, mode?: Mode): void;
  /** Take the call that rings. */
  accept(): void;
  /** Refuse it, for all devices. */
  decline(): void;
  /** Stop ringing, or end the talk. Of a call that rings here it is a `decline`. */
  hangUp(): void;
  /** Ask for the personal link (`state.link`). `renew`: whoever has the old one rings nobody any more. */
  link(options?: { readonly renew?: boolean }): void;
  /** Never be called by them again, or meet them: while it rings, in the talk, or afterwards. */
  block(): void;
  /** Of the talk, or of the last one: the same, and tell the operator why. */
  report(reason: string, text: string): void;
  /** Read: `ended` is gone, and the phase is `idle`. */
  dismissEnded(): void;
}
