import { useTranslation } from "react-i18next";
import { span } from "../format";

/** "4 min 12 s" in the person's language. */
export function useSpan(): (ms: number) => string {
  const { t } = useTranslation();
  return (ms) => {
    const { hours, minutes, seconds } = span(ms);
    const parts = [
      hours > 0 ? t("span.hours", { count: hours }) : "",
      minutes > 0 ? t("span.minutes", { count: minutes }) : "",
      seconds > 0 || hours + minutes === 0 ? t("span.seconds", { count: seconds }) : "",
    ];
    return parts.filter((part) => part !== "").join(" ");
  };
}
