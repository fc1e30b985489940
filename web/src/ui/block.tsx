import { AlertDialog } from "radix-ui";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";

/** Asks once: there is no way back. */
export function BlockDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactElement | null {
  const { t } = useTranslation();
  const { session, state } = usePage();
  const alias = state.pair?.peer.alias ?? state.ended?.alias ?? null;
  if (alias === null) return null;
  return (
    <AlertDialog.Root open={open} onOpenChange={(now) => (now ? undefined : onClose())}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="dim" />
        <AlertDialog.Content className="sheet sheet--ask">
          <AlertDialog.Title>{t("block.title", { alias })}</AlertDialog.Title>
          <AlertDialog.Description className="quiet">{state.pair === null ? t("block.after") : t("block.during")}</AlertDialog.Description>
          <div className="acts">
            <AlertDialog.Cancel className="button">{t("block.keep")}</AlertDialog.Cancel>
            <AlertDialog.Action className="button button--bad" data-testid="block-sure" onClick={() => session.block()}>
              {t("block.sure")}
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
