/** A close code is policy: its number, never its prose, says what the client does next. */
import { CloseCode } from "../protocol.gen.js";

export type ClosePolicy =
  | { readonly kind: "now" } // come back with jitter
  | { readonly kind: "after"; readonly delayMs: number } // come back after the delay at the earliest
  | { readonly kind: "token" } // get a new token first
  | { readonly kind: "never" };

/** For 41xx when no delay was told. */
export const DEFAULT_DELAY_MS = 5_000;

/** Standard codes of RFC 6455 that mean a defect or a refusal: coming back would repeat it. */
const FINAL_STANDARD: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010]);

/** `toldMs`: the delay the server gave before it closed, if it did. */
export function closePolicy(code: number, toldMs: number | null = null): ClosePolicy {
  if (FINAL_STANDARD.has(code)) return { kind: "never" };
  switch (Math.floor(code / 100)) {
    case 41:
      return { kind: "after", delayMs: toldMs ?? DEFAULT_DELAY_MS };
    case 42:
      return { kind: "token" };
    case 43:
      return { kind: "never" };
    default: // 40xx; 1000, 1001, 1005, 1006, 1011 to 1015; codes of a newer server
      return toldMs === null ? { kind: "now" } : { kind: "after", delayMs: toldMs };
  }
}

/** The name of a code of ours, for people who read logs; else the number. */
export function closeReason(code: number, reason: string): string {
  const name = Object.entries(CloseCode).find(([, value]) => value === code)?.[0];
  return name?.toLowerCase() ?? (reason || String(code));
}
