/** Where menus are drawn: inside the page's landmark, so that readers know where they are. */
export function overPage(): HTMLElement | null {
  return document.querySelector<HTMLElement>("main");
}
