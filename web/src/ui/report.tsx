import { useState, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { titled } from "../format";
import { usePage } from "../page";

const MAX_TEXT = 1_000;

export interface Complaint {
  readonly reason: string;
  readonly text: string;
}

/** What to tell the operator beside the block; null: nothing. */
export function useComplaint(): readonly [Complaint | null, (complaint: Complaint | null) => void] {
  return useState<Complaint | null>(null);
}

/** One of the operator's reasons, and one's own words. */
export function ReportFields({ complaint, onChange }: { readonly complaint: Complaint | null; readonly onChange: (complaint: Complaint | null) => void }): ReactElement | null {
  const { t, i18n } = useTranslation();
  const { reportReasons, state } = usePage();
  if (reportReasons.length === 0 || state.ended?.reported === true) return null;
  const words = (reason: string): string => (i18n.exists(`report.reasons.${reason}`) ? t(`report.reasons.${reason}`) : titled(reason.replaceAll("_", " ")));
  const choose = (reason: string): void => onChange(reason === "" ? null : { reason, text: complaint?.text ?? "" });
  return (
    <>
      <label className="field">
        <span className="label">{t("report.why")}</span>
        <select className="select select--wide" data-testid="report-reason" value={complaint?.reason ?? ""} onChange={(event) => choose(event.target.value)}>
          <option value="">{t("report.nothing")}</option>
          {reportReasons.map((reason) => (
            <option key={reason} value={reason}>
              {words(reason)}
            </option>
          ))}
        </select>
      </label>
      {complaint !== null && (
        <label className="field">
          <span className="label">{t("report.text")}</span>
          <textarea className="select select--wide select--words" rows={3} maxLength={MAX_TEXT} data-testid="report-text" value={complaint.text} onChange={(event) => onChange({ ...complaint, text: event.target.value })} />
          <span className="small quiet">{t("report.kept")}</span>
        </label>
      )}
    </>
  );
}
