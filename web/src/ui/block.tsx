import { AlertDialog } from "radix-ui";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { ReportFields, useComplaint } from "./report";

/** Asks once: there is no way back. Who likes tells the operator why. */
export function BlockDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactElement | null {
  const { t } = useTranslation();
  const { session, state } = usePage();
  const [complaint, setComplaint] = useComplaint();
  const alias = state.pair?.peer.alias ?? state.ended?.alias ?? null;
  if (alias === null) return null;
  const close = (): void => {
    setComplaint(null);
    onClose();
  };
  const sure = (): void => (complaint === null ? session.block() : session.report(complaint.reason, complaint.text));
  return (
    <AlertDialog.Root open={open} onOpenChange={(now) => (now ? undefined : close())}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="dim" />
        <AlertDialog.Content className="sheet sheet--ask">
          <AlertDialog.Title>{t("block.title", { alias })}</AlertDialog.Title>
          <AlertDialog.Description className="quiet">{state.pair === null ? t("block.after") : t("block.during")}</AlertDialog.Description>
          <ReportFields complaint={complaint} onChange={setComplaint} />
          <div className="acts">
            <AlertDialog.Cancel className="button">{t("block.keep")}</AlertDialog.Cancel>
            <AlertDialog.Action className="button button--bad" data-testid="block-sure" onClick={sure}>
              {complaint === null ? t("block.sure") : t("report.sure")}
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
