/** The page: the same shell in every state, and in it the parts of the screen. */
import { Tooltip } from "radix-ui";
import { useState, type ReactElement } from "react";
import { PageProvider } from "./page";
import { CallOverSide, CallOverStage } from "./screens/call-over";
import { ConnectingSide, ConnectingStage } from "./screens/connecting";
import { DeniedSide, DeniedStage } from "./screens/denied";
import { EndedSide, EndedStage } from "./screens/ended";
import { IncomingSide, IncomingStage } from "./screens/incoming";
import { InviteSide } from "./screens/invite";
import { RefusedSide, RefusedStage } from "./screens/message";
import { OutgoingSide, OutgoingStage } from "./screens/outgoing";
import { SearchingSide, SearchingStage } from "./screens/searching";
import { StartSide, StartStage } from "./screens/start";
import { SelfTile, TalkingSide, TalkingStage } from "./screens/talking";
import { TextSide, TextStage } from "./screens/text";
import { Announcer } from "./ui/announcer";
import { BlockDialog } from "./ui/block";
import { BlockedPeople } from "./ui/blocked-people";
import { TopBar } from "./ui/brand";
import { CallNews } from "./ui/call-news";
import { ConnectionBanner } from "./ui/connection-banner";
import { Controls } from "./ui/controls";
import { DeviceBanner } from "./ui/device-banner";
import { Dock } from "./ui/dock";
import { Hud } from "./ui/hud";
import { KeyList } from "./ui/keys";
import { MutedHint } from "./ui/muted-hint";
import { MyLink, NewLink } from "./ui/my-link";
import { RemotePicture, RemoteSound } from "./ui/remote";
import { Rules } from "./ui/rules";
import { Settings } from "./ui/settings";
import { Toasts } from "./ui/toasts";
import { useKeys } from "./ui/use-keys";
import { useNow } from "./ui/use-now";
import { useVisibleHeight } from "./ui/use-visible-height";
import { usePageModel, type PageModel, type PageModelOptions } from "./use-page-model";
import { dockOf, isCall, layoutOf, phaseOf, type GoAction, type Screen, type StopAction } from "./view";

const PARTS: Record<Screen, { readonly Stage: () => ReactElement; readonly Side: () => ReactElement }> = {
  start: { Stage: StartStage, Side: StartSide },
  denied: { Stage: DeniedStage, Side: DeniedSide },
  refused: { Stage: RefusedStage, Side: RefusedSide },
  searching: { Stage: SearchingStage, Side: SearchingSide },
  connecting: { Stage: ConnectingStage, Side: ConnectingSide },
  talking: { Stage: TalkingStage, Side: TalkingSide },
  text: { Stage: TextStage, Side: TextSide },
  ended: { Stage: EndedStage, Side: EndedSide },
  invite: { Stage: StartStage, Side: InviteSide },
  outgoing: { Stage: OutgoingStage, Side: OutgoingSide },
  incoming: { Stage: IncomingStage, Side: IncomingSide },
  call_over: { Stage: CallOverStage, Side: CallOverSide },
};

