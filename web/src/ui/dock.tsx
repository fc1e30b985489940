import { ArrowRight, Phone, PhoneOff, Square } from "lucide-react";
import { useEffect, useRef, useState, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import type { DockView, GoAction } from "../view";
import { TalkTime } from "./hud";

interface DockProps {
  readonly view: DockView;
  readonly go: () => void;
  readonly stop: () => void;
  /** It rings: the button that answers wants the focus. */
  readonly rings?: boolean;
}

/** What must not happen to somebody who meant what stood here a moment before, and for how long it does not. */
const GRAVE: ReadonlySet<GoAction> = new Set(["answer", "hang_up"]);
const MEANT_MS = 600;

/** Two buttons that never move. They are the same elements in every state, so that the focus stays. */
export function Dock({ view, go, stop, rings = false }: DockProps): ReactElement {
  const { t } = useTranslation();
  const button = useRef<HTMLButtonElement>(null);
  const { action, label } = view.go;
  const armed = useArmed(action);
  useEffect(() => {
    // Nobody asked for the ring yet: the first key shows it.
    button.current?.focus({ preventScroll: true, focusVisible: false });
  }, [rings]);
  const press = (): void => {
    if (action !== "none" && armed) go();
  };
  return (
    <div className="dock">
      {view.stop === null ? (
        <span className="dock__time number">{action === "hang_up" && <TalkTime />}</span>
      ) : (
        <button type="button" className="button button--stop" data-testid="stop" onClick={stop}>
          {view.stop.label === "stop.stop" && <Square className="icon icon--small" aria-hidden="true" />}
          <span>{t(view.stop.label)}</span>
        </button>
      )}
      <button ref={button} type="button" className="button button--go" data-testid="go" data-action={action} data-armed={armed} aria-disabled={action === "none"} onClick={press}>
        {view.go.filled > 0 && <span className="button__fill" style={{ transform: `scaleX(${view.go.filled})` }} />}
        {(action === "answer" || action === "call") && <Phone className="icon" aria-hidden="true" />}
        {action === "hang_up" && <PhoneOff className="icon" aria-hidden="true" />}
        <span className="number">{t(label, { count: view.go.seconds ?? 0 })}</span>
        {label === "go.next" && <ArrowRight className="icon icon--directed" aria-hidden="true" />}
      </button>
    </div>
  );
}

/** Whether a press means what the button says. */
function useArmed(action: GoAction): boolean {
  const [shown, setShown] = useState<GoAction | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setShown(action), MEANT_MS);
    return () => clearTimeout(timer);
  }, [action]);
  return shown === action || !GRAVE.has(action);
}
