/** The theme: the system's, unless the person chose. `public/theme.js` does the same before the first paint. */
export type ThemeChoice = "system" | "dark" | "light";

const KEY = "duologue.theme";
const SYSTEM_LIGHT = "(prefers-color-scheme: light)";
const CHROME = { dark: "#0a0b09", light: "#e9eae3" } as const;

export function themeChoice(): ThemeChoice {
  const asked = new URLSearchParams(location.search).get("theme") ?? read();
  return asked === "dark" || asked === "light" ? asked : "system";
}

export function chooseTheme(choice: ThemeChoice): void {
  try {
    if (choice === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
  } catch {
    // storage is forbidden: the choice holds until the page goes
  }
  show(choice);
}

/** Follow the system while the person has not chosen. */
export function followSystemTheme(): void {
  show(themeChoice());
  matchMedia(SYSTEM_LIGHT).addEventListener("change", () => show(themeChoice()));
}

function show(choice: ThemeChoice): void {
  const theme = choice === "system" ? (matchMedia(SYSTEM_LIGHT).matches ? "light" : "dark") : choice;
  document.documentElement.dataset["theme"] = theme;
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", CHROME[theme]);
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
