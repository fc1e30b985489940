/** What a person chose, kept in this browser. The address may say otherwise for one visit (`?mode=text`). */
import { Mode } from "@duologue/client";

export interface Preferences {
  readonly mode: Mode;
  readonly interests: readonly string[];
  /** "I am 18 or older and will keep the rules." */
  readonly agreed: boolean;
  readonly cameraId: string | null;
  readonly microphoneId: string | null;
  /** The next search begins by itself when the partner ends a talk. */
  readonly autoNext: boolean;
  /** But not after a partner who pressed Next. */
  readonly pauseWhenSkipped: boolean;
  readonly dataSaver: boolean;
  /** My own picture as in a mirror. */
  readonly mirror: boolean;
  /** The partner's picture fills its room, and its edges may be cut off. */
  readonly fill: boolean;
  /** Sound, vibration and the tab's title say that somebody was found. */
  readonly alerts: boolean;
  /** Listen to the muted microphone, in this page alone, to say that nobody hears them. */
  readonly mutedHint: boolean;
}

/** The server takes no more (protocol: `Filters`). */
export const MAX_INTERESTS = 10;
export const MAX_INTEREST_LENGTH = 32;

const KEY = "duologue.preferences";
export const FIRST: Preferences = {
  mode: "video",
  interests: [],
  agreed: false,
  cameraId: null,
  microphoneId: null,
  autoNext: true,
  pauseWhenSkipped: false,
  dataSaver: false,
  mirror: true,
  fill: false,
  alerts: true,
  mutedHint: true,
};
type Switch = "autoNext" | "pauseWhenSkipped" | "dataSaver" | "mirror" | "fill" | "alerts" | "mutedHint";

/** One interest as it is sent: small letters, single spaces, not too long. Empty: nothing was typed. */
export function tidyInterest(typed: string): string {
  return Array.from(typed.trim().replace(/\s+/gu, " ").toLocaleLowerCase()).slice(0, MAX_INTEREST_LENGTH).join("").trim();
}

/** Commas separate several; what is there already is not added again. */
export function withInterests(interests: readonly string[], typed: string): readonly string[] {
  const added = typed.split(/[,;\n]/u).map(tidyInterest).filter((word) => word !== "");
  return [...new Set([...interests, ...added])].slice(0, MAX_INTERESTS);
}

export function parsePreferences(text: string | null, search: string): Preferences {
  const kept = parsed(text);
  const asked = new URLSearchParams(search).get("mode");
  return {
    mode: isMode(asked) ? asked : isMode(kept["mode"]) ? kept["mode"] : FIRST.mode,
    interests: Array.isArray(kept["interests"]) ? withInterests([], kept["interests"].filter(isString).join(",")) : FIRST.interests,
    agreed: kept["agreed"] === true,
    cameraId: isString(kept["cameraId"]) ? kept["cameraId"] : null,
    microphoneId: isString(kept["microphoneId"]) ? kept["microphoneId"] : null,
    ...switchesOf(kept),
  };
}

export function loadPreferences(): Preferences {
  let text: string | null = null;
  try {
    text = localStorage.getItem(KEY);
  } catch {
    // storage is forbidden: begin afresh
  }
  return parsePreferences(text, location.search);
}

export function savePreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // storage is forbidden or full: the choice holds until the page goes
  }
}

function switchesOf(kept: Record<string, unknown>): Pick<Preferences, Switch> {
  const on = (name: Switch): boolean => (typeof kept[name] === "boolean" ? kept[name] : FIRST[name]);
  return {
    autoNext: on("autoNext"),
    pauseWhenSkipped: on("pauseWhenSkipped"),
    dataSaver: on("dataSaver"),
    mirror: on("mirror"),
    fill: on("fill"),
    alerts: on("alerts"),
    mutedHint: on("mutedHint"),
  };
}

function parsed(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isMode(value: unknown): value is Mode {
  return Object.values(Mode).some((mode) => mode === value);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}
