import { ArrowRight, Square } from "lucide-react";
import { useEffect, useRef, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import type { DockView } from "../view";

interface DockProps {
  readonly view: DockView;
  readonly go: () => void;
  readonly stop: () => void;
}

/** Two buttons that never move. They are the same elements in every state, so that the focus stays. */
export function Dock({ view, go, stop }: DockProps): ReactElement {
  const { t } = useTranslation();
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // Nobody asked for the ring yet: the first key shows it.
    button.current?.focus({ preventScroll: true, focusVisible: false });
  }, []);
  const idle = view.go.action === "none";
  return (
    <div className="dock">
      {view.stop === null ? (
        <span />
      ) : (
        <button type="button" className="button button--stop" data-testid="stop" onClick={stop}>
          {view.stop.label === "stop.stop" && <Square className="icon icon--small" aria-hidden="true" />}
          <span>{t(view.stop.label)}</span>
        </button>
      )}
      <button
        ref={button}
        type="button"
        className="button button--go"
        data-testid="go"
        data-action={view.go.action}
        aria-disabled={idle}
        onClick={() => {
          if (!idle) go();
        }}
      >
        {view.go.filled > 0 && <span className="button__fill" style={{ transform: `scaleX(${view.go.filled})` }} />}
        <span className="number">{t(view.go.label, { count: view.go.seconds ?? 0 })}</span>
        {view.go.label === "go.next" && <ArrowRight className="icon icon--directed" aria-hidden="true" />}
      </button>
    </div>
  );
}
