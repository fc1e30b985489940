/** What a person chose, kept in this browser. The address may say otherwise for one visit (`?mode=text`). */
import { Mode } from "@duologue/client";

export interface Preferences {
  readonly mode: Mode;
  readonly interests: readonly string[];
  /** "I am 18 or older and will keep the rules." */
  readonly agreed: boolean;
  /** The small picture both ways. */
  readonly dataSaver: boolean;
  /** Search by itself after a talk that the partner ended. */
  readonly autoNext: boolean;
  /** But not after a partner who pressed Next. */
  readonly pauseWhenSkipped: boolean;
  readonly cameraId: string | null;
  readonly microphoneId: string | null;
}

/** The server takes no more (protocol: `Filters`). */
export const MAX_INTERESTS = 10;
export const MAX_INTEREST_LENGTH = 32;

const KEY = "duologue.preferences";
const FIRST: Preferences = { mode: "video", interests: [], agreed: false, dataSaver: false, autoNext: true, pauseWhenSkipped: false, cameraId: null, microphoneId: null };

/** One interest as it is sent: small letters, single spaces, not too long. Empty: nothing was typed. */
export function tidyInterest(typed: string): string {
  return Array.from(typed.trim().replace(/\s+/gu, " ").toLocaleLowerCase()).slice(0, MAX_INTEREST_LENGTH).join("").trim();
}

/** Commas separate several; what is there already is not added again. */
export function withInterests(interests: readonly string[], typed: string): readonly string[] {
  const added = typed.split(/[,;\n]/u).map(tidyInterest).filter((word) => word !== "");
  return [...new Set([...interests, ...added])].slice(0, MAX_INTERESTS);
}

/** `savesData`: the browser is set to save data; the person may have said otherwise here. */
export function parsePreferences(text: string | null, search: string, savesData = false): Preferences {
  const kept = parsed(text);
  const asked = new URLSearchParams(search).get("mode");
  return {
    mode: isMode(asked) ? asked : isMode(kept["mode"]) ? kept["mode"] : FIRST.mode,
    interests: Array.isArray(kept["interests"]) ? withInterests([], kept["interests"].filter(isString).join(",")) : FIRST.interests,
    agreed: kept["agreed"] === true,
    dataSaver: kept["dataSaver"] === undefined ? savesData : kept["dataSaver"] === true,
    autoNext: kept["autoNext"] !== false,
    pauseWhenSkipped: kept["pauseWhenSkipped"] === true,
    cameraId: isString(kept["cameraId"]) ? kept["cameraId"] : null,
    microphoneId: isString(kept["microphoneId"]) ? kept["microphoneId"] : null,
  };
}

export function loadPreferences(): Preferences {
  let text: string | null = null;
  try {
    text = localStorage.getItem(KEY);
  } catch {
    // storage is forbidden: begin afresh
  }
  return parsePreferences(text, location.search, browserSavesData());
}

export function savePreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // storage is forbidden or full: the choice holds until the page goes
  }
}

function browserSavesData(): boolean {
  const { connection } = navigator as { readonly connection?: { readonly saveData?: boolean } };
  return connection?.saveData === true;
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
