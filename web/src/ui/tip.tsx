import { Tooltip } from "radix-ui";
import type { ReactElement, ReactNode } from "react";

/** What an icon means, and its key. */
export function Tip({ words, hotkey, children }: { readonly words: string; readonly hotkey: string; readonly children: ReactNode }): ReactElement {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className="tip" sideOffset={8} collisionPadding={8}>
          {words} ({hotkey})
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
