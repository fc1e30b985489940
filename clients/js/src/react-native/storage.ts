/** An asynchronous storage as the session wants it: read once, before it is needed, and written behind. */
import type { Kept } from "../host/guest.js";

/** `AsyncStorage`, or anything that keeps a text by a name, such as `expo-secure-store` with its own names for these. */
export interface AsyncStorageLike {
  getItem(name: string): Promise<string | null>;
  setItem(name: string, text: string): Promise<void>;
}

/**
 * What was kept under `name`, all of it in one text. Never rejects: where the storage fails, nothing survives a
 * restart of the app, and nothing else breaks.
 */
export async function preload(storage: AsyncStorageLike, name = "duologue"): Promise<Kept> {
  const kept = new Map(Object.entries(await read(storage, name)));
  let writing: Promise<void> = Promise.resolve();
  const write = (): void => {
    writing = writing.then(() => storage.setItem(name, JSON.stringify(Object.fromEntries(kept)))).catch(() => undefined);
  };
  return {
    load: (key) => kept.get(key) ?? null,
    store: (key, value) => {
      if (value === null ? !kept.delete(key) : kept.get(key) === value) return;
      if (value !== null) kept.set(key, value);
      write();
    },
  };
}

async function read(storage: AsyncStorageLike, name: string): Promise<Record<string, string>> {
  try {
    const value: unknown = JSON.parse((await storage.getItem(name)) ?? "{}");
    return Object.fromEntries(Object.entries(Object(value) as object).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    return {};
  }
}
