import { RadioGroup } from "radix-ui";
import type { ReactElement, ReactNode } from "react";

interface Segment<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly icon?: ReactNode;
}

interface SegmentsProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly Segment<T>[];
  readonly testId?: string;
  readonly onChange: (value: T) => void;
}

/** One of a few, side by side. */
export function Segments<T extends string>({ label, value, options, testId, onChange }: SegmentsProps<T>): ReactElement {
  return (
    <RadioGroup.Root className="segments" aria-label={label} value={value} onValueChange={(chosen) => onChange(chosen as T)} orientation="horizontal">
      {options.map((option) => (
        <RadioGroup.Item key={option.value} className="segments__one" value={option.value} {...(testId === undefined ? {} : { "data-testid": `${testId}-${option.value}` })}>
          {option.icon}
          <span>{option.label}</span>
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
