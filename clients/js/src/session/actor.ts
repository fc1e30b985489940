/**
 * One hand on the media: joins and leaves happen one after another, in order, never overlapping.
 *
 * What a join says is passed on only while its epoch is the current one. A join that nobody wants any
 * more is aborted, and its end is awaited before anything else begins.
 */
import { ReportCause, type Credentials, type Mode } from "../protocol.gen.js";
import { Abort } from "./abort.js";
import type { Environment, MediaAdapter, MediaEvents, PlatformTrack } from "./api.js";
import type { Quality } from "./state.js";

/** Shorter than the deadline of the server (10 s) and of the media library (15 s). */
export const CONNECT_DEADLINE_MS = 8_000;
/**
 * A connection that does not come back within this is lost: strangers do not wait longer. It counts from the first sign
 * of trouble; the library sees 10 s later what the browser saw then, and has the rest to mend it.
 */
export const RECONNECT_BUDGET_MS = 20_000;

const MAX_WORD = 40;

export interface RemoteTracks {
  readonly video: PlatformTrack | null;
  readonly audio: PlatformTrack | null;
}

export const NO_TRACKS: RemoteTracks = { video: null, audio: null };

export interface ActorHandlers {
  joined(epoch: number): void;
  reconnecting(epoch: number): void;
  /** Told before anything is cleaned up. */
  failed(epoch: number, detail: string, cause: ReportCause): void;
  firstFrame(epoch: number): void;
  quality(epoch: number, quality: Quality): void;
  remote(tracks: RemoteTracks): void;
  /** The media is left, and nothing runs. */
  settled(): void;
}

interface Join {
  readonly epoch: number;
  readonly abort: Abort;
  /** There is something to abort. */
  running: boolean;
  cancelBudget: (() => void) | null;
}

export class MediaActor {
  readonly #media: MediaAdapter;
  readonly #environment: Environment;
  readonly #handlers: ActorHandlers;
  /** The join that is wanted now, whether it waits, runs or is done. */
  #wanted: Join | null = null;
  /** Something was joined, or half joined, and not left. */
  #dirty = false;
  #rooms: Promise<void> = Promise.resolve();
  #switches: Promise<void> = Promise.resolve();

  constructor(media: MediaAdapter, environment: Environment, handlers: ActorHandlers) {
    this.#media = media;
    this.#environment = environment;
    this.#handlers = handlers;
  }

  /** Nothing is joined, nothing runs, and nothing is left to leave. */
  get idle(): boolean {
    return this.#wanted === null && !this.#dirty;
  }

  join(epoch: number, credentials: Credentials, mode: Mode): void {
    this.#unwant();
    const join: Join = { epoch, abort: new Abort(), running: true, cancelBudget: null };
    this.#wanted = join;
    void this.#queue(() => this.#join(join, credentials, mode));
  }

  /** Takes effect at once for what is heard and seen; resolves when the media is really left. */
  leave(): Promise<void> {
    this.#unwant();
    return this.#queue(() => this.#leave());
  }

  setMicrophone(on: boolean): void {
    this.#switch(() => this.#media.setMicrophone(on));
  }

  setCamera(on: boolean): void {
    this.#switch(() => this.#media.setCamera(on));
  }

  /** Leave and let go of everything. */
  async close(): Promise<void> {
    await this.leave();
    await this.#switches;
    await this.#media.release?.();
  }

  #unwant(): void {
    this.#wanted?.cancelBudget?.();
    if (this.#wanted?.running === true) this.#wanted.abort.abort(new Error("superseded"));
    this.#wanted = null;
    this.#handlers.remote(NO_TRACKS);
  }

  async #join(join: Join, credentials: Credentials, mode: Mode): Promise<void> {
    await this.#leave();
    if (this.#wanted !== join) return;
    this.#dirty = true;
    const cancelDeadline = this.#environment.setTimer(() => join.abort.abort(new Error("timeout")), CONNECT_DEADLINE_MS);
    try {
      await this.#media.join(credentials, this.#events(join), join.abort, mode);
      join.running = false;
      if (this.#wanted === join) this.#handlers.joined(join.epoch);
    } catch (error) {
      join.running = false;
      const { aborted, reason } = join.abort;
      await this.#failed(join, aborted ? reason : error, aborted ? ReportCause.CONNECT_TIMEOUT : ReportCause.CONNECT_FAILED);
    } finally {
      cancelDeadline();
    }
  }

  async #leave(): Promise<void> {
    if (!this.#dirty) return;
    await this.#media.leave();
    this.#dirty = false;
    this.#handlers.settled();
  }

  /** Told before the leave, so that the partner does not wait for our cleaning up. */
  async #failed(join: Join, error: unknown, cause: ReportCause): Promise<void> {
    this.#over(join, error, cause);
    await this.#leave();
  }

  #over(join: Join, error: unknown, cause: ReportCause): void {
    if (this.#wanted !== join) return;
    this.#unwant();
    this.#log(error);
    const detail = wordOf(error);
    this.#handlers.failed(join.epoch, detail, detail.includes("mismatch") ? ReportCause.MISMATCH : cause);
  }

  #events(join: Join): MediaEvents {
    const current = (run: () => void): void => {
      if (this.#wanted === join) run();
    };
    return {
      connected: () => current(() => this.#back(join)),
      reconnecting: () => current(() => this.#reconnecting(join)),
      failed: (detail) => current(() => this.#lose(join, detail, ReportCause.LOST)),
      remote: (tracks) => current(() => this.#handlers.remote(tracks)),
      quality: (quality) => current(() => this.#handlers.quality(join.epoch, quality)),
      firstFrame: () => current(() => this.#handlers.firstFrame(join.epoch)),
    };
  }

  #back(join: Join): void {
    this.#stopBudget(join);
    this.#handlers.joined(join.epoch);
  }

  #reconnecting(join: Join): void {
    join.cancelBudget ??= this.#environment.setTimer(() => this.#lose(join, "reconnect_timeout", ReportCause.RECONNECT_TIMEOUT), RECONNECT_BUDGET_MS);
    this.#handlers.reconnecting(join.epoch);
  }

  #lose(join: Join, detail: string, cause: ReportCause): void {
    this.#stopBudget(join);
    this.#over(join, detail, cause);
    void this.#queue(() => this.#leave());
  }

  #stopBudget(join: Join): void {
    join.cancelBudget?.();
    join.cancelBudget = null;
  }

  #queue(run: () => Promise<void>): Promise<void> {
    this.#rooms = this.#rooms.then(run).catch((error: unknown) => this.#log(error));
    return this.#rooms;
  }

  #switch(run: () => Promise<void>): void {
    this.#switches = this.#switches.then(run).catch((error: unknown) => this.#log(error));
  }

  #log(error: unknown): void {
    this.#environment.log?.("warn", "media.failed", { detail: wordOf(error) });
  }
}

/** One word, as the wire wants it: what it was, never whose. */
function wordOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "").slice(0, MAX_WORD) || "unknown";
}
