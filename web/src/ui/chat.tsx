import type { ChatEntry } from "@duologue/client";
import { ArrowUp } from "lucide-react";
import { useEffect, useRef, useState, type SyntheticEvent, type ReactElement, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { usePage } from "../page";
import { Shared } from "./shared";
import { useNow } from "./use-now";

/** The server takes no more (protocol: `Chat`). */
const MAX_LETTERS = 2_000;
const NEAR_THE_END = 100;

/** The talk in words. `closed`: it is over and can only be read. */
export function Chat({ closed = false, note = null }: { readonly closed?: boolean; readonly note?: ReactNode }): ReactElement {
  const { state } = usePage();
  const alias = state.pair?.peer.alias ?? state.ended?.alias ?? "";
  return (
    <>
      <Log alias={alias} lines={state.chat} note={note} />
      {!closed && <Compose />}
    </>
  );
}

function Log({ alias, lines, note }: { readonly alias: string; readonly lines: readonly ChatEntry[]; readonly note: ReactNode }): ReactElement {
  const { t } = useTranslation();
  const { state } = usePage();
  const end = useRef<HTMLDivElement>(null);
  const typing = useTyping();
  useEffect(() => {
    // In a block: newer browsers return a promise here, which React would take for a clean-up.
    end.current?.scrollIntoView({ block: "nearest" });
  }, [lines.length, typing]);
  return (
    <div className="chat__log" role="log" aria-label={t("chat.label")} data-testid="chat-log" tabIndex={0}>
      <p className="chat__first">{state.pair !== null && <Shared interests={state.pair.peer.interests} />}</p>
      {lines.map((line) => (
        <Line key={`${line.mine ? "mine" : "theirs"}${line.n}`} line={line} alias={alias} />
      ))}
      {note !== null && <p className="chat__note">{note}</p>}
      <div ref={end} className="chat__typing">
        {typing && (
          <>
            <span className="dots" aria-hidden="true">
              <i />
              <i />
              <i />
            </span>
            {t("chat.typing", { alias })}
          </>
        )}
      </div>
    </div>
  );
}

function Line({ line, alias }: { readonly line: ChatEntry; readonly alias: string }): ReactElement {
  const { t } = useTranslation();
  const status = line.refused === true ? "refused" : line.pending ? "pending" : "sent";
  return (
    <p className="line" data-testid="chat-line" data-mine={line.mine} data-state={status}>
      <span className="unseen">{line.mine ? t("chat.mine") : t("chat.theirs", { alias })} </span>
      {line.text}
      {status === "refused" && <span className="line__state">{t("chat.refused")}</span>}
      {status === "pending" && <span className="unseen">{t("chat.sending")}</span>}
    </p>
  );
}

function Compose(): ReactElement {
  const { t } = useTranslation();
  const { chat, session } = usePage();
  const [text, setText] = useState("");
  const left = MAX_LETTERS - text.length;

  const write = (typed: string): void => {
    setText(typed);
    if (typed !== "") session.typing();
  };
  const send = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (text.trim() === "") return;
    session.sendChat(text.trim());
    setText("");
  };
  return (
    <form className="chat__compose" onSubmit={send}>
      <div className="chat__field">
        <input
          className="chat__input"
          data-testid="chat-input"
          aria-label={t("chat.message")}
          placeholder={t("chat.write")}
          autoComplete="off"
          enterKeyHint="send"
          maxLength={MAX_LETTERS}
          value={text}
          onChange={(event) => write(event.target.value)}
          onFocus={() => chat.write(true)}
          onBlur={() => chat.write(false)}
        />
        {chat.unread && <span className="dot phone-only" data-testid="unread" role="img" aria-label={t("chat.unread")} />}
        {left <= NEAR_THE_END && <span className="chat__left number">{t("chat.left", { count: left })}</span>}
        <button type="submit" className="chat__send" aria-label={t("chat.send")}>
          <ArrowUp className="icon icon--small" aria-hidden="true" />
        </button>
      </div>
    </form>
  );
}

function useTyping(): boolean {
  const { state } = usePage();
  const until = state.pair?.peerTypingUntil ?? 0;
  const now = useNow(until > Date.now());
  return until > now;
}
