import { Fragment, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { titled } from "../format";

/** Stands for what is not plain text until the words are known. */
export const BLANK = "\u0000";

/** "You both like chess and film." with the interests in bold; nothing when there are none. */
export function Shared({ interests }: { readonly interests: readonly string[] }): ReactElement | null {
  const { t, i18n } = useTranslation();
  if (interests.length === 0) return null;
  const [before = "", after = ""] = t("shared.like", { interests: BLANK }).split(BLANK);
  const list = new Intl.ListFormat(i18n.language, { type: "conjunction" }).formatToParts(interests);
  return (
    <>
      {before}
      {list.map((part, index) => (
        <Fragment key={index}>{part.type === "element" ? <b>{part.value}</b> : part.value}</Fragment>
      ))}
      {after}
    </>
  );
}

export function SharedShort({ interests }: { readonly interests: readonly string[] }): ReactElement | null {
  if (interests.length === 0) return null;
  return <p className="pill pill--shared glass phone-only">{titled(interests.join(", "))}</p>;
}
