/** Tells of each `WebSocket` of this page while it is new: whoever listens to it then hears everything before others do. */

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
