/** The yardstick: a page that connects to a room, publishes and leaves, with the SDK and nothing else, by its defaults. */
import { createLocalTracks, Room, type LocalTrack } from "livekit-client";
import { begin, mark, now, seen, watchRooms, type Meeting } from "./marks.js";

let tracks: LocalTrack[] = [];
let room = new Room();

/** Connect and publish when the clock says `at` (epoch, ms), so that both people begin together. */
async function meet(url: string, token: string, at: number): Promise<void> {
  begin();
  room = new Room();
  await new Promise((resolve) => setTimeout(resolve, at - now()));
  mark("asked");
  await room.connect(url, token, { rtcConfig: { iceServers: [] } }); // as for the product: there is no internet here
  const { localParticipant } = room;
  await Promise.all(tracks.map((track) => localParticipant.publishTrack(track)));
}

const bench = {
  /** Ask for the devices once: a page that asked each time would be slower. */
  async open(): Promise<void> {
    watchRooms();
    tracks = await createLocalTracks({ audio: true, video: true });
  },
  meet(url: string, token: string, at: number): void {
    void meet(url, token, at);
  },
  seen: (): Promise<Meeting> => seen(),
  async leave(): Promise<void> {
    await room.disconnect(false);
  },
};

Object.assign(window, { bench });
