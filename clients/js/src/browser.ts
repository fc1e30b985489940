/** A page as the session's environment: its clock, sockets, storage, and what happens to it. */
import { TokenError } from "./errors.js";
import type { Environment, LifecycleEvent, PageLifecycle, ServerConfig, SocketLike } from "./session/api.js";

const REFRESH_KEY = "duologue.refresh";

interface GuestToken {
  readonly token: string;
  readonly refresh: string;
  readonly person: string;
  readonly expires_at: number;
}

interface Kept {
  readonly load: (key: string) => string | null;
  readonly store: (key: string, value: string | null) => void;
}

export interface BrowserOptions {
  /** The token of an integrator instead of a guest's. */
  readonly token?: (fresh: boolean) => Promise<string>;
  readonly log?: Environment["log"];
}

/** Where the server is. Rejects when it cannot be reached or does not answer with JSON. */
export async function loadConfig(url = "/config.json"): Promise<ServerConfig> {
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const config = (await response.json()) as ServerConfig;
  return { ...config, guest_url: new URL(config.guest_url, response.url).href }; // the page may be another server's
}

export function browserEnvironment(config: ServerConfig, options: BrowserOptions = {}): Environment {
  const session = storage(() => window.sessionStorage);
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    setTimer: (run, delayMs) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    openSocket,
    token: options.token ?? (() => guestToken(config)),
    load: session.load,
    store: session.store,
    lifecycle: pageLifecycle(),
    ...(options.log === undefined ? {} : { log: options.log }),
  };
}

/** What the window tells of the page and the network. */
export function pageLifecycle(): PageLifecycle {
  return {
    listen(listener) {
      const abort = new AbortController();
      const { signal } = abort;
      const on = (target: EventTarget, name: string, told: (event: Event) => LifecycleEvent | null): void => {
        const heard = (event: Event): void => {
          const what = told(event);
          if (what !== null) listener(what);
        };
        target.addEventListener(name, heard, { signal });
      };
      on(window, "pagehide", (event) => ((event as PageTransitionEvent).persisted ? "frozen" : "unloading"));
      on(window, "pageshow", (event) => ((event as PageTransitionEvent).persisted ? "resumed" : null));
      on(window, "online", () => "resumed");
      on(window, "offline", () => "offline");
      on(document, "visibilitychange", () => (document.visibilityState === "hidden" ? "hidden" : "visible"));
      return () => abort.abort();
    },
  };
}

function openSocket(url: string, protocol: string): SocketLike {
  const socket = new WebSocket(url, protocol);
  const like: SocketLike = {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text); // a closing one loses it; the outbox does not
    },
    close: (code, reason) => socket.close(code, reason),
    onopen: null,
    onmessage: null,
    onclose: null,
  };
  socket.onopen = () => like.onopen?.();
  socket.onmessage = (event: MessageEvent<unknown>) => like.onmessage?.({ data: event.data });
  socket.onclose = ({ code, reason }) => like.onclose?.({ code, reason });
  return like;
}

/** A new token each time: tokens are short-lived, and the server may have changed its keys. */
async function guestToken(config: ServerConfig): Promise<string> {
  const kept = storage(() => (config.guest_scope === "tab" ? window.sessionStorage : window.localStorage));
  const refresh = kept.load(REFRESH_KEY);
  const response = await postJson(config.guest_url, refresh === null ? {} : { refresh });
  if (response.ok) {
    const guest = (await response.json()) as GuestToken;
    kept.store(REFRESH_KEY, guest.refresh);
    return guest.token;
  }
  if (refresh !== null && (response.status === 400 || response.status === 401)) {
    kept.store(REFRESH_KEY, null); // of another server, or too old: become a new guest
    return guestToken(config);
  }
  throw new TokenError(`guest token: ${response.status}`, response.status === 403, retryAfterMs(response));
}

function postJson(url: string, body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body), credentials: "omit" });
}

function retryAfterMs(response: Response): number | null {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : null;
}

/** Storage may be forbidden or full; then nothing survives a reload, and nothing else breaks. */
function storage(open: () => Storage): Kept {
  return {
    load: (key) => attempt(() => open().getItem(key)) ?? null,
    store: (key, value) => attempt(() => (value === null ? open().removeItem(key) : open().setItem(key, value))),
  };
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
