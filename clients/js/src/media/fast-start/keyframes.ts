/** Whole pictures on demand (webrtc-extensions, `setParameters` with `encodingOptions`). */

/** After the partner subscribed: their decoder is bound by then, and a lost picture is made up for. */
export const KEYFRAMES_AFTER_MS = [40, 120] as const;
/**
 * After we are connected. A partner who is connected at the same moment has their offer at the server some 30 ms later,
 * however long the way is; a picture that leaves after this comes just in time for them.
 */
export const FIRST_KEYFRAME_AFTER_MS = 60;

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
