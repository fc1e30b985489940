import { describe, expect, it } from "vitest";
import en from "./en.json";
import ru from "./ru.json";

const SOURCES = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../**/*.test.ts"], { query: "?raw", import: "default", eager: true });
const PLURAL = /_(?:zero|one|two|few|many|other)$/u;

/** Keys that the code composes: the prefix is in a template, the rest comes from data. */
const COMPOSED = ["mode.", "ended.peer.", "ended.me.", "denied.denied.", "denied.busy.", "denied.missing.", "denied.unplugged.", "denied.insecure.", "denied.unknown.", "denied.camera", "denied.both", "denied.microphone", "denied.problem.", "denied.steps.", "refused.", "notice.", "searching.widened.", "searching.paused.", "quality.", "settings.themes.", "device_lost.", "report.reasons.", "call.kind.", "call.news.", "call.over."];

function keysOf(catalogue: object, prefix = ""): string[] {
  return Object.entries(catalogue).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? keysOf(value, `${prefix}${key}.`) : [prefix + key],
  );
}

function base(key: string): string {
  return key === "searching.widened.other" ? key : key.replace(PLURAL, "");
}

function variables(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/gu)].map((found) => found[1] ?? "").sort();
}

function at(catalogue: object, key: string): unknown {
  return key.split(".").reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], catalogue);
}

const english = new Set(keysOf(en).map(base));
const code = Object.values(SOURCES).join("\n");

describe("the catalogues", () => {
  it("have the same keys in each language", () => {
    expect([...new Set(keysOf(ru).map(base))].sort()).toEqual([...english].sort());
  });

  it("have every plural form that the language needs", () => {
    for (const [language, catalogue] of [["en", en], ["ru", ru]] as const) {
      const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
      const keys = keysOf(catalogue);
      const plurals = new Set(keys.filter((key) => PLURAL.test(key) && base(key) !== key && keys.includes(`${base(key)}_other`)).map(base));
      for (const key of plurals) expect(keys).toEqual(expect.arrayContaining(pluralCategories.map((form) => `${key}_${form}`)));
    }
  });

  it("fill the same blanks in each language", () => {
    for (const key of keysOf(en)) {
      const [one, other] = [at(en, key), at(ru, key)];
      if (typeof one === "string") expect([key, variables(String(other))]).toEqual([key, variables(one)]);
      else expect(other).toHaveLength((one as string[]).length);
    }
  });

  it("hold no key that the page does not use", () => {
    const unused = [...english].filter((key) => !code.includes(`"${key}"`) && !COMPOSED.some((prefix) => key.startsWith(prefix)));
    expect(unused).toEqual([]);
  });

  it("hold every key that the page uses", () => {
    const used = [...code.matchAll(/\bt\(\s*"([\w.]+)"/gu)].map((found) => found[1] ?? "");
    expect(used.filter((key) => !english.has(key))).toEqual([]);
    expect(used.length).toBeGreaterThan(20);
  });

  it("keep the words on the two buttons short", () => {
    for (const catalogue of [en, ru]) {
      for (const word of Object.values(catalogue.go)) expect(word.replace("{{count}}", "3").length).toBeLessThanOrEqual(14);
      for (const word of Object.values(catalogue.stop)) expect(word.length).toBeLessThanOrEqual(9);
    }
  });
});
