/**
 * When what happened, in one meeting after another, by the clock of the machine (epoch, ms).
 *
 * Both pages are measured by this one file: it listens to the SDK's own events and looks for the first frame
 * itself, so neither page can be quicker by looking differently.
 */
import { ConnectionState, Room, RoomEvent, Track, type LocalTrackPublication, type RemoteTrack } from "livekit-client";

export type Mark = "asked" | "matched" | "joining" | "signalled" | "connected" | "published" | "subscribed" | "frame";
export type Meeting = Partial<Record<Mark, number>>;

/** Looser than the SDK's own: what is passed on need not be understood. */
type Emit = (this: Room, event: RoomEvent, ...args: unknown[]) => boolean;

const FRAME_WITHIN_MS = 15_000;

let meeting: Meeting = {};
let framed: (() => void) | null = null;

export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** A new meeting begins; what is marked from here on belongs to it. */
export function begin(): void {
  meeting = {};
  framed = null;
}

/** The first time counts. */
export function mark(name: Mark): void {
  meeting[name] ??= now();
  if (name === "frame") framed?.();
}

/** The meeting, once the partner was seen. Rejects when that takes too long. */
export function seen(): Promise<Meeting> {
  const its = meeting;
  return new Promise((resolve, reject) => {
    if (its.frame !== undefined) {
      resolve(its);
      return;
    }
    const giveUp = setTimeout(() => reject(new Error(`no frame; only ${Object.keys(its).join(", ")}`)), FRAME_WITHIN_MS);
    framed = () => {
      clearTimeout(giveUp);
      resolve(its);
    };
  });
}

/** Every room of this page tells, whoever made it. */
export function watchRooms(): void {
  const emit = Room.prototype.emit as Emit; // eslint-disable-line @typescript-eslint/unbound-method -- it is called with `this`
  Room.prototype.emit = function (this: Room, event: RoomEvent, ...args: unknown[]) {
    note(event, args[0]);
    return emit.call(this, event, ...args);
  } as Room["emit"];
}

function note(event: RoomEvent, subject: unknown): void {
  if (event === RoomEvent.ConnectionStateChanged && subject === ConnectionState.Connecting) mark("joining");
  if (event === RoomEvent.SignalConnected) mark("signalled");
  if (event === RoomEvent.Connected) mark("connected");
  if (event === RoomEvent.LocalTrackPublished && (subject as LocalTrackPublication).kind === Track.Kind.Video) mark("published");
  if (event === RoomEvent.TrackSubscribed) look(subject as RemoteTrack);
}

/** As a page would show it: in a `<video>`, and the frame is there when it has data. */
function look(track: RemoteTrack): void {
  if (track.kind !== Track.Kind.Video) return;
  mark("subscribed");
  const its = meeting;
  const video = document.createElement("video");
  video.muted = true;
  video.onloadeddata = () => {
    video.srcObject = null;
    if (its === meeting) mark("frame");
  };
  video.srcObject = new MediaStream([track.mediaStreamTrack]);
  void video.play().catch(() => undefined); // the track may end before
}
