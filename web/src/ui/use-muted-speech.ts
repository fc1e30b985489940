import { useEffect, useState } from "react";
import type { PageDevices } from "../media";
import { stopLater } from "./stop-later";

/** Whether to tell that nobody hears them; the microphone is listened to only while `listening`. */
export function useMutedSpeech(devices: PageDevices, microphone: MediaStreamTrack | null, listening: boolean): boolean {
  const [told, setTold] = useState(false);
  useEffect(() => {
    setTold(false);
    if (microphone === null || !listening) return;
    return stopLater(devices.watchMutedSpeech(microphone, setTold));
  }, [devices, microphone, listening]);
  return told && listening;
}
