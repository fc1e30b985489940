import { Plus, X } from "lucide-react";
import { useState, type KeyboardEvent, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { titled } from "../format";
import { usePage } from "../page";
import { MAX_INTERESTS, withInterests } from "../preferences";

/** What a person likes to talk about: chips that go by a press, and one that adds. */
export function Interests(): ReactElement {
  const { t } = useTranslation();
  const { preferences, prefer } = usePage();
  const { interests } = preferences;
  const remove = (word: string): void => prefer({ interests: interests.filter((other) => other !== word) });
  return (
    <div className="field" role="group" aria-labelledby="interests-label">
      <span className="label" id="interests-label">
        {t("start.interests")}
      </span>
      <div className="chips">
        {interests.map((word) => (
          <button key={word} type="button" className="chip" aria-label={t("start.remove", { interest: word })} onClick={() => remove(word)}>
            <span>{titled(word)}</span>
            <X className="icon" aria-hidden="true" />
          </button>
        ))}
        {interests.length < MAX_INTERESTS && <AddInterest add={(typed) => prefer({ interests: withInterests(interests, typed) })} />}
      </div>
      {interests.length === 0 && <span className="small quiet">{t("start.interests_hint")}</span>}
    </div>
  );
}

function AddInterest({ add }: { readonly add: (typed: string) => void }): ReactElement {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");

  const keep = (): void => {
    add(typed);
    setTyped("");
  };
  const keyPressed = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" && event.key !== ",") return;
    event.preventDefault();
    keep();
  };
  const left = (): void => {
    keep();
    setOpen(false);
  };
  if (!open) {
    return (
      <button type="button" className="chip chip--add" data-testid="add-interest" aria-label={t("start.add_label")} onClick={() => setOpen(true)}>
        <Plus className="icon" aria-hidden="true" />
        {t("start.add")}
      </button>
    );
  }
  return (
    <input
      className="chip__input"
      data-testid="interest-input"
      aria-label={t("start.add_label")}
      autoComplete="off"
      enterKeyHint="done"
      autoFocus
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={keyPressed}
      onBlur={left}
    />
  );
}
