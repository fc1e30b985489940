import { Check, Copy, RefreshCw, Share2 } from "lucide-react";
import { AlertDialog } from "radix-ui";
import { useEffect, useRef, useState, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { addressOf } from "../call-link";
import { usePage } from "../page";
import { canShare, copy, share } from "../platform";
import { Sheet } from "./sheet";

/** The address by which others call this person. */
export function MyLink({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const { calls, callState } = usePage();
  const asked = open && callState.link === null;
  useEffect(() => {
    if (asked) calls.link();
  }, [asked, calls]);
  return (
    <Sheet title={t("my_link.title")} lead={t("my_link.lead")} open={open} onClose={onClose}>
      <Address address={callState.link === null ? null : addressOf(location.href, callState.link)} />
      <ul className="notes small quiet">
        <li>{t("my_link.rings")}</li>
        <li>{t("my_link.private")}</li>
      </ul>
      <Renew />
    </Sheet>
  );
}

function Address({ address }: { readonly address: string | null }): ReactElement {
  const { t } = useTranslation();
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState<string | null>(null);
  const done = copied !== null && copied === address;
  const take = (): void => {
    field.current?.select(); // where the page may not write to the clipboard, a person can
    if (address !== null) void copy(address).then((written) => setCopied(written ? address : null));
  };
  return (
    <div className="field">
      <input ref={field} className="select select--wide link" data-testid="my-link" aria-label={t("my_link.title")} readOnly value={address ?? ""} placeholder={t("my_link.asking")} onFocus={(event) => event.target.select()} />
      <div className="link__acts">
        <button type="button" className="button" data-testid="copy-link" disabled={address === null} onClick={take}>
          {done ? <Check className="icon icon--small" aria-hidden="true" /> : <Copy className="icon icon--small" aria-hidden="true" />}
          {done ? t("my_link.copied") : t("my_link.copy")}
        </button>
        {canShare() && (
          <button type="button" className="button button--outline" data-testid="share-link" disabled={address === null} onClick={() => share(t("my_link.shared_as"), address ?? "")}>
            <Share2 className="icon icon--small" aria-hidden="true" />
            {t("my_link.share")}
          </button>
        )}
      </div>
      <span className="unseen" role="status">
        {done ? t("my_link.copied") : ""}
      </span>
    </div>
  );
}

function Renew(): ReactElement {
  const { t } = useTranslation();
  const { openDialog } = usePage();
  return (
    <div className="row link__renew">
      <span>
        {t("my_link.new")}
        <span className="row__hint">{t("my_link.new_hint")}</span>
      </span>
      <button type="button" className="button button--outline row__value" data-testid="new-link" onClick={() => openDialog("new_link")}>
        <RefreshCw className="icon icon--small" aria-hidden="true" />
        {t("my_link.make")}
      </button>
    </div>
  );
}

/** Asks once: whoever has the old link cannot call any more. Both answers lead back to the link. */
export function NewLink({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const { calls } = usePage();
  return (
    <AlertDialog.Root open={open} onOpenChange={(now) => (now ? undefined : onClose())}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="dim" />
        <AlertDialog.Content className="sheet sheet--ask">
          <AlertDialog.Title>{t("my_link.ask")}</AlertDialog.Title>
          <AlertDialog.Description className="quiet">{t("my_link.ask_lead")}</AlertDialog.Description>
          <div className="acts">
            <AlertDialog.Cancel className="button">{t("my_link.keep")}</AlertDialog.Cancel>
            <AlertDialog.Action className="button button--bad" data-testid="new-link-sure" onClick={() => calls.link({ renew: true })}>
              {t("my_link.sure")}
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
