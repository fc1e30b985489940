/** What every part of the page may read and do, in one context. */
import type { Mode, RandomChat, RandomChatState } from "@duologue/client";
import { createContext, useContext } from "react";
import type { PageDevices, PageDevicesState } from "./media";
import type { Preferences } from "./preferences";
import type { ChatOnPhone } from "./ui/use-chat-on-phone";
import type { Screen } from "./view";

export type Dialog = "settings" | "rules" | "keys" | "block";

export interface Page {
  readonly session: RandomChat;
  readonly state: RandomChatState;
  readonly screen: Screen;
  readonly devices: PageDevices;
  readonly deviceState: PageDevicesState;
  readonly preferences: Preferences;
  /** The modes that this server offers. */
  readonly modes: readonly Mode[];
  /** What this server lets people report. */
  readonly reportReasons: readonly string[];
  /** "Find" was pressed without the tick. */
  readonly agreeMissing: boolean;
  readonly prefer: (change: Partial<Preferences>) => void;
  readonly chat: ChatOnPhone;
  /** They speak while they are muted, and should know. */
  readonly mutedSpeech: boolean;
  /** Ask for the devices of the mode, then for a partner. */
  readonly find: (mode: Mode) => void;
  /** Show the person what others will see. */
  readonly preview: () => void;
  readonly openDialog: (dialog: Dialog | null) => void;
}

const PageContext = createContext<Page | null>(null);

export const PageProvider = PageContext.Provider;

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === null) throw new Error("no page around this part");
  return page;
}
