/** One join of one room: what is heard from the room, and what is published into it, until `detach`. */
import {
  ConnectionState,
  DisconnectReason,
  LogLevel,
  RoomEvent,
  Track,
  type LocalAudioTrack,
  type LocalTrack,
  type LocalTrackPublication,
  type LocalVideoTrack,
  type Participant,
  type RemoteParticipant,
  type RemoteTrack,
  type RemoteTrackPublication,
  type Room,
  type TrackPublication,
} from "livekit-client";
import { DuologueError } from "../errors.js";
import type { MediaEvents, PictureSize } from "../session/api.js";
import type { BandwidthUse } from "../session/state.js";
import type { Mode } from "../protocol.gen.js";
import { ask, send } from "./bandwidth.js";
import { listen } from "./listening.js";
import { countMissing } from "./missing-tracks.js";
import type { Attempt, MediaPlatform } from "./platform.js";
import { hush } from "./quiet.js";

/** The SDK's own `LocalTrack` type does not admit its own classes under exact optional types. */
export type OwnTrack = LocalAudioTrack | LocalVideoTrack;

export interface StageOptions {
  readonly room: Room;
  /** Identities of those whose tracks may be shown. */
  readonly partners: readonly string[];
  readonly tracks: readonly OwnTrack[];
  /** Of the partner a picture is expected in `video` only. */
  readonly mode: Mode;
  readonly network: NetworkUse;
}

/** How much of the network to use, and for what size of picture; may change at any time, `adapt` then applies it. */
export interface NetworkUse {
  use: BandwidthUse;
  size: PictureSize | null;
}

/** What is shown of the partner. */
interface Remote {
  readonly video: MediaStreamTrack | null;
  readonly audio: MediaStreamTrack | null;
}

const NOTHING = (): void => undefined;

export class Stage {
  readonly #room: Room;
  readonly #partners: ReadonlySet<string>;
  readonly #events: MediaEvents;
  readonly #tracks: readonly OwnTrack[];
  readonly #platform: MediaPlatform;
  readonly #attempt: Attempt;
  readonly #network: NetworkUse;
  readonly #stopListening: () => void;
  #publishing: Promise<unknown> = Promise.resolve();
  #remote: Remote = { video: null, audio: null };
  #stopWaiting: (() => void) | null = null;
  #picture: RemoteTrackPublication | null = null;
  #sound: RemoteTrackPublication | null = null;
  #attached = true;
  #seen = false;
  #open = false;
  #endQuiet = NOTHING;
  #lose: (error: Error) => void = () => undefined;
  /** Rejects when the room is lost before `open`. */
  readonly lost: Promise<never>;

  /** Listens at once; publishes `tracks` as soon as the signalling is up, beside the rest of the connect. */
  constructor({ room, partners, tracks, mode, network }: StageOptions, platform: MediaPlatform, events: MediaEvents) {
    this.#room = room;
    this.#partners = new Set(partners);
    this.#tracks = tracks;
    this.#platform = platform;
    this.#attempt = platform.begin(mode === "video" ? 2 : 1);
    this.#network = network;
    this.#events = events;
    this.lost = new Promise((_, reject) => (this.#lose = reject));
    this.lost.catch(() => undefined);
    this.#stopListening = listen(room, {
      [RoomEvent.SignalConnected]: this.#publishAll,
      [RoomEvent.LocalTrackSubscribed]: this.#partnerSubscribed,
      [RoomEvent.TrackSubscribed]: this.#subscribed,
      [RoomEvent.TrackUnsubscribed]: this.#unsubscribed,
      [RoomEvent.TrackMuted]: this.#muted,
      [RoomEvent.TrackUnmuted]: this.#unmuted,
      [RoomEvent.SignalReconnecting]: this.#reconnecting,
      [RoomEvent.Reconnecting]: this.#reconnecting,
      [RoomEvent.Reconnected]: this.#reconnected,
      [RoomEvent.Disconnected]: this.#disconnected,
    });
  }

  /** The join is done: from here on a lost room is an event, before it was the join's failure. */
  open(): void {
    this.#open = true;
  }

