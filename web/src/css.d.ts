import "react";

declare global {
  interface FocusOptions {
    /** Newer than the types of the DOM. */
    focusVisible?: boolean;
  }
}

declare module "react" {
  interface CSSProperties {
    /** How much of a ring is left, 0 to 1. */
    "--share"?: number;
  }
}
