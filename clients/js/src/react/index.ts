/** A session in React: the state as a value that changes, and nothing else. */
import { useCallback, useSyncExternalStore } from "react";
import type { RandomChat, Session, VideoCall } from "../session/api.js";
import type { RandomChatState, VideoCallState } from "../session/state.js";

/** What a page draws; the session's methods are called on the session itself. */
export function useRandomChat(session: RandomChat): RandomChatState {
  return useStore(session, () => session.state);
}

/** The same for direct calls. */
export function useVideoCall(session: Pick<VideoCall, "subscribe" | "state">): VideoCallState {
  return useStore(session, () => session.state);
}

/** The partner's tracks, of either session. */
export function useRemoteTracks(session: Pick<Session<unknown>, "subscribe" | "remote">): Session<unknown>["remote"] {
  return useStore(session, () => session.remote);
}

interface Store<T> {
  readonly state: T;
  subscribe(listener: () => void): () => void;
}

/** The person's own camera and microphone (`LocalDevices` of `@duologue/client/livekit`). */
export function useDevices<T>(devices: Store<T>): T {
  return useStore(devices, () => devices.state);
}

function useStore<T>(store: { subscribe(listener: () => void): () => void }, read: () => T): T {
  const subscribe = useCallback((listener: () => void) => store.subscribe(listener), [store]);
  return useSyncExternalStore(subscribe, read, read);
}
