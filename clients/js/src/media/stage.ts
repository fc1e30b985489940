/** One join of one room: what is heard from the room, and what is published into it, until `detach`. */
import {
  DisconnectReason,
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
} from "livekit-client";
import { DuologueError } from "../errors.js";
import type { MediaEvents, PlatformTrack } from "../session/api.js";
import type { FastAttempt } from "./fast-start/index.js";
import { onFirstFrame } from "./first-frame.js";

/** The SDK's own `LocalTrack` type does not admit its own classes under exact optional types. */
export type OwnTrack = LocalAudioTrack | LocalVideoTrack;

export interface StageOptions {
  readonly room: Room;
  /** Identities of those whose tracks may be shown. */
  readonly partners: readonly string[];
  readonly tracks: readonly OwnTrack[];
  readonly attempt: FastAttempt;
}

export class Stage {
  readonly #room: Room;
  readonly #partners: ReadonlySet<string>;
  readonly #events: MediaEvents;
  readonly #tracks: readonly OwnTrack[];
  readonly #attempt: FastAttempt;
  #publishing: Promise<unknown> = Promise.resolve();
  #remote: { video: PlatformTrack | null; audio: PlatformTrack | null } = { video: null, audio: null };
  #stopWaiting: (() => void) | null = null;
  #attached = true;
  #open = false;
  #lose: (error: Error) => void = () => undefined;
  /** Rejects when the room is lost before `open`. */
  readonly lost: Promise<never>;

  /** Listens at once; publishes `tracks` as soon as the signalling is up, beside the rest of the connect. */
  constructor({ room, partners, tracks, attempt }: StageOptions, events: MediaEvents) {
    this.#room = room;
    this.#partners = new Set(partners);
    this.#tracks = tracks;
    this.#attempt = attempt;
    this.#events = events;
    this.lost = new Promise((_, reject) => (this.#lose = reject));
    this.lost.catch(() => undefined);
    room.on(RoomEvent.SignalConnected, this.#publishAll);
    room.on(RoomEvent.LocalTrackSubscribed, this.#partnerSubscribed);
    room.on(RoomEvent.TrackSubscribed, this.#subscribed);
    room.on(RoomEvent.TrackUnsubscribed, this.#unsubscribed);
    room.on(RoomEvent.SignalReconnecting, this.#reconnecting);
    room.on(RoomEvent.Reconnecting, this.#reconnecting);
    room.on(RoomEvent.Reconnected, this.#reconnected);
    room.on(RoomEvent.Disconnected, this.#disconnected);
  }

  /** The join is done: from here on a lost room is an event, before it was the join's failure. */
  open(): void {
    this.#open = true;
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
    const there = [...this.#room.localParticipant.trackPublications.values()].some((publication) => publication.track === track);
    if (there || !this.#attached) return Promise.resolve();
    const publishing = Promise.all([this.#publishing, this.#offer(track)]);
    this.#publishing = publishing;
    return publishing.then(() => undefined);
  }

  /** Nothing is heard from here on. Handlers go one by one: the room has listeners of its own. */
  detach(): void {
    this.#attached = false;
    this.#stopWaiting?.();
    this.#attempt.end();
    const room = this.#room;
    room.off(RoomEvent.SignalConnected, this.#publishAll);
    room.off(RoomEvent.LocalTrackSubscribed, this.#partnerSubscribed);
    room.off(RoomEvent.TrackSubscribed, this.#subscribed);
    room.off(RoomEvent.TrackUnsubscribed, this.#unsubscribed);
    room.off(RoomEvent.SignalReconnecting, this.#reconnecting);
    room.off(RoomEvent.Reconnecting, this.#reconnecting);
    room.off(RoomEvent.Reconnected, this.#reconnected);
    room.off(RoomEvent.Disconnected, this.#disconnected);
  }

  #offer(track: OwnTrack): Promise<unknown> {
    return this.#room.localParticipant.publishTrack(track as LocalTrack);
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
    const video = track.kind === Track.Kind.Video;
    this.#show(video ? { video: track.mediaStreamTrack } : { audio: track.mediaStreamTrack });
    if (!video) return;
    this.#awaitFrame(track.mediaStreamTrack);
    if (!publication.isMuted && document.visibilityState === "visible") this.#attempt.pictureSubscribed();
  };

  readonly #unsubscribed = (track: RemoteTrack): void => {
    const { video, audio } = this.#remote;
    if (track.mediaStreamTrack === video) {
      this.#attempt.pictureSettled();
      this.#show({ video: null });
    } else if (track.mediaStreamTrack === audio) this.#show({ audio: null });
  };

  readonly #reconnecting = (): void => this.#events.reconnecting();
  readonly #reconnected = (): void => this.#events.connected();

  readonly #disconnected = (reason: DisconnectReason = DisconnectReason.UNKNOWN_REASON): void => {
    const detail = `disconnected ${DisconnectReason[reason]}`;
    if (this.#open) this.#events.failed(detail);
    else this.#lose(new DuologueError(detail));
  };

  #isPartner(participant: Participant): boolean {
    return this.#partners.has(participant.identity);
  }

  #show(tracks: Partial<{ video: PlatformTrack | null; audio: PlatformTrack | null }>): void {
    this.#remote = { ...this.#remote, ...tracks };
    this.#events.remote(this.#remote);
  }

  #awaitFrame(track: MediaStreamTrack): void {
    this.#stopWaiting?.();
    this.#stopWaiting = onFirstFrame(track, () => {
      this.#stopWaiting = null;
      this.#attempt.pictureSettled();
      this.#events.firstFrame();
    });
  }
}
