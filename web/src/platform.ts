/** What only some browsers can do. */

const picture = (): HTMLVideoElement | null => document.querySelector<HTMLVideoElement>("[data-testid='remote-video']");

export function canFullscreen(): boolean {
  return document.fullscreenEnabled;
}

export function toggleFullscreen(): void {
  const done = document.fullscreenElement === null ? document.documentElement.requestFullscreen() : document.exitFullscreen();
  done.catch(() => undefined); // refused by the browser: nothing changes, and the person sees that
}

/** Picture-in-picture: the partner above other windows. */
export function canFloat(): boolean {
  return "pictureInPictureEnabled" in document && document.pictureInPictureEnabled;
}

export function toggleFloat(): void {
  const done: Promise<unknown> | undefined = document.pictureInPictureElement === null ? picture()?.requestPictureInPicture() : document.exitPictureInPicture();
  done?.catch(() => undefined); // no picture yet
}

export function canShare(): boolean {
  return "share" in navigator;
}

/** To whatever other programs take an address. */
export function share(title: string, url: string): void {
  navigator.share({ title, url }).catch(() => undefined); // the person thought better of it
}

/** False: the browser does not let us, as where the address is not secure. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
