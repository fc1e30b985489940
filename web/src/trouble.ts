/** Which device cannot be had, and where this browser hides the way out. Pure. */
import type { Mode, RandomChatState } from "@duologue/client";
import type { DeviceProblem, PageDevicesState } from "./media";

export interface Trouble {
  readonly kind: "camera" | "microphone" | "both";
  readonly problem: DeviceProblem;
}

/** What keeps a person from talking in this mode; a microphone is needed for both, a camera only for video. */
export function troubleOf(devices: Pick<PageDevicesState, "cameraError" | "microphoneError">, mode: Mode): Trouble | null {
  if (mode === "text") return null;
  const { microphoneError: microphone } = devices;
  const camera = mode === "video" ? devices.cameraError : null;
  const error = microphone ?? camera;
  if (error === null) return null;
  return { kind: microphone?.problem === camera?.problem ? "both" : error.kind, problem: error.problem };
}

/** The same in the middle of a talk; a device that the person switched off is not missed. */
export function lostInTalk(devices: Pick<PageDevicesState, "cameraError" | "microphoneError">, state: Pick<RandomChatState, "pair" | "camera">): Trouble | null {
  if (state.pair === null) return null;
  const mode = state.pair.mode === "video" && !state.camera ? "voice" : state.pair.mode;
  return troubleOf(devices, mode);
}

/** Whose permission settings to explain. */
export type BrowserKind = "chrome" | "firefox" | "safari" | "ios" | "other";

export function browserKind(userAgent: string): BrowserKind {
  if (/\b(?:iPhone|iPad|iPod)\b/u.test(userAgent)) return "ios";
  if (/\bFirefox\//u.test(userAgent)) return "firefox";
  if (/\b(?:Chrome|Chromium|HeadlessChrome)\//u.test(userAgent)) return "chrome";
  return /\bSafari\//u.test(userAgent) ? "safari" : "other";
}

/** The browser's own name; null: none that we know. */
export function browserName(userAgent: string): string | null {
  if (/\bEdg(?:e|A|iOS)?\//u.test(userAgent)) return "Edge";
  if (/\bOPR\//u.test(userAgent)) return "Opera";
  if (/\b(?:Firefox|FxiOS)\//u.test(userAgent)) return "Firefox";
  if (/\b(?:Chrome|Chromium|HeadlessChrome|CriOS)\//u.test(userAgent)) return "Chrome";
  return /\bSafari\//u.test(userAgent) ? "Safari" : null;
}
