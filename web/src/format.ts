/** Times and words as people read them. Pure. */

/** 4:12, 1:02:07. */
export function clock(ms: number): string {
  const all = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const tail = String(seconds).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** Whole seconds until `at`, rounded up, never below zero: a countdown ends at 0 and not at 1. */
export function secondsUntil(at: number, now: number): number {
  return Math.max(0, Math.ceil((at - now) / 1000));
}

/** How much of `total` is left until `at`: 1 to 0. */
export function shareLeft(at: number, now: number, total: number): number {
  return Math.min(1, Math.max(0, (at - now) / total));
}

export interface Span {
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

export function span(ms: number): Span {
  const all = Math.max(0, Math.round(ms / 1000));
  return { hours: Math.floor(all / 3600), minutes: Math.floor(all / 60) % 60, seconds: all % 60 };
}

/** Nov 28, 2026. */
export function day(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(at);
}

/** The first letter large: interests travel in small letters. */
export function titled(text: string): string {
  const [first = "", ...rest] = Array.from(text);
  return first.toLocaleUpperCase() + rest.join("");
}

/** The letter that stands for somebody without a picture. */
export function initial(alias: string): string {
  return titled(alias).slice(0, 1);
}
