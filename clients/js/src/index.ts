/**
 * The core of the client: no DOM, no media library.
 *
 * Beside it: `@duologue/client/browser` (the environment of a page), `/livekit` (media), `/react` (hooks).
 */

// The sessions, and the line that two of them can share
export { Line } from "./line.js";
export { RandomChatSession } from "./random-chat-session.js";
export { VideoCallSession } from "./video-call-session.js";
export type { AbortSignalLike } from "./session/abort.js";
export type {
  Environment,
  LifecycleEvent,
  LineOptions,
  MediaAdapter,
  MediaEvents,
  MediaInspection,
  PageLifecycle,
  PictureSize,
  PlatformTrack,
  RandomChat,
  RandomChatOptions,
  ServerConfig,
  Session,
  SocketLike,
  VideoCall,
} from "./session/api.js";
export type { ConnectionCounts, SessionDiagnostics, Snapshot, TroubleReport } from "./session/diagnosis.js";
export type { TrailEntry } from "./session/trail.js";
export type {
  BandwidthUse,
  BlockedView,
  CallEndedView,
  CallOver,
  CallView,
  ChatEntry,
  ConnectionState,
  BackView,
  EndedView,
  LineView,
  MediaState,
  NetworkView,
  PairView,
  Quality,
  RandomChatState,
  SessionNotice,
  VideoCallState,
  WaitingView,
} from "./session/state.js";

// Errors
export { DuologueError, TokenError } from "./errors.js";

// The connection under a session, for programs of another kind
export { Socket, type SocketHandlers } from "./socket.js";

// The words of the wire
export { CallEnd, CloseCode, EndReason, ErrorCode, Mode, PROTOCOL_VERSION } from "./protocol.gen.js";
export type { BlockedPerson, Credentials, Filters, Peer, ReportCause, TrailEvent } from "./protocol.gen.js";
