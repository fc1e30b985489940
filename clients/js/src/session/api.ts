/**
 * The public surface of a session: what a page may call, and what it may plug in.
 *
 * Must not import an adapter: the core runs in a plain JavaScript engine.
 */
import type { Credentials, Filters } from "../protocol.gen.js";
import type { RandomChatState } from "./state.js";

/** Where the server is: the answer of `GET /config.json`. */
export interface ServerConfig {
  /** `ws://…` or `wss://…` of the gateway. */
  readonly websocket_url: string;
  /** Where guests get their token: `POST {guest_url}`. */
  readonly guest_url: string;
  readonly modes: readonly ("video" | "voice" | "text")[];
  /** `tab`: every tab is a person of its own (development); `device`: one person a browser profile. */
  readonly guest_scope: "tab" | "device";
}

/** A moving picture or a sound, as the platform has it (`MediaStreamTrack` in a browser). */
export type PlatformTrack = unknown;

export interface MediaEvents {
  connected(): void;
  reconnecting(): void;
  /** Over, and not by us. */
  failed(detail: string): void;
  /** Remote tracks came or went. */
  remote(tracks: { video: PlatformTrack | null; audio: PlatformTrack | null }): void;
  /** The first frame of the partner is on the screen, or would be. */
  firstFrame(): void;
}

/** The media of one pair after another. Calls are made one at a time, in order, by the session's actor. */
export interface MediaAdapter {
  /** Join; rejects on failure or when `signal` aborts. Events of an older join never arrive after `leave`. */
  join(credentials: Credentials, events: MediaEvents, signal: AbortSignal): Promise<void>;
  /** Leave and let go of everything but the local tracks. Idempotent, never rejects. */
  leave(): Promise<void>;
  setMicrophone(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  /** Connections built and not closed (the ledger). */
  readonly ledger: { built: number; live: number; swept: number };
}

/** Chance and time, so that a test owns both. */
export interface Environment {
  now(): number;
  random(): number;
  setTimer(run: () => void, delayMs: number): () => void;
  openSocket(url: string, protocol: string): SocketLike;
  /** Guest or integrator token; `fresh` when the last one was refused. */
  token(fresh: boolean): Promise<string>;
  /** Survives a reload of the tab (the resume token lives here); may be empty. */
  load(key: string): string | null;
  store(key: string, value: string | null): void;
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

export interface RandomChatOptions {
  readonly config: ServerConfig;
  readonly environment: Environment;
  /** Null: text only. */
  readonly media: MediaAdapter | null;
  /** After a talk that the partner ended: 0 = search at once (the server requeues), n = after n ms, null = when asked. */
  readonly autoNextMs?: number | null;
}

export interface RandomChat {
  readonly state: RandomChatState;
  /** Called after each change; returns how to stop listening. */
  subscribe(listener: () => void): () => void;
  /** The partner's tracks, for `<video>`; also changes with `subscribe`. */
  readonly remote: { readonly video: PlatformTrack | null; readonly audio: PlatformTrack | null };
  /** Connect, and resume what this tab was doing. Never rejects: the state tells. */
  start(): void;
  find(filters: Omit<Filters, "auto_next">): void;
  /** Move on (in a pair), or search again (ended). */
  next(): void;
  /** Leave the pair or the queue, stay online. */
  stop(): void;
  /** Do not search by itself after this talk ("Stay here"). */
  stay(): void;
  sendChat(text: string): void;
  typing(): void;
  setMicrophone(on: boolean): void;
  setCamera(on: boolean): void;
  /** Try to reconnect now instead of waiting for the countdown. */
  reconnectNow(): void;
  dismissNotice(): void;
  /** Say goodbye: frees the seat at once, releases everything. Resolves when nothing is left. */
  close(): Promise<void>;
}
