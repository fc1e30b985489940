/** A page as the session's environment: its clock, sockets, storage, and what happens to it. */
import { guestToken, type Kept } from "./host/guest.js";
import { setTimer } from "./host/timer.js";
import { openSocket } from "./host/web-socket.js";
import type { Environment, LifecycleEvent, PageLifecycle, ServerConfig } from "./session/api.js";

export { loadConfig } from "./host/config.js";

export interface BrowserOptions {
  /** The token of an integrator instead of a guest's. */
  readonly token?: (fresh: boolean) => Promise<string>;
  readonly log?: Environment["log"];
}

export function browserEnvironment(config: ServerConfig, options: BrowserOptions = {}): Environment {
  const session = storage(() => window.sessionStorage);
  const guest = storage(() => (config.guest_scope === "tab" ? window.sessionStorage : window.localStorage));
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    setTimer,
    openSocket,
    token: options.token ?? (() => guestToken(config, guest)),
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
