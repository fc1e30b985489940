/** Tells of each `WebSocket` of this page while it is new: whoever listens to it then hears everything before others do. */
import { LeaveRequest_Action, SignalResponse } from "@livekit/protocol";

export type WebSocketClass = typeof WebSocket;
type Listener = (socket: WebSocket, url: string | URL) => void;
interface Host {
  WebSocket?: WebSocketClass;
}

const listening = new WeakMap<object, Set<Listener>>();

/** Returns how to stop. The first call puts a subclass in the place of `host.WebSocket`. */
export function onSocket(listener: Listener, host: Host = globalThis): () => void {
  const listeners = listening.get(host) ?? install(host);
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Of LiveKit's signalling: the SDK's path since its version 2 is `/rtc`, `/rtc/v1`. */
export function isSignalUrl(url: string | URL): boolean {
  return /\/rtc(?:\/v\d+)?(?:\?|$)/.test(String(url));
}

/** What LiveKit says over its signalling. Throws when that cannot be read. */
export function readSignal(data: ArrayBuffer): SignalResponse["message"] {
  return SignalResponse.fromBinary(new Uint8Array(data)).message;
}

/** LiveKit found that the connection failed, and asks for another one, or to mend it. */
export function asksBack(data: unknown): boolean {
  if (!(data instanceof ArrayBuffer)) return false;
  try {
    const message = readSignal(data);
    return message.case === "leave" && message.value.action !== LeaveRequest_Action.DISCONNECT;
  } catch {
    return false; // the library says what it thinks of it
  }
}

function install(host: Host): Set<Listener> {
  const listeners = new Set<Listener>();
  listening.set(host, listeners);
  if (host.WebSocket !== undefined) host.WebSocket = telling(host.WebSocket, listeners);
  return listeners;
}

function telling(Base: WebSocketClass, listeners: ReadonlySet<Listener>): WebSocketClass {
  return class extends Base {
    /** React Native's take headers as well. */
    constructor(url: string | URL, protocols?: string | string[], ...more: []) {
      super(url, protocols, ...more);
      for (const listener of listeners) listener(this, url);
    }
  };
}
