/** Personal links as addresses of this page. The word stands behind the `#`, so it reaches no server's log. Pure. */

const NAME = "call";

/** The address that calls whoever is behind `word`. `page` is any address of the page. */
export function addressOf(page: string, word: string): string {
  const { origin, pathname } = new URL(page);
  return `${origin}${pathname}#${NAME}=${encodeURIComponent(word)}`;
}

/** Whom an address is meant to call; null: nobody. */
export function wordOf(hash: string): string | null {
  const word = new URLSearchParams(hash.replace(/^#/u, "")).get(NAME)?.trim() ?? "";
  return word === "" ? null : word;
}
