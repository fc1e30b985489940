/**
 * What is known of a session when it does not do as it should: for developers whole, for the server in figures.
 *
 * Pure. Must not hold anything of a person: no alias, no chat, no token, no SDP, no address.
 */
import { PROTOCOL_VERSION, type Diagnostics, type ReportCause } from "../protocol.gen.js";
import { VERSION } from "../version.js";
import type { MediaInspection } from "./api.js";
import type { Model } from "./model.js";
import type { RandomChatState } from "./state.js";
import type { TrailEntry } from "./trail.js";

/** Counts of connections: built, not closed, and closed as leftovers. */
export interface ConnectionCounts {
  readonly built: number;
  readonly live: number;
  readonly swept: number;
}

export const NO_CONNECTIONS: ConnectionCounts = { built: 0, live: 0, swept: 0 };

/** A session at one moment. */
export interface Snapshot {
  /** Epoch ms. */
  readonly at: number;
  /** Of the protocol, of this client, and of the media library. */
  readonly versions: Readonly<Record<string, string>>;
  /** As the session believes it. */
  readonly session: {
    readonly connection: RandomChatState["connection"]["status"];
    readonly phase: RandomChatState["phase"];
    readonly media: RandomChatState["media"]["status"];
    /** How many joins and drops of pairs there were so far. */
    readonly epoch: number;
  };
  /** As the media library and the browser have it; null: text only, or an adapter that does not tell. */
  readonly media: MediaInspection | null;
  readonly peerConnections: ConnectionCounts;
  /** The last 50 events, the newest last. */
  readonly trail: readonly TrailEntry[];
}

/** Made at the moment when something went wrong, before anything was cleaned up. */
export interface TroubleReport extends Snapshot {
  readonly cause: ReportCause;
}

/** What `session.diagnostics()` gives. */
export interface SessionDiagnostics extends Snapshot {
  /** The last five, the newest last. */
  readonly reports: readonly TroubleReport[];
}

export function snapshotOf(model: Model, media: MediaInspection | null, counts: ConnectionCounts, trail: readonly TrailEntry[], at: number): Snapshot {
  const { connection, phase, media: believed } = model.view;
  return {
    at,
    versions: { protocol: PROTOCOL_VERSION, client: VERSION, ...media?.versions },
    session: { connection: connection.status, phase, media: believed.status, epoch: model.epoch },
    media,
    peerConnections: counts,
    trail,
  };
}

/** As the wire takes it: figures and yes or no. */
export function figuresOf(snapshot: Snapshot): Diagnostics["report"] {
  const { media, session, trail, at } = snapshot;
  const joined = trail.findLast(({ event }) => event === "join");
  return {
    epoch: session.epoch,
    believed_connected: session.media === "connected",
    room_connected: media?.room === "connected",
    room_connecting: media?.room === "connecting",
    pc_open: media?.connections.length ?? 0,
    pc_connected: media?.connections.some(({ connection }) => connection === "connected") ?? false,
    ice_connected: media?.connections.some(({ ice }) => ice === "connected" || ice === "completed") ?? false,
    ...(joined === undefined ? {} : { ms_since_join: at - joined.at }),
    ...media?.counts,
    ...versionFigures(snapshot.versions),
  };
}

/** `2.23.0` is 22300. */
function versionFigures(versions: Snapshot["versions"]): Record<string, number> {
  const numbered = Object.entries(versions).filter(([, version]) => /^\d+\.\d+\.\d+$/.test(version));
  return Object.fromEntries(numbered.map(([name, version]) => [`${name}_version`, version.split(".").reduce((sum, part) => 100 * sum + Number(part), 0)]));
}
