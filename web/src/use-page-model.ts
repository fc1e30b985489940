/** The page's own state around a session: choices, devices, dialogs. No session logic. */
import type { Mode, RandomChat, ServerConfig } from "@duologue/client";
import { useDevices, useRandomChat } from "@duologue/client/react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { alreadyPermitted, type PageDevices } from "./media";
import type { Dialog, Page } from "./page";
import { loadPreferences, savePreferences, type Preferences } from "./preferences";
import { troubleOf } from "./trouble";
import { useAttention } from "./ui/use-attention";
import { useChatOnPhone } from "./ui/use-chat-on-phone";
import { useMutedSpeech } from "./ui/use-muted-speech";
import { useWakeLock } from "./ui/use-wake-lock";
import { callTarget } from "./call-view";
import { useCalls, type Calls } from "./use-calls";
import { AUTO_NEXT_MS, blockTarget, screenOf, type PageView } from "./view";

export interface PageModel {
  readonly page: Page;
  readonly view: PageView;
  readonly dialog: Dialog | null;
  /** Back to the start, whatever there was of calls. */
  readonly forget: () => void;
}

export interface PageModelOptions {
  readonly session: RandomChat;
  readonly calls: Calls;
  readonly whoCalls: NonNullable<ServerConfig["calls"]>;
  readonly devices: PageDevices;
  readonly modes: readonly Mode[];
  readonly reportReasons: readonly string[];
}

export function usePageModel({ session, calls, whoCalls, devices, modes, reportReasons }: PageModelOptions): PageModel {
  const state = useRandomChat(session);
  const deviceState = useDevices(devices);
  const { page: callPage, forget } = useCalls(calls);
  const callState = callPage.state;
  const [preferences, prefer] = usePreferences(modes);
  const [dialog, openDialog] = useDialog({ block: blockTarget(state), block_caller: callTarget(callState) }, callState.phase === "incoming");
  const [agreeMissing, setAgreeMissing] = useState(false);
  const { camera } = state;
  const mode = callState.call?.mode ?? preferences.mode;
  const { open, asking, failed } = useOpening(devices, `${callState.phase} ${mode}`);

  const agreed = (): boolean => {
    setAgreeMissing(!preferences.agreed);
    if (!preferences.agreed) document.querySelector<HTMLElement>("[data-testid='agree']")?.focus();
    return preferences.agreed;
  };
  const begin = (wanted: Mode): void => {
    if (!agreed()) return;
    prefer({ mode: wanted });
    void open(wanted, camera).then((opened) => {
      if (!opened) return;
      if (callPage.callee !== null) calls.call(callPage.callee, wanted);
      else session.find({ mode: wanted, interests: [...preferences.interests] });
    });
  };
  const answer = (withCamera: boolean): void => {
    if (!agreed()) return;
    if (withCamera !== camera) session.setCamera(withCamera);
    void open(mode, withCamera).then((opened) => {
      if (opened) calls.accept();
    });
  };

  const found = troubleOf(deviceState, mode) === null && deviceState.microphone !== null; // plugged in meanwhile
  const devicesFailed = failed && !found;
  const linked = whoCalls !== "nobody";
  const view = useMemo(() => ({ devicesFailed, asking, calls: callPage, linked }), [devicesFailed, asking, callPage, linked]);
  const screen = screenOf(state, view);
  usePreview(devices, preferences.mode, screen === "start" || screen === "invite", camera);
  useRememberedDevices(devices, preferences);
  useSessionChoices(session, preferences);
  useAttention(state, callState, preferences.alerts);
  useWakeLock(state.pair !== null || callState.call !== null);
  const chat = useChatOnPhone(state);
  const mutedSpeech = useMutedSpeech(devices, deviceState.microphone, preferences.mutedHint && state.phase === "talking" && !state.microphone);

  const page: Page = {
    session,
    state,
    calls,
    callState,
    byLinkOnly: whoCalls === "link",
    linked,
    screen,
    devices,
    deviceState,
    preferences,
    modes,
    reportReasons,
    agreeMissing,
    chat,
    mutedSpeech,
    mode,
    prefer,
    begin,
    answer,
    preview: () => {
      if (!camera) session.setCamera(true); // it was switched off in the last talk
      void open(preferences.mode, true);
    },
    openDialog,
  };
  return { page, view, dialog, forget };
}

