/** Whole pictures on demand (webrtc-extensions, `setParameters` with `encodingOptions`). */

/** After the partner subscribed: their decoder is bound by then, and a lost picture is made up for. */
export const KEYFRAMES_AFTER_MS = [40, 120] as const;

interface KeyframeSender {
  getParameters(): RTCRtpSendParameters;
  setParameters(parameters: RTCRtpSendParameters, options: { encodingOptions: readonly { keyFrame: boolean }[] }): Promise<void>;
}

/** Whether the browser took the wish. One that does not know it ignores it. */
export async function forceKeyframe(sender: RTCRtpSender): Promise<boolean> {
  const parameters = sender.getParameters();
  let read = false;
  const options = {
    get encodingOptions() {
      read = true;
      return parameters.encodings.map(() => ({ keyFrame: true }));
    },
  };
  try {
    await (sender as KeyframeSender).setParameters(parameters, options);
    return read;
  } catch {
    return false; // the track left its sender meanwhile, or somebody else changes it just now
  }
}
