/**
 * A person's line to the server: one socket, one state, one hand on the media, and whatever the reducer wants done.
 *
 * There is one for each person on a page: a second one would take over from the first. `RandomChatSession` and
 * `VideoCallSession` are faces of it; an app that has both makes the line first and gives it to both.
 */
import { Socket } from "./socket.js";
import { assertNever } from "./errors.js";
import { TrailEvent } from "./protocol.gen.js";
import { MediaActor, NO_TRACKS, type RemoteTracks } from "./session/actor.js";
import type { LifecycleEvent, LineOptions, PictureSize } from "./session/api.js";
import type { Effect, SessionEvent, TimerName, Wishes } from "./session/events.js";
import { NO_CONNECTIONS, snapshotOf, type SessionDiagnostics, type Snapshot } from "./session/diagnosis.js";
import { initialModel, isAtRest, type Model } from "./session/model.js";
import { Recorder } from "./session/recorder.js";
import { reduce } from "./session/reducer.js";
import type { LineView } from "./session/state.js";
import { wordOfEffect, wordOfEvent } from "./session/trail.js";

const WISHES_KEY = "duologue.wishes";

export class Line {
  readonly #options: LineOptions;
  readonly #socket: Socket;
  readonly #actor: MediaActor | null;
  readonly #listeners = new Set<() => void>();
  readonly #timers = new Map<TimerName, () => void>();
  readonly #inbox: SessionEvent[] = [];
  #busy = false;
  #model: Model;
  #remote: RemoteTracks = NO_TRACKS;
  #stopListening: (() => void) | null = null;
  readonly #recorder: Recorder;

