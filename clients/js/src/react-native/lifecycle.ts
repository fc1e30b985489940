/** What an app goes through, told as a page's life. */
import type { LifecycleEvent, PageLifecycle } from "../session/api.js";

interface Subscription {
  remove(): void;
}

/** `AppState` of `react-native`. */
export interface AppStateLike {
  readonly currentState: string;
  addEventListener(type: "change", listener: (state: string) => void): Subscription;
}

export interface NetworkState {
  readonly type: string;
  readonly isConnected: boolean | null;
}

/** The default export of `@react-native-community/netinfo`. */
export interface NetInfoLike {
  addEventListener(listener: (state: NetworkState) => void): () => void;
}

/** `inactive` is a glance at the notifications, or a question of the system: nobody has left. */
const TOLD: Readonly<Record<string, LifecycleEvent>> = { background: "hidden", active: "visible" };

/** Without `netInfo` a network that comes back is noticed when the countdown to the next try is over. */
export function appLifecycle(appState: AppStateLike, netInfo?: NetInfoLike): PageLifecycle {
  return {
    listen(listener) {
      if (appState.currentState === "background") listener("hidden"); // a push started it
      const states = appState.addEventListener("change", (state) => {
        const what = TOLD[state];
        if (what !== undefined) listener(what);
      });
      const stopNetwork = netInfo === undefined ? null : watchNetwork(netInfo, listener);
      return () => {
        states.remove();
        stopNetwork?.();
      };
    },
  };
}

/** From one network to another is news, too: the sockets of the old one are dead. The first word is of how it is anyway. */
function watchNetwork(netInfo: NetInfoLike, listener: (event: LifecycleEvent) => void): () => void {
  let before: NetworkState | null = null;
  return netInfo.addEventListener((now) => {
    const changed = before !== null && (before.isConnected !== now.isConnected || before.type !== now.type);
    before = now;
    if (changed && now.isConnected !== null) listener(now.isConnected ? "resumed" : "offline");
  });
}
