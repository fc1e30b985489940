import { X } from "lucide-react";
import { Toast } from "radix-ui";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

interface ToastsProps {
  readonly code: string | null;
  readonly dismiss: () => void;
}

const SHOWN_MS = 5_000;

/** Something to tell, for a while. `code` names the words; one of a newer server is shown as it is. */
export function Toasts({ code, dismiss }: ToastsProps): ReactElement {
  const { t, i18n } = useTranslation();
  const known = code !== null && i18n.exists(`notice.${code}`);
  return (
    <Toast.Provider label={t("notice.title")} duration={SHOWN_MS}>
      {code !== null && (
        <Toast.Root key={code} className="toast" data-testid="notice" onOpenChange={(open) => (open ? undefined : dismiss())}>
          <Toast.Description>{known ? t(`notice.${code}`) : t("notice.other", { code })}</Toast.Description>
          <Toast.Close className="icon-button" aria-label={t("common.close")}>
            <X className="icon icon--small" aria-hidden="true" />
          </Toast.Close>
        </Toast.Root>
      )}
      <Toast.Viewport className="toasts" />
    </Toast.Provider>
  );
}
