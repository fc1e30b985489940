import { Ban, ChevronRight } from "lucide-react";
import { useState, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { LANGUAGES, chooseLanguage, isLanguage, type Language } from "../i18n";
import type { DeviceChoice } from "../media";
import { usePage } from "../page";
import { chooseTheme, themeChoice, type ThemeChoice } from "../theme";
import { Meter } from "./meter";
import { Segments } from "./segments";
import { Sheet } from "./sheet";
import { SwitchRow } from "./switch-row";
import { SelfVideo } from "./video";

const THEMES: readonly ThemeChoice[] = ["system", "dark", "light"];

export function Settings({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  return (
    <Sheet title={t("settings.title")} lead={t("settings.lead")} open={open} onClose={onClose}>
      <Devices />
      <Talking />
      <Blocked />
      <Theme />
      <Languages />
    </Sheet>
  );
}

function Devices(): ReactElement {
  const { t } = useTranslation();
  const { devices, deviceState, prefer } = usePage();
  const { camera, microphone, cameras, microphones, cameraId, microphoneId } = deviceState;
  if (camera === null && microphone === null && cameras.length + microphones.length === 0) return <p className="small quiet">{t("settings.no_devices")}</p>;
  const chooseCamera = (id: string): void => {
    prefer({ cameraId: id });
    void devices.switchCamera(id);
  };
  const chooseMicrophone = (id: string): void => {
    prefer({ microphoneId: id });
    void devices.switchMicrophone(id);
  };
  return (
    <>
      {camera !== null && (
        <div className="sheet__preview">
          <SelfVideo />
        </div>
      )}
      <div className="rows">
        {cameras.length > 0 && <DeviceRow label={t("devices.camera")} choices={cameras} value={cameraId} choose={chooseCamera} />}
        {microphones.length > 0 && <DeviceRow label={t("devices.microphone")} choices={microphones} value={microphoneId} choose={chooseMicrophone} />}
        {microphone !== null && (
          <div className="row">
            <span>{t("settings.level")}</span>
            <span className="row__value">
              <Meter bars={12} />
            </span>
          </div>
        )}
      </div>
    </>
  );
}

function Talking(): ReactElement {
  const { t } = useTranslation();
  const { preferences, prefer } = usePage();
  const { autoNext, pauseWhenSkipped, dataSaver, mirror, alerts, mutedHint } = preferences;
  return (
    <div className="rows">
      <SwitchRow label={t("settings.auto_next")} on={autoNext} testId="auto-next" onChange={(on) => prefer({ autoNext: on })} />
      <SwitchRow label={t("settings.pause_when_skipped")} on={autoNext && pauseWhenSkipped} disabled={!autoNext} onChange={(on) => prefer({ pauseWhenSkipped: on })} />
      <SwitchRow label={t("settings.data_saver")} hint={t("settings.data_saver_hint")} on={dataSaver} testId="data-saver" onChange={(on) => prefer({ dataSaver: on })} />
      <SwitchRow label={t("settings.mirror")} hint={t("settings.mirror_hint")} on={mirror} onChange={(on) => prefer({ mirror: on })} />
      <SwitchRow label={t("settings.alerts")} hint={t("settings.alerts_hint")} on={alerts} onChange={(on) => prefer({ alerts: on })} />
      <SwitchRow label={t("settings.muted_hint")} hint={t("settings.muted_hint_hint")} on={mutedHint} testId="muted-hint" onChange={(on) => prefer({ mutedHint: on })} />
    </div>
  );
}

function Blocked(): ReactElement {
  const { t } = useTranslation();
  const { openDialog } = usePage();
  return (
    <button type="button" className="row row--press" data-testid="blocked-people" onClick={() => openDialog("blocked_people")}>
      <Ban className="icon" aria-hidden="true" />
      {t("blocked_people.title")}
      <ChevronRight className="icon row__value" aria-hidden="true" />
    </button>
  );
}

interface DeviceRowProps {
  readonly label: string;
  readonly choices: readonly DeviceChoice[];
  readonly value: string | null;
  readonly choose: (id: string) => void;
}

function DeviceRow({ label, choices, value, choose }: DeviceRowProps): ReactElement {
  const { t } = useTranslation();
  return (
    <label className="row">
      <span>{label}</span>
      <select className="select" value={value ?? ""} onChange={(event) => choose(event.target.value)}>
        {choices.map(({ id, label: name }, index) => (
          <option key={id} value={id}>
            {name === "" ? t("devices.unnamed", { number: index + 1 }) : name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Theme(): ReactElement {
  const { t } = useTranslation();
  const [theme, setTheme] = useState(themeChoice);
  const choose = (choice: ThemeChoice): void => {
    setTheme(choice);
    chooseTheme(choice);
  };
  return (
    <div className="field">
      <span className="label">{t("settings.theme")}</span>
      <Segments label={t("settings.theme")} value={theme} options={THEMES.map((value) => ({ value, label: t(`settings.themes.${value}`) }))} testId="theme" onChange={choose} />
    </div>
  );
}

function Languages(): ReactElement {
  const { t, i18n } = useTranslation();
  const value = isLanguage(i18n.language) ? i18n.language : "en";
  const options = (Object.keys(LANGUAGES) as Language[]).map((language) => ({ value: language, label: LANGUAGES[language] }));
  return (
    <div className="field">
      <span className="label">{t("settings.language")}</span>
      <Segments label={t("settings.language")} value={value} options={options} testId="language" onChange={chooseLanguage} />
    </div>
  );
}
