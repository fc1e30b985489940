/** The page's own state around a session: choices, devices, dialogs. No session logic. */
import type { Mode, RandomChat } from "@duologue/client";
import { useDevices, useRandomChat } from "@duologue/client/react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { alreadyPermitted, type PageDevices } from "./media";
import type { Dialog, Page } from "./page";
import { loadPreferences, savePreferences, type Preferences } from "./preferences";
import { troubleOf } from "./trouble";
import { useAttention } from "./ui/use-attention";
import { useChatOnPhone } from "./ui/use-chat-on-phone";
import { useMutedSpeech } from "./ui/use-muted-speech";
import { useWakeLock } from "./ui/use-wake-lock";
import { AUTO_NEXT_MS, blockTarget, screenOf, type PageView } from "./view";

export interface PageModel {
  readonly page: Page;
  readonly view: PageView;
  readonly dialog: Dialog | null;
}

export interface PageModelOptions {
  readonly session: RandomChat;
  readonly devices: PageDevices;
  readonly modes: readonly Mode[];
  readonly reportReasons: readonly string[];
}

export function usePageModel({ session, devices, modes, reportReasons }: PageModelOptions): PageModel {
  const state = useRandomChat(session);
  const deviceState = useDevices(devices);
  const [preferences, prefer] = usePreferences(modes);
  const [dialog, openDialog] = useDialog(blockTarget(state));
  const [asking, setAsking] = useState(false);
  const [failed, setFailed] = useState(false);
  const [agreeMissing, setAgreeMissing] = useState(false);
  const { camera } = state;

  /** Whether the mode has what it needs now. */
  const open = useCallback(
    async (mode: Mode, withCamera = camera): Promise<boolean> => {
      setAsking(mode !== "text");
      const opened = await devices.openFor(mode, withCamera).then(
        () => troubleOf(devices.state, mode) === null,
        () => false,
      );
      setAsking(false);
      setFailed(!opened);
      return opened;
    },
    [devices, camera],
  );

  const find = useCallback(
    (mode: Mode): void => {
      setAgreeMissing(!preferences.agreed);
      if (!preferences.agreed) return document.querySelector<HTMLElement>("[data-testid='agree']")?.focus();
      prefer({ mode });
      void open(mode).then((opened) => {
        if (opened) session.find({ mode, interests: [...preferences.interests] });
      });
    },
    [session, open, prefer, preferences],
  );

  usePreview(devices, preferences.mode, state.phase === "start", camera);
  useRememberedDevices(devices, preferences);
  useSessionChoices(session, preferences);
  useAttention(state, preferences.alerts);
  useWakeLock(state.pair !== null);
  const chat = useChatOnPhone(state);
  const mutedSpeech = useMutedSpeech(devices, deviceState.microphone, preferences.mutedHint && state.phase === "talking" && !state.microphone);

  const found = troubleOf(deviceState, preferences.mode) === null && deviceState.microphone !== null; // plugged in meanwhile
  const view = useMemo(() => ({ devicesFailed: failed && !found, asking }), [failed, found, asking]);
  const page: Page = {
    session,
    state,
    screen: screenOf(state, view),
    devices,
    deviceState,
    preferences,
    modes,
    reportReasons,
    agreeMissing,
    chat,
    mutedSpeech,
    prefer,
    find,
    preview: () => {
      if (!camera) session.setCamera(true); // it was switched off in the last talk
      void open(preferences.mode, true);
    },
    openDialog,
  };
  return { page, view, dialog };
}

/** `target`: whom a block would be about. Its question closes when somebody else comes: it was not about them. */
function useDialog(target: string | null): [Dialog | null, (dialog: Dialog | null) => void] {
  const [open, setOpen] = useState<{ readonly dialog: Dialog | null; readonly about: string | null }>({ dialog: null, about: null });
  const another = open.dialog === "block" && open.about !== target;
  return [another ? null : open.dialog, (dialog) => setOpen({ dialog, about: target })];
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
