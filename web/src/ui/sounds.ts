/** What the page lets one hear and feel. Browsers allow both only after the person has pressed something here. */

type Note = readonly [hertz: number, afterS: number];

/** Two soft notes, a fourth apart. */
const CHIME: readonly Note[] = [[523.25, 0], [698.46, 0.14]];
/** Up and down again, twice. */
const RING: readonly Note[] = [[587.33, 0], [783.99, 0.18], [587.33, 0.36], [783.99, 0.54]];
const RING_EVERY_MS = 2_500;

function isAllowed(): boolean {
  return !("userActivation" in navigator) || navigator.userActivation.hasBeenActive;
}

/** Once. */
export function chime(): void {
  if (!isAllowed()) return;
  shake(120);
  play(CHIME).catch(() => undefined); // no sound device
}

/** Again and again; returns how to stop. */
export function ring(): () => void {
  const turn = (): void => {
    if (!isAllowed()) return;
    shake([300, 150, 300]);
    play(RING).catch(() => undefined);
  };
  turn();
  const timer = setInterval(turn, RING_EVERY_MS);
  return () => {
    clearInterval(timer);
    if (isAllowed()) shake(0);
  };
}

function shake(pattern: VibratePattern): void {
  if ("vibrate" in navigator) navigator.vibrate(pattern);
}

async function play(notes: readonly Note[]): Promise<void> {
  const audio = new AudioContext();
  await Promise.all(notes.map(([hertz, afterS]) => sound(audio, hertz, audio.currentTime + afterS)));
  await audio.close();
}

function sound(audio: AudioContext, hertz: number, at: number): Promise<void> {
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
