import type { RandomChatState } from "@duologue/client";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

/** Somebody was found: the tab says who, and a page that nobody looks at also sounds and shakes. */
export function useAttention(state: RandomChatState, wanted: boolean): void {
  const { t } = useTranslation();
  const pair = state.pair?.id ?? null;
  const alias = state.pair?.peer.alias ?? null;
  const told = useRef<string | null>(null);
  useEffect(() => {
    document.title = alias === null || !wanted ? t("brand") : `${alias} · ${t("brand")}`;
  }, [alias, wanted, t]);
  useEffect(() => {
    const news = pair !== null && pair !== told.current;
    told.current = pair;
    if (news && wanted && document.visibilityState === "hidden") attract();
  }, [pair, wanted]);
}

/** Browsers allow both only after the person has pressed something here; before that, nothing happens. */
function attract(): void {
  if ("userActivation" in navigator && !navigator.userActivation.hasBeenActive) return;
  if ("vibrate" in navigator) navigator.vibrate(120);
  chime().catch(() => undefined); // no sound device
}

/** Two soft notes, a fourth apart. */
async function chime(): Promise<void> {
  const audio = new AudioContext();
  const ended = [523.25, 698.46].map((hertz, index) => note(audio, hertz, audio.currentTime + index * 0.14));
  await Promise.all(ended);
  await audio.close();
}

function note(audio: AudioContext, hertz: number, at: number): Promise<void> {
  const tone = new OscillatorNode(audio, { type: "sine", frequency: hertz });
  const volume = new GainNode(audio, { gain: 0 });
  volume.gain.setTargetAtTime(0.12, at, 0.01);
  volume.gain.setTargetAtTime(0, at + 0.1, 0.08);
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + 0.5);
  return new Promise((resolve) => {
    tone.onended = () => resolve();
  });
}
