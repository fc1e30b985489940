import { Switch } from "radix-ui";
import { useId, type ReactElement } from "react";

interface SwitchRowProps {
  readonly label: string;
  readonly hint?: string;
  readonly on: boolean;
  readonly testId?: string;
  readonly disabled?: boolean;
  readonly onChange: (on: boolean) => void;
}

/** A choice between on and off, with what it means. */
export function SwitchRow({ label, hint, on, testId, disabled = false, onChange }: SwitchRowProps): ReactElement {
  const id = useId();
  return (
    <label className="row" htmlFor={id}>
      <span>
        {label}
        {hint !== undefined && <span className="row__hint">{hint}</span>}
      </span>
      <Switch.Root id={id} className="switch" data-testid={testId} checked={on} disabled={disabled} onCheckedChange={onChange}>
        <Switch.Thumb className="switch__thumb" />
      </Switch.Root>
    </label>
  );
}
