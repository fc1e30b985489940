import "react";

declare module "react" {
  interface CSSProperties {
    /** How much of a ring is left, 0 to 1. */
    "--share"?: number;
  }
}
