import { Ban } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { usePage, type Dialog } from "../page";
import { BrandRow } from "./brand";
import { Chat } from "./chat";
import { Halves } from "./halves";

/** Where a talk or a call was: what became of it. */
export function OverStage({ children }: { readonly children: ReactNode }): ReactElement {
  return (
    <div className="duo">
      <Halves empty />
      {children !== null && <section className="story">{children}</section>}
    </div>
  );
}

interface BlockButtonProps {
  readonly alias: string;
  readonly blocked: boolean;
  readonly dialog: Dialog;
}

/** Never again with them; a dialog asks once. */
export function BlockButton({ alias, blocked, dialog }: BlockButtonProps): ReactElement {
  const { t } = useTranslation();
  const { openDialog } = usePage();
  return (
    <button type="button" className="button button--outline" data-testid="block" disabled={blocked} onClick={() => openDialog(dialog)}>
      <Ban className="icon icon--small" aria-hidden="true" />
      {blocked ? t("block.done", { alias }) : t("block.name", { alias })}
    </button>
  );
}

/** What was said, to be read; or, where nothing was, the `keys` that go on from here. */
export function OverSide({ said, keys }: { readonly said: boolean; readonly keys: ReactNode }): ReactElement {
  const { t } = useTranslation();
  if (said) {
    return (
      <div className="chat">
        <Chat closed note={t("chat.over")} />
      </div>
    );
  }
  return (
    <div className="panel">
      <BrandRow />
      <p className="keys push">{keys}</p>
    </div>
  );
}
