/** Which pushes are news. Pure. */
import type { Push } from "../protocol.gen.js";

/** Told again for an unchanged state: fresh numbers of the same wait, the room of the same pair. */
const REPEATED: ReadonlySet<string> = new Set(["waiting", "matched"]);

/** Whether it tells of less than is known, which is all up to `rev`. */
export function isOld(push: Pick<Extract<Push, { rev: number }>, "type" | "rev">, rev: number): boolean {
  return push.rev < rev || (push.rev === rev && !REPEATED.has(push.type));
}