  /**
   * The signalling closed by itself, or LiveKit asks to come back. From here on the session tells the person how it
   * goes, so the library, which warns and calls it an error before it tells anybody, is quiet until it is connected
   * again, or left.
   */
  signalLost(): void {
    if (this.#open && this.#attached && !this.inTrouble) this.#endQuiet = hush(LogLevel.silent);
  }

  /** Nothing gets through any more: the same, and told at once. */
  wayLost(): void {
    this.signalLost();
    if (this.#attached) this.#events.reconnecting();
  }

  /** Something does again; if the library has begun to reconnect, it tells when it is done. */
  wayBack(): void {
    if (this.#attached && this.#room.state === ConnectionState.Connected) this.#reconnected();
  }

  /** Whether the library is kept quiet. */
  get inTrouble(): boolean {
    return this.#endQuiet !== NOTHING;
  }

  /** How many tracks of the partner were announced and are not here; none while the connection is being mended. */
  get missing(): number {
    if (this.#room.state !== ConnectionState.Connected) return 0;
    const partners = [...this.#room.remoteParticipants.values()].filter((participant) => this.#isPartner(participant));
    return countMissing(partners.flatMap(({ trackPublications }) => [...trackPublications.values()]));
  }

  /** What should be heard and seen of the partner: they are in the room, and did not switch it off. */
  get awaited(): readonly MediaStreamTrack[] {
    const picture = this.#network.use === "sound_only" ? null : this.#remote.video;
    const sound = this.#sound?.isMuted === false ? this.#remote.audio : null;
    return [picture, sound].filter((track) => track !== null);
  }

  /** What is missing is negotiated once more. */
  askAgain(): void {
    this.#attempt.tracksMissing();
  }

  /** The library makes another connection, and tells the person so. */
  connectAnew(): void {
    if (this.#attached) this.#attempt.connectAnew();
  }

  /** Rejects when something could not be published. */
  get published(): Promise<unknown> {
    return this.#publishing;
  }

  /** Resolves when no publish is in flight; a disconnect must wait for it. */
  async settled(): Promise<void> {
    await this.#publishing.catch(() => undefined);
  }

  /** One more track, if it is not in the room already. */
  publish(track: OwnTrack): Promise<void> {
    const publishing = this.#publishing.then(async () => {
      const there = [...this.#room.localParticipant.trackPublications.values()].some((publication) => publication.track === track);
      if (!there && this.#attached) await this.#offer(track);
    });
    this.#publishing = publishing;
    return publishing;
  }

  /** Ask for, and send, what the network is to carry now. */
  adapt(): void {
    const { use, size } = this.#network;
    if (this.#picture !== null) ask(this.#picture, use, size);
    for (const { videoTrack } of this.#room.localParticipant.videoTrackPublications.values()) {
      if (videoTrack !== undefined) void send(videoTrack, use).catch(() => undefined); // it is being left
    }
  }

  /** It is connected again, or left: the library may warn. */
  speakUp(): void {
    this.#endQuiet();
    this.#endQuiet = NOTHING;
  }

  /** Nothing is heard from here on. */
  detach(): void {
    this.#attached = false;
    this.#stopWaiting?.();
    this.#attempt.end();
    this.#stopListening();
  }

  async #offer(track: OwnTrack): Promise<void> {
    await this.#room.localParticipant.publishTrack(track as LocalTrack);
    if (this.#network.use !== "full") this.adapt();
  }

  /** Not before: the library stops a track whose publishing was deferred and then given up. */
  readonly #publishAll = (): void => {
    this.#publishing = Promise.all(this.#tracks.map((track) => this.#offer(track)));
    this.#publishing.catch(() => undefined); // `published` tells
  };

  readonly #partnerSubscribed = ({ videoTrack }: LocalTrackPublication): void => {
    if (videoTrack?.sender !== undefined) this.#attempt.pictureWanted(videoTrack.sender);
  };

  readonly #subscribed = (track: RemoteTrack, publication: RemoteTrackPublication, participant: RemoteParticipant): void => {
    if (!this.#isPartner(participant)) {
      publication.setSubscribed(false);
      return;
    }
    if (track.kind === Track.Kind.Video) return this.#pictureFrom(publication, track);
    this.#sound = publication;
    this.#show({ audio: track.mediaStreamTrack });
  };

  readonly #unsubscribed = (track: RemoteTrack): void => {
    const { video, audio } = this.#remote;
    if (track.mediaStreamTrack === video) {
      this.#attempt.pictureSettled();
      this.#show({ video: null });
    } else if (track.mediaStreamTrack === audio) this.#show({ audio: null });
  };

  /** Their camera is off or lost: no picture, rather than the last one. */
  readonly #muted = ({ track }: TrackPublication): void => {
    if (track === undefined || track.mediaStreamTrack !== this.#remote.video) return;
    this.#attempt.pictureSettled();
    this.#show({ video: null });
  };

  readonly #unmuted = ({ track }: TrackPublication, participant: Participant): void => {
    if (track?.kind === Track.Kind.Video && this.#isPartner(participant)) this.#showPicture(track);
  };

  readonly #reconnecting = (): void => this.#events.reconnecting();
  readonly #reconnected = (): void => {
    this.speakUp();
    this.#events.connected();
  };

  readonly #disconnected = (reason: DisconnectReason = DisconnectReason.UNKNOWN_REASON): void => {
    const detail = `disconnected ${DisconnectReason[reason]}`;
    if (this.#open) this.#events.failed(detail);
    else this.#lose(new DuologueError(detail));
  };

  #isPartner(participant: Participant): boolean {
    return this.#partners.has(participant.identity);
  }

  #show(tracks: Partial<Remote>): void {
    this.#remote = { ...this.#remote, ...tracks };
    this.#events.remote(this.#remote);
  }

  #pictureFrom(publication: RemoteTrackPublication, track: RemoteTrack): void {
    this.#picture = publication;
    const { use, size } = this.#network;
    if (use !== "full" || size !== null) ask(publication, use, size);
    if (!publication.isMuted) this.#showPicture(track);
  }

  #showPicture(track: Track): void {
    this.#show({ video: track.mediaStreamTrack });
    if (this.#seen) return;
    if (this.#platform.isVisible()) this.#attempt.pictureSubscribed();
    this.#stopWaiting?.();
    this.#stopWaiting = this.#platform.onFirstPicture(track, () => {
      this.#stopWaiting = null;
      this.#seen = true;
      this.#attempt.pictureSettled();
      this.#events.firstFrame();
    });
  }
}
