import { AlertDialog } from "radix-ui";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { ReportFields, useComplaint } from "./report";

interface BlockProps {
  /** Of the present pair, or the last one; or of the call that rings, or the last one. */
  readonly who: "partner" | "caller";
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Asks once: the talk ends by it. Who likes tells the operator why. */
export function BlockDialog({ who, open, onClose }: BlockProps): ReactElement | null {
  const { t } = useTranslation();
  const { calls, session } = usePage();
  const [complaint, setComplaint] = useComplaint();
  const { alias, words, talked } = useTarget(who);
  if (alias === null) return null;
  const about = who === "caller" ? calls : session;
  const close = (): void => {
    setComplaint(null);
    onClose();
  };
  const sure = (): void => (complaint === null ? about.block() : about.report(complaint.reason, complaint.text));
  return (
    <AlertDialog.Root open={open} onOpenChange={(now) => (now ? undefined : close())}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="dim" />
        <AlertDialog.Content className="sheet sheet--ask">
          <AlertDialog.Title>{t("block.title", { alias })}</AlertDialog.Title>
          <AlertDialog.Description className="quiet">{words}</AlertDialog.Description>
          {talked && <ReportFields complaint={complaint} onChange={setComplaint} />}
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

function useTarget(who: BlockProps["who"]): { readonly alias: string | null; readonly words: string; readonly talked: boolean } {
  const { t } = useTranslation();
  const { callState, state } = usePage();
  const { call, ended } = callState;
  if (who === "partner") return { alias: state.pair?.peer.alias ?? state.ended?.alias ?? null, words: state.pair === null ? t("block.after") : t("block.during"), talked: true };
  if (call !== null) return { alias: call.alias ?? t("call.someone"), words: t("block.ringing"), talked: false };
  return { alias: ended?.alias ?? null, words: t("block.after"), talked: ended?.talkedMs != null };
}
