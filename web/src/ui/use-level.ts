import { useEffect, useState } from "react";
import type { PageDevices } from "../media";

const READ_MS = 80;

/** How loud the microphone is, 0 to 1. */
export function useLevel(devices: PageDevices, track: MediaStreamTrack | null): number {
  const [level, setLevel] = useState(0);
  useEffect(() => {
    if (track === null) return;
    let over = false;
    let stop: (() => void) | null = null;
    const begin = async (): Promise<void> => {
      const meter = await devices.meter(track);
      const timer = setInterval(() => setLevel(meter.level()), READ_MS);
      stop = () => {
        clearInterval(timer);
        void meter.close();
      };
      if (over) stop();
    };
    begin().catch(() => setLevel(0)); // without Web Audio there is no meter, and nothing else is missing
    return () => {
      over = true;
      stop?.();
    };
  }, [devices, track]);
  return track === null ? 0 : level;
}
