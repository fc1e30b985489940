import { useEffect, useState } from "react";
import type { PageDevices } from "../media";
import { stopLater } from "./stop-later";

const READ_MS = 80;

/** How loud the microphone is, 0 to 1. */
export function useLevel(devices: PageDevices, track: MediaStreamTrack | null): number {
  const [level, setLevel] = useState(0);
  useEffect(() => {
    if (track === null) return;
    const begin = async (): Promise<() => void> => {
      const meter = await devices.meter(track);
      const timer = setInterval(() => setLevel(meter.level()), READ_MS);
      return () => {
        clearInterval(timer);
        void meter.close();
      };
    };
    return stopLater(begin());
  }, [devices, track]);
  return track === null ? 0 : level;
}