export function App(options: PageModelOptions): ReactElement {
  const model = usePageModel(options);
  const { page } = model;
  const [escArmed, setEscArmed] = useState(false);
  const { screen, state, session, calls, callState } = page;
  const inPair = state.pair !== null;
  const rings = callState.phase === "incoming";
  useVisibleHeight();
  useKeys({
    next: () => (screen === "ended" || (inPair && !isCall(state, callState)) ? session.next() : undefined),
    mute: () => (inPair ? session.setMicrophone(!state.microphone) : undefined),
    camera: () => (state.pair?.mode === "video" ? session.setCamera(!state.camera) : undefined),
    answer: () => (rings ? page.answer(state.camera) : undefined),
    decline: () => (rings ? calls.decline() : undefined),
    list: () => page.openDialog("keys"),
    armed: () => setEscArmed(leaving(model) !== null),
    leave: () => {
      setEscArmed(false);
      leaving(model)?.();
    },
  });
  const close = (): void => page.openDialog(null);
  const dismiss = (): void => (escArmed ? setEscArmed(false) : session.dismissNotice());
  return (
    <PageProvider value={page}>
      <Tooltip.Provider delayDuration={400}>
        <Shell model={model} />
        <Settings open={model.dialog === "settings"} onClose={close} />
        <BlockedPeople open={model.dialog === "blocked_people"} onClose={() => page.openDialog("settings")} />
        <Rules open={model.dialog === "rules"} onClose={close} />
        <KeyList open={model.dialog === "keys"} onClose={close} />
        <MyLink open={model.dialog === "my_link"} onClose={close} />
        <NewLink open={model.dialog === "new_link"} onClose={() => page.openDialog("my_link")} />
        <BlockDialog who="partner" open={model.dialog === "block"} onClose={close} />
        <BlockDialog who="caller" open={model.dialog === "block_caller"} onClose={close} />
        <Toasts code={escArmed ? "esc_again" : (state.notice?.code ?? null)} dismiss={dismiss} />
        <Announcer />
      </Tooltip.Provider>
    </PageProvider>
  );
}

/** What it means to leave, wherever one is; null: there is nothing to leave. */
function leaving({ page, forget }: PageModel): (() => void) | null {
  const { calls, callState, screen, session, state } = page;
  if (screen === "invite" || screen === "call_over") return forget;
  if (callState.call !== null || isCall(state, callState)) return () => calls.hangUp();
  return state.phase === "start" ? null : () => session.stop();
}

function Shell({ model }: { readonly model: PageModel }): ReactElement {
  const { callState, chat, screen, state, preferences, prefer, deviceState } = model.page;
  const { Stage, Side } = PARTS[screen];
  const layout = layoutOf(screen);
  const picture = (screen === "start" || screen === "invite") && preferences.mode === "video" && deviceState.camera !== null;
  return (
    <main className="app" data-phase={phaseOf(state, callState)} data-screen={screen} data-layout={layout} data-picture={picture} data-fill={preferences.fill} data-chat={chat.open ? "open" : "closed"}>
      <div className={`stage ${layout === "live" ? "night" : ""}`} onDoubleClick={() => (layout === "live" ? prefer({ fill: !preferences.fill }) : undefined)}>
        <RemotePicture />
        <Stage />
      </div>
      {layout === "live" && <Hud />}
      {(layout === "form" || layout === "idle") && <TopBar />}
      <div className="banners">
        <ConnectionBanner />
        <CallNews />
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
  const { page, view, forget } = model;
  const { session, calls, callState, state, preferences, begin, answer, openDialog } = page;
  const rings = callState.phase === "incoming";
  const now = useNow((state.ended?.nextAt ?? callState.ended?.retryAt ?? null) !== null);
  const dock = dockOf(page.screen, state, view, now);
  const start = (): void => begin(preferences.mode);
  const go: Record<GoAction, () => void> = {
    find: start,
    call: start,
    next: () => session.next(),
    answer: () => answer(state.camera),
    hang_up: () => calls.hangUp(),
    forget,
    reconnect: () => session.reconnectNow(),
    retry_devices: rings ? () => answer(state.camera) : start,
    take_over: () => session.takeOver(),
    reload: () => location.reload(),
    none: () => undefined,
  };
  const stop: Record<StopAction, () => void> = {
    rules: () => openDialog("rules"),
    my_link: () => openDialog("my_link"),
    stop: () => session.stop(),
    text_only: () => begin("text"),
    decline: () => calls.decline(),
    hang_up: () => calls.hangUp(),
    forget,
  };
  return <Dock view={dock} go={go[dock.go.action]} stop={dock.stop === null ? go.none : stop[dock.stop.action]} rings={rings} />;
}