  constructor(options: LineOptions) {
    const { environment, config, media } = options;
    this.#options = options;
    this.#recorder = new Recorder(media?.ledger ?? NO_CONNECTIONS);
    this.#model = initialModel({
      autoNextMs: options.autoNextMs === undefined ? 0 : options.autoNextMs,
      hasMedia: media !== null,
      wishes: keptWishes(environment.load(WISHES_KEY)),
      dataSaver: options.dataSaver ?? false,
    });
    this.#socket = new Socket(config, environment, {
      connection: (connection) => this.dispatch({ type: "connection_changed", connection }),
      ready: (ready, skewMs, samePerson) => {
        this.dispatch({ type: "became_ready", ready, skewMs, samePerson });
        this.#tellServer(isAtRest(this.#model)); // what went wrong while nobody could be told
      },
      standby: (ringing, skewMs) => this.dispatch({ type: "came_back_to_stand_by", ringing, skewMs }),
      push: (push) => this.dispatch({ type: "pushed", push }),
      answer: (command, reply) => {
        if (command.type === "diagnostics" && !reply.ok) this.#recorder.refused(command);
        this.dispatch({ type: "answered", command, reply });
      },
    }, { standBy: options.standBy ?? true });
    this.#actor = media === null ? null : this.#makeActor(media);
    if (options.dataSaver === true) media?.useBandwidth?.("data_saver");
  }

  get view(): LineView {
    return this.#model.view;
  }

  get remote(): RemoteTracks {
    return this.#remote;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): void {
    this.#stopListening ??= this.#options.environment.lifecycle?.listen((event) => this.#lifecycle(event)) ?? null;
    this.#socket.start();
  }

  #lifecycle(event: LifecycleEvent): void {
    if (event === "visible" || event === "resumed") this.dispatch({ type: "woke" });
    this.#socket.lifecycle(event);
  }

  setPictureSize(size: PictureSize): void {
    this.#options.media?.setPictureSize?.(size);
  }

  reconnectNow(): void {
    this.#socket.reconnectNow();
  }

  takeOver(): void {
    this.#socket.takeOver();
  }

  diagnostics(): SessionDiagnostics {
    return { ...this.#snapshot(), reports: this.#recorder.reports };
  }

  async close(): Promise<void> {
    this.#tellServer(true);
    this.#stopListening?.();
    this.#stopListening = null;
    this.#socket.close();
    this.dispatch({ type: "closed" });
    for (const name of [...this.#timers.keys()]) this.#stopTimer(name);
    await this.#actor?.close();
  }

  /** For the faces. Events that come while one is handled (an effect may cause some) wait their turn. */
  dispatch(event: SessionEvent): void {
    this.#inbox.push(event);
    if (this.#busy) return;
    this.#busy = true;
    const before = this.#model;
    try {
      for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) this.#handle(next);
    } finally {
      this.#busy = false;
    }
    if (isAtRest(this.#model) && !isAtRest(before) && this.#actor?.idle === true) this.#tellServer(true);
    if (this.#model.view !== before.view) this.#changed();
  }

  #handle(event: SessionEvent): void {
    const now = this.#options.environment.now();
    this.#recorder.note(wordOfEvent(event), now);
    const { state, effects } = reduce(this.#model, event, now);
    this.#model = state;
    for (const effect of effects) {
      this.#recorder.note(wordOfEffect(effect), now);
      this.#perform(effect);
    }
  }

  #perform(effect: Effect): void {
    const { environment, media } = this.#options;
    switch (effect.type) {
      case "send":
        return this.#socket.command(effect.command);
      case "withdraw":
        return this.#socket.withdraw(effect.command);
      case "take_over":
        return this.#socket.takeOver();
      case "report_media": {
        const { pair, event, detail, ms } = effect;
        return this.#socket.signal({ type: "media", pair, event, ...(detail === undefined ? {} : { detail }), ...(ms === undefined ? {} : { ms }) });
      }
      case "tell_typing":
        return this.#socket.signal({ type: "typing", pair: effect.pair });
      case "join_media":
        return this.#actor?.join(effect.epoch, effect.credentials, effect.mode);
      case "leave_media":
        return void this.#actor?.leave();
      case "prepare_media":
        return media?.prepare?.(effect.url);
      case "switch_microphone":
        return this.#actor?.setMicrophone(effect.on);
      case "switch_camera":
        return this.#actor?.setCamera(effect.on);
      case "use_bandwidth":
        return media?.useBandwidth?.(effect.use);
      case "start_timer":
        return this.#startTimer(effect.timer, effect.delayMs);
      case "stop_timer":
        return this.#stopTimer(effect.timer);
      case "remember":
        return environment.store(WISHES_KEY, effect.wishes === null ? null : JSON.stringify(effect.wishes));
      default:
        return assertNever(effect);
    }
  }

  #makeActor(media: NonNullable<LineOptions["media"]>): MediaActor {
    return new MediaActor(media, this.#options.environment, {
      joined: (epoch) => this.dispatch({ type: "media_joined", epoch }),
      reconnecting: (epoch) => {
        this.#socket.doubt();
        this.dispatch({ type: "media_reconnecting", epoch });
      },
      failed: (epoch, detail, cause) => {
        this.#recorder.trouble(cause, this.#snapshot());
        this.dispatch({ type: "media_failed", epoch, detail });
      },
      firstFrame: (epoch) => this.dispatch({ type: "first_frame_shown", epoch }),
      quality: (epoch, quality) => this.dispatch({ type: "quality_sampled", epoch, quality }),
      remote: (tracks) => this.#showRemote(tracks),
      settled: () => {
        this.#recorder.note(TrailEvent.SETTLED, this.#options.environment.now());
        this.#tellServer(isAtRest(this.#model));
      },
    });
  }

  #showRemote(tracks: RemoteTracks): void {
    if (tracks.video === this.#remote.video && tracks.audio === this.#remote.audio) return;
    this.#remote = tracks;
    this.#changed();
  }

  #snapshot(): Snapshot {
    const { environment, media } = this.#options;
    return snapshotOf(this.#model, media?.inspect?.() ?? null, media?.ledger ?? NO_CONNECTIONS, this.#recorder.trail, environment.now());
  }

  /** What it ought to know, if it can be told now; otherwise it is told another time. */
  #tellServer(resting: boolean): void {
    if (!this.#socket.online) return;
    const account = this.#recorder.account(this.#snapshot(), resting);
    if (account !== null) this.#socket.command({ type: "diagnostics", ...account });
  }

  #startTimer(timer: TimerName, delayMs: number): void {
    this.#stopTimer(timer);
    const fire = (): void => {
      this.#timers.delete(timer);
      this.dispatch({ type: "timer_fired", timer });
    };
    this.#timers.set(timer, this.#options.environment.setTimer(fire, delayMs));
  }

  #stopTimer(timer: TimerName): void {
    this.#timers.get(timer)?.();
    this.#timers.delete(timer);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Null: nothing kept, or kept by a program of another time. */
function keptWishes(text: string | null): Wishes | null {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
