/** The page: the same shell in every state, and in it the parts of the screen. */
import { Tooltip } from "radix-ui";
import { useState, type ReactElement } from "react";
import { PageProvider } from "./page";
import { ConnectingSide, ConnectingStage } from "./screens/connecting";
import { DeniedSide, DeniedStage } from "./screens/denied";
import { EndedSide, EndedStage } from "./screens/ended";
import { RefusedSide, RefusedStage } from "./screens/message";
import { SearchingSide, SearchingStage } from "./screens/searching";
import { StartSide, StartStage } from "./screens/start";
import { SelfTile, TalkingSide, TalkingStage } from "./screens/talking";
import { TextSide, TextStage } from "./screens/text";
import { Announcer } from "./ui/announcer";
import { BlockDialog } from "./ui/block";
import { TopBar } from "./ui/brand";
import { ConnectionBanner } from "./ui/connection-banner";
import { Controls } from "./ui/controls";
import { DeviceBanner } from "./ui/device-banner";
import { Dock } from "./ui/dock";
import { Hud } from "./ui/hud";
import { KeyList } from "./ui/keys";
import { MutedHint } from "./ui/muted-hint";
import { RemotePicture, RemoteSound } from "./ui/remote";
import { Rules } from "./ui/rules";
import { Settings } from "./ui/settings";
import { Toasts } from "./ui/toasts";
import { useKeys } from "./ui/use-keys";
import { useNow } from "./ui/use-now";
import { useVisibleHeight } from "./ui/use-visible-height";
import { usePageModel, type PageModel, type PageModelOptions } from "./use-page-model";
import { dockOf, layoutOf, type GoAction, type Screen, type StopAction } from "./view";

const PARTS: Record<Screen, { readonly Stage: () => ReactElement; readonly Side: () => ReactElement }> = {
  start: { Stage: StartStage, Side: StartSide },
  denied: { Stage: DeniedStage, Side: DeniedSide },
  refused: { Stage: RefusedStage, Side: RefusedSide },
  searching: { Stage: SearchingStage, Side: SearchingSide },
  connecting: { Stage: ConnectingStage, Side: ConnectingSide },
  talking: { Stage: TalkingStage, Side: TalkingSide },
  text: { Stage: TextStage, Side: TextSide },
  ended: { Stage: EndedStage, Side: EndedSide },
};

export function App(options: PageModelOptions): ReactElement {
  const model = usePageModel(options);
  const { page } = model;
  const [escArmed, setEscArmed] = useState(false);
  const { screen, state, session } = page;
  const inPair = state.pair !== null;
  useVisibleHeight();
  useKeys({
    next: () => (screen === "ended" || inPair ? session.next() : undefined),
    mute: () => (inPair ? session.setMicrophone(!state.microphone) : undefined),
    camera: () => (state.pair?.mode === "video" ? session.setCamera(!state.camera) : undefined),
    list: () => page.openDialog("keys"),
    armed: () => setEscArmed(state.phase !== "start"),
    leave: () => {
      setEscArmed(false);
      session.stop();
    },
  });
  const close = (): void => page.openDialog(null);
  const dismiss = (): void => (escArmed ? setEscArmed(false) : session.dismissNotice());
  return (
    <PageProvider value={page}>
      <Tooltip.Provider delayDuration={400}>
        <Shell model={model} />
        <Settings open={model.dialog === "settings"} onClose={close} />
        <Rules open={model.dialog === "rules"} onClose={close} />
        <KeyList open={model.dialog === "keys"} onClose={close} />
        <BlockDialog open={model.dialog === "block"} onClose={close} />
        <Toasts code={escArmed ? "esc_again" : (state.notice?.code ?? null)} dismiss={dismiss} />
        <Announcer />
      </Tooltip.Provider>
    </PageProvider>
  );
}

function Shell({ model }: { readonly model: PageModel }): ReactElement {
  const { chat, screen, state, preferences, prefer, deviceState } = model.page;
  const { Stage, Side } = PARTS[screen];
  const layout = layoutOf(screen);
  const picture = screen === "start" && preferences.mode === "video" && deviceState.camera !== null;
  return (
    <main className="app" data-phase={state.phase} data-screen={screen} data-layout={layout} data-picture={picture} data-fill={preferences.fill} data-chat={chat.open ? "open" : "closed"}>
      <div className={`stage ${layout === "live" ? "night" : ""}`} onDoubleClick={() => (layout === "live" ? prefer({ fill: !preferences.fill }) : undefined)}>
        <RemotePicture />
        <Stage />
      </div>
      {layout === "live" && <Hud />}
      {(layout === "form" || layout === "idle") && <TopBar />}
      <div className="banners">
        <ConnectionBanner />
        <DeviceBanner />
        <MutedHint />
        <RemoteSound />
      </div>
      {layout === "live" && state.pair?.mode === "video" && <SelfTile />}
      {/* On a small phone the way out scrolls, and holds nothing to press that keys could scroll it by. */}
      <div className="side" tabIndex={screen === "denied" ? 0 : undefined}>
        <Side />
      </div>
      {layout === "live" && <Controls />}
      <DockOf model={model} />
    </main>
  );
}

function DockOf({ model }: { readonly model: PageModel }): ReactElement {
  const { page, view } = model;
  const { session, state, preferences, find, openDialog } = page;
  const counting = state.ended !== null && state.ended.nextAt !== null;
  const now = useNow(counting);
  const dock = dockOf(page.screen, state, view, now);
  const go: Record<GoAction, () => void> = {
    find: () => find(preferences.mode),
    next: () => session.next(),
    reconnect: () => session.reconnectNow(),
    retry_devices: () => find(preferences.mode),
    reload: () => location.reload(),
    none: () => undefined,
  };
  const stop: Record<StopAction, () => void> = {
    rules: () => openDialog("rules"),
    stop: () => session.stop(),
    text_only: () => find("text"),
  };
  return <Dock view={dock} go={go[dock.go.action]} stop={stop[dock.stop.action]} />;
}
