/**
 * Runs in a page before anything of its own: counts what a talk must not leave behind.
 * Holds connections weakly, so that counting them keeps none alive.
 */
(() => {
  const open = new Set();
  const timers = new Set();
  const counts = { built: 0, most: 0 };

  const alive = () => [...open].filter((ref) => (ref.deref()?.signalingState ?? "closed") !== "closed");

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) {
      super(...given);
      counts.built += 1;
      for (const ref of open) if (!alive().includes(ref)) open.delete(ref);
      open.add(new WeakRef(this));
      counts.most = Math.max(counts.most, alive().length);
    }
  };

  const { setTimeout: after, clearTimeout: notAfter, setInterval: every, clearInterval: noMore } = window;
  window.setTimeout = (run, ...given) => {
    const timer = after((...passed) => {
      timers.delete(timer);
      if (typeof run === "function") run(...passed);
    }, ...given);
    timers.add(timer);
    return timer;
  };
  window.setInterval = (...given) => {
    const timer = every(...given);
    timers.add(timer);
    return timer;
  };
  for (const [name, stop] of [["clearTimeout", notAfter], ["clearInterval", noMore]]) {
    window[name] = (timer) => {
      timers.delete(timer);
      stop(timer);
    };
  }

  window.vitals = () => ({ built: counts.built, most: counts.most, live: alive().length, timers: timers.size });
})();
