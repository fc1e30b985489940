/** Which device cannot be had, and where this browser hides the way out. Pure. */
import type { Mode } from "@duologue/client";
import type { DeviceTrouble, PageDevicesState } from "./media";

/** What keeps a person from talking in this mode; a microphone is needed for both, a camera only for video. */
export function troubleOf(devices: Pick<PageDevicesState, "cameraError" | "microphoneError">, mode: Mode): DeviceTrouble | null {
  if (mode === "text") return null;
  const error = devices.microphoneError ?? (mode === "video" ? devices.cameraError : null);
  return error === null ? null : { kind: error.kind, problem: error.problem };
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
