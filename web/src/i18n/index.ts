/** The words of the page. A language is a catalogue here and an entry in `LANGUAGES`. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./en.json";
import ru from "./ru.json";

export const LANGUAGES = { en: "English", ru: "Русский" } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = "duologue.language";

export async function startI18n(): Promise<void> {
  i18next.on("languageChanged", (language) => {
    document.documentElement.lang = language;
    document.documentElement.dir = i18next.dir(language);
  });
  await i18next.use(initReactI18next).init({
    resources: { en: { translation: en }, ru: { translation: ru } },
    lng: firstLanguage(),
    fallbackLng: "en",
    interpolation: { escapeValue: false }, // React escapes
  });
}

export function chooseLanguage(language: Language): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // storage is forbidden: the choice holds until the page goes
  }
  void i18next.changeLanguage(language);
}

/** The address, then the person's choice, then what the browser prefers. */
function firstLanguage(): Language {
  const wished = [new URLSearchParams(location.search).get("lang"), kept(), ...navigator.languages];
  return wished.map((tag) => tag?.split("-")[0]).find(isLanguage) ?? "en";
}

export function isLanguage(tag: string | undefined): tag is Language {
  return tag !== undefined && Object.hasOwn(LANGUAGES, tag);
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
