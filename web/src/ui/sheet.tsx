import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { useTranslation } from "react-i18next";

interface SheetProps {
  readonly title: string;
  readonly lead: string;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Sheet({ title, lead, open, onClose, children }: SheetProps): ReactElement {
  const { t } = useTranslation();
  return (
    <Dialog.Root open={open} onOpenChange={(now) => (now ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="dim" />
        <Dialog.Content className="sheet">
          <header className="sheet__head">
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Close className="icon-button" aria-label={t("common.close")}>
              <X className="icon" aria-hidden="true" />
            </Dialog.Close>
          </header>
          <div className="sheet__body">
            <Dialog.Description className="quiet">{lead}</Dialog.Description>
            {children}
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
