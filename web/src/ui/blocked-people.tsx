import type { BlockedPerson, ErrorCode } from "@duologue/client";
import { RefreshCw } from "lucide-react";
import { useEffect, useState, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { day } from "../format";
import { usePage } from "../page";
import { Sheet } from "./sheet";

const WORDS: Partial<Record<ErrorCode, string>> = { rate_limited: "notice.rate_limited", not_active: "blocked_people.elsewhere" };

/** Whom this person has blocked, each with a way to take it back. Asked of the server when it is opened. */
export function BlockedPeople({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const { session, state } = usePage();
  const unknown = state.blocked === null;
  useEffect(() => {
    if (open) session.blocked();
  }, [open, unknown, session]); // also for a new guest; what is being asked is not asked twice
  return (
    <Sheet title={t("blocked_people.title")} lead={t("blocked_people.lead")} open={open} onClose={onClose}>
      <People />
    </Sheet>
  );
}

function People(): ReactElement {
  const { t } = useTranslation();
  const { session, state } = usePage();
  const [unblocked, setUnblocked] = useState<string | null>(null);
  const { people, error } = state.blocked ?? { people: null, error: null };
  const online = state.connection.status === "online";
  const unblock = ({ block, alias }: BlockedPerson): void => {
    setUnblocked(alias);
    session.unblock(block);
  };
  return (
    <>
      {error !== null && <Trouble error={error} />}
      {people === null && error === null && <p>{online ? t("blocked_people.asking") : t("blocked_people.waiting")}</p>}
      {people?.length === 0 && <p data-testid="blocked-nobody">{t("blocked_people.nobody")}</p>}
      {people !== null && people.length > 0 && (
        <ul className="rows blocked">
          {people.map((person) => (
            <Row key={person.block} person={person} unblock={() => unblock(person)} />
          ))}
        </ul>
      )}
      <span className="unseen" role="status">
        {unblocked !== null && error === null ? t("blocked_people.done", { alias: unblocked }) : ""}
      </span>
    </>
  );
}

function Row({ person, unblock }: { readonly person: BlockedPerson; readonly unblock: () => void }): ReactElement {
  const { t, i18n } = useTranslation();
  const { alias, at } = person;
  const press = (button: HTMLElement): void => {
    neighbour(button)?.focus(); // the row goes, and keys go on from the next one
    unblock();
  };
  return (
    <li className="row" data-testid="blocked-person">
      <span>
        {alias}
        <span className="row__hint">{t("blocked_people.since", { day: day(at, i18n.language) })}</span>
      </span>
      <button type="button" className="button button--outline row__value" data-testid="unblock" aria-label={t("blocked_people.unblock_name", { alias })} onClick={(event) => press(event.currentTarget)}>
        {t("blocked_people.unblock")}
      </button>
    </li>
  );
}

function neighbour(button: HTMLElement): HTMLElement | null {
  const row = button.closest("li");
  return (row?.nextElementSibling ?? row?.previousElementSibling)?.querySelector("button") ?? null;
}

function Trouble({ error }: { readonly error: ErrorCode }): ReactElement {
  const { t } = useTranslation();
  const { session } = usePage();
  return (
    <div className="rows blocked" role="alert" data-testid="blocked-trouble">
      <div className="row">
        <span>{t(WORDS[error] ?? "blocked_people.failed")}</span>
        <button type="button" className="button button--outline row__value" data-testid="ask-blocked" onClick={() => session.blocked()}>
          <RefreshCw className="icon icon--small" aria-hidden="true" />
          {t("blocked_people.again")}
        </button>
      </div>
    </div>
  );
}
