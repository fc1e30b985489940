/** What is not needed in every talk, behind one button. */
import { Ban, Ellipsis, Expand, Keyboard, Maximize, PictureInPicture2, Settings2, SwitchCamera, type LucideIcon } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { Fragment, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { canFloat, canFullscreen, toggleFloat, toggleFullscreen } from "../platform";
import { overPage } from "./over-page";

export function More({ className }: { readonly className: string }): ReactElement {
  const { t } = useTranslation();
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <button type="button" className={className} data-testid="more" aria-label={t("more.title")}>
          <Ellipsis className="icon" aria-hidden="true" />
        </button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={overPage()}>
        <DropdownMenu.Content className="menu" sideOffset={8} collisionPadding={12} align="end">
          <Picture />
          <Item Icon={Keyboard} words={t("keys.title")} className="wide-only" press="keys" />
          <Item Icon={Settings2} words={t("common.settings")} press="settings" />
          <Block />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** How the partner's picture is shown, and which camera shows mine. */
function Picture(): ReactElement | null {
  const { t } = useTranslation();
  const { deviceState, devices, preferences, prefer, state } = usePage();
  if (state.pair?.mode !== "video") return null;
  const { cameras, cameraId } = deviceState;
  const other = cameras[(cameras.findIndex(({ id }) => id === cameraId) + 1) % cameras.length];
  const flip = (id: string): void => {
    prefer({ cameraId: id });
    void devices.switchCamera(id);
  };
  return (
    <Fragment>
      <Item Icon={Expand} words={preferences.fill ? t("more.whole") : t("more.fill")} press={() => prefer({ fill: !preferences.fill })} />
      {canFullscreen() && <Item Icon={Maximize} words={t("more.fullscreen")} press={toggleFullscreen} />}
      {canFloat() && <Item Icon={PictureInPicture2} words={t("more.float")} press={toggleFloat} />}
      {cameras.length > 1 && other !== undefined && <Item Icon={SwitchCamera} words={t("more.flip")} press={() => flip(other.id)} />}
    </Fragment>
  );
}

function Block(): ReactElement | null {
  const { t } = useTranslation();
  const { pair } = usePage().state;
  if (pair === null) return null;
  return <Item Icon={Ban} words={t("block.name", { alias: pair.peer.alias })} press="block" className="menu__item--bad" testId="block" />;
}

interface ItemProps {
  readonly Icon: LucideIcon;
  readonly words: string;
  /** What to do, or the dialog to open. */
  readonly press: (() => void) | "keys" | "settings" | "block";
  readonly className?: string;
  readonly testId?: string;
}

function Item({ Icon, words, press, className = "", testId }: ItemProps): ReactElement {
  const { openDialog } = usePage();
  const act = typeof press === "function" ? press : () => openDialog(press);
  return (
    <DropdownMenu.Item className={`menu__item ${className}`} data-testid={testId} onSelect={act}>
      <Icon className="icon" aria-hidden="true" />
      {words}
    </DropdownMenu.Item>
  );
}
