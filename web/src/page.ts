/** What every part of the page may read and do, in one context. */
import type { Mode, RandomChat, RandomChatState, VideoCallState } from "@duologue/client";
import { createContext, useContext } from "react";
import type { PageDevices, PageDevicesState } from "./media";
import type { Preferences } from "./preferences";
import type { ChatOnPhone } from "./ui/use-chat-on-phone";
import type { Calls } from "./use-calls";
import type { Screen } from "./view";

export type Dialog = "settings" | "rules" | "keys" | "block" | "block_caller" | "my_link" | "new_link" | "blocked_people";

export interface Page {
  readonly session: RandomChat;
  readonly state: RandomChatState;
  /** Direct calls over the same line. */
  readonly calls: Calls;
  readonly callState: VideoCallState;
  /** Only who has somebody's personal link can call them. */
  readonly byLinkOnly: boolean;
  /** This server has calls, so that everybody has a link. */
  readonly linked: boolean;
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
  /** What the devices are, or will be, needed for. */
  readonly mode: Mode;
  /** Ask for the devices of the mode, then call whom the address means, or find a partner. */
  readonly begin: (mode: Mode) => void;
  /** Ask for the devices, then take the call that rings. */
  readonly answer: (camera: boolean) => void;
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
