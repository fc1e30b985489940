/** When the first frame of a track can be seen, without needing the page's own `<video>`. */

/** Calls `seen` at most once; returns how to stop waiting. */
export function onFirstFrame(track: MediaStreamTrack, seen: () => void): () => void {
  const probe = document.createElement("video");
  const stop = (): void => {
    probe.onloadeddata = null;
    probe.srcObject = null;
  };
  probe.onloadeddata = () => {
    stop();
    seen();
  };
  probe.muted = true;
  probe.playsInline = true;
  probe.srcObject = new MediaStream([track]);
  void probe.play().catch(() => undefined); // stopping early interrupts it
  return stop;
}
