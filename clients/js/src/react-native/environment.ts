/** An app as the session's environment. */
import { guestToken } from "../host/guest.js";
import { setTimer } from "../host/timer.js";
import { openSocket } from "../host/web-socket.js";
import type { Environment, ServerConfig } from "../session/api.js";
import { appLifecycle, type AppStateLike, type NetInfoLike } from "./lifecycle.js";
import { preload, type AsyncStorageLike } from "./storage.js";

export interface ReactNativeOptions {
  readonly appState: AppStateLike;
  /** Whoever reads it can come as this person: their guest account and the session of the moment. */
  readonly storage: AsyncStorageLike;
  readonly netInfo?: NetInfoLike;
  /** The token of an integrator instead of a guest's. */
  readonly token?: (fresh: boolean) => Promise<string>;
  readonly log?: Environment["log"];
}

/** Resolves when what was kept is read, which is before a session can be made. Never rejects. */
export async function reactNativeEnvironment(config: ServerConfig, options: ReactNativeOptions): Promise<Environment> {
  const { appState, storage, netInfo, token, log } = options;
  const kept = await preload(storage);
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    setTimer,
    openSocket,
    token: token ?? (() => guestToken(config, kept)),
    load: kept.load,
    store: kept.store,
    lifecycle: appLifecycle(appState, netInfo),
    ...(log === undefined ? {} : { log }),
  };
}
