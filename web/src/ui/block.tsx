import { Ban } from "lucide-react";
import { AlertDialog } from "radix-ui";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import type { BlockTarget } from "../view";

export function BlockButton({ className }: { readonly className: string }): ReactElement {
  const { t } = useTranslation();
  const { askBlock } = usePage();
  return (
    <button type="button" className={className} data-testid="block" aria-label={t("block.block")} onClick={askBlock}>
      <Ban className="icon icon--small" aria-hidden="true" />
      <span>{t("block.block")}</span>
    </button>
  );
}

interface BlockDialogProps {
  readonly target: BlockTarget | null;
  readonly onClose: () => void;
}

/** Asks once more, because there is no way back. Focus begins on the way out. */
export function BlockDialog({ target, onClose }: BlockDialogProps): ReactElement {
  const { t } = useTranslation();
  const { session, state } = usePage();
  const alias = target?.alias ?? "";
  return (
    <AlertDialog.Root open={target !== null} onOpenChange={(open) => (open ? undefined : onClose())}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="dim" />
        <AlertDialog.Content className="sheet">
          <header className="sheet__head">
            <AlertDialog.Title>{t("block.title", { alias })}</AlertDialog.Title>
          </header>
          <div className="sheet__body">
            <AlertDialog.Description className="quiet">{state.pair === null ? t("block.lead_after", { alias }) : t("block.lead", { alias })}</AlertDialog.Description>
            <div className="sheet__acts">
              <AlertDialog.Cancel className="button">{t("block.keep")}</AlertDialog.Cancel>
              <AlertDialog.Action className="button button--bad" data-testid="block-confirm" onClick={() => session.block()}>
                {t("block.confirm")}
              </AlertDialog.Action>
            </div>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