interface Opening {
  /** Whether the mode has what it needs now. */
  readonly open: (mode: Mode, withCamera: boolean) => Promise<boolean>;
  readonly asking: boolean;
  readonly failed: boolean;
}

/** Asking for devices. That they could not be had is forgotten with what they were `wantedFor`. */
function useOpening(devices: PageDevices, wantedFor: string): Opening {
  const [asking, setAsking] = useState(false);
  const [failedFor, setFailedFor] = useState<string | null>(null);
  const wanted = useRef(wantedFor);
  wanted.current = wantedFor;
  const open = async (mode: Mode, withCamera: boolean): Promise<boolean> => {
    setAsking(mode !== "text");
    const opened = await devices.openFor(mode, withCamera).then(
      () => troubleOf(devices.state, mode === "video" && !withCamera ? "voice" : mode) === null,
      () => false,
    );
    setAsking(false);
    setFailedFor(opened ? null : wanted.current);
    return opened;
  };
  return { open, asking, failed: failedFor === wantedFor };
}

/**
 * `targets`: whom a block would be about. Its question closes when somebody else comes: it was not about them. When it
 * begins to ring, nothing lies over that.
 */
function useDialog(targets: Readonly<Partial<Record<Dialog, string | null>>>, rings: boolean): [Dialog | null, (dialog: Dialog | null) => void] {
  const [open, setOpen] = useState<{ readonly dialog: Dialog | null; readonly about: string | null }>({ dialog: null, about: null });
  const about = (dialog: Dialog | null): string | null => (dialog === null ? null : (targets[dialog] ?? null));
  useEffect(() => {
    if (rings) setOpen({ dialog: null, about: null });
  }, [rings]);
  return [open.about === about(open.dialog) ? open.dialog : null, (dialog) => setOpen({ dialog, about: about(dialog) })];
}

/** What the session has to know of the person's choices. */
function useSessionChoices(session: RandomChat, { autoNext, pauseWhenSkipped, dataSaver }: Preferences): void {
  useEffect(() => session.setAutoNext(autoNext ? AUTO_NEXT_MS : null, pauseWhenSkipped), [session, autoNext, pauseWhenSkipped]);
  useEffect(() => session.setDataSaver(dataSaver), [session, dataSaver]);
}

function usePreferences(modes: readonly Mode[]): [Preferences, (change: Partial<Preferences>) => void] {
  const [preferences, setPreferences] = useState(() => {
    const kept = loadPreferences();
    return modes.includes(kept.mode) ? kept : { ...kept, mode: modes[0] ?? kept.mode };
  });
  const prefer = useCallback((change: Partial<Preferences>): void => {
    setPreferences((before) => {
      const after = { ...before, ...change };
      savePreferences(after);
      return after;
    });
  }, []);
  return [preferences, prefer];
}

/** On the start screen: let go of what the mode does not need; show the picture if that asks nobody anything. */
function usePreview(devices: PageDevices, mode: Mode, starting: boolean, camera: boolean): void {
  useEffect(() => {
    if (!starting) return;
    let over = false;
    const show = async (): Promise<void> => {
      const on = devices.state.camera !== null || devices.state.microphone !== null;
      if (mode === "text" || on || (await alreadyPermitted(mode))) {
        if (!over) await devices.openFor(mode, camera);
      }
    };
    show().catch(() => undefined); // the person will ask for it, and is told then
    return () => {
      over = true;
    };
  }, [devices, mode, starting, camera]);
}

/** The camera and microphone of last time, once they are there. */
function useRememberedDevices(devices: PageDevices, { cameraId, microphoneId }: Preferences): void {
  const { camera, microphone, cameras, microphones } = devices.state;
  const [opened, listed] = [camera !== null || microphone !== null, cameras.length + microphones.length > 0];
  useEffect(() => {
    if (!opened || !listed) return;
    const now = devices.state;
    const other = (id: string | null, current: string | null, choices: typeof cameras): id is string => id !== null && id !== current && choices.some((one) => one.id === id);
    if (camera !== null && other(cameraId, now.cameraId, now.cameras)) void devices.switchCamera(cameraId);
    if (microphone !== null && other(microphoneId, now.microphoneId, now.microphones)) void devices.switchMicrophone(microphoneId);
    // Only when devices come: a choice in the settings is made there.
  }, [opened, listed, camera === null, microphone === null]);
}
