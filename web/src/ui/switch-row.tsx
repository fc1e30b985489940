import { Switch } from "radix-ui";
import { useId, type ReactElement } from "react";

interface SwitchRowProps {
  readonly label: string;
  readonly hint: string;
  readonly testId: string;
  readonly on: boolean;
  readonly disabled?: boolean;
  readonly onChange: (on: boolean) => void;
}

/** Something that is on or off, and what that means. */
export function SwitchRow({ label, hint, testId, on, disabled = false, onChange }: SwitchRowProps): ReactElement {
  const id = useId();
  return (
    <label className="row row--switch">
      <span className="grow">
        <span id={id}>{label}</span>
        <span className="row__hint" id={`${id}-hint`}>
          {hint}
        </span>
      </span>
      <Switch.Root className="switch" data-testid={testId} aria-labelledby={id} aria-describedby={`${id}-hint`} checked={on} disabled={disabled} onCheckedChange={onChange}>
        <Switch.Thumb className="switch__thumb" />
      </Switch.Root>
    </label>
  );
}
