import { Mic, MicOff, User } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { initial } from "../format";
import { usePage } from "../page";
import { SelfVideo } from "./video";

interface HalvesProps {
  /** What stands in the other half; without it, nobody. */
  readonly children?: ReactNode;
  readonly empty?: boolean;
  /** They call. */
  readonly lit?: boolean;
}

/** Me and somebody. My half is the self-view. The words of the screen say the same, so this is hidden from readers. */
export function Halves({ children, empty = false, lit = false }: HalvesProps): ReactElement {
  const { t } = useTranslation();
  const { deviceState, state, ...page } = usePage();
  const mode = state.pair?.mode ?? page.mode;
  const MyIcon = mode === "text" || deviceState.microphone === null ? User : state.microphone ? Mic : MicOff;
  return (
    <div className="halves" aria-hidden="true">
      <div className="half half--me">
        {mode === "video" && state.camera && deviceState.camera !== null ? <SelfVideo /> : <MyIcon className="icon" />}
        <span className="tag glass">{t("common.you")}</span>
      </div>
      <div className={`half half--them ${empty ? "half--empty" : ""} ${lit ? "half--lit" : ""}`}>{children ?? <User className="icon" />}</div>
    </div>
  );
}

export function Initial({ alias }: { readonly alias: string }): ReactElement {
  return <span className="half__large">{initial(alias)}</span>;
}
