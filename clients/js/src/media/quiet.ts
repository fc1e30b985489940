/** The library's words in the console kept back for a while: about what we asked for, or tell the person ourselves. */
import { getLogger, LoggerNames, LogLevel } from "livekit-client";

const loggers = Object.values(LoggerNames).map((name) => getLogger(name));
/** As it was before the first of those who wish for quiet now. */
let before: number[] = [];
const wishes = new Set<{ readonly level: LogLevel }>();

/** Nothing below `level` is logged until what this returns is called. May be called again meanwhile. */
export function hush(level: LogLevel): () => void {
  const wish = { level };
  if (wishes.size === 0) before = loggers.map((logger) => logger.getLevel());
  wishes.add(wish);
  apply();
  return () => {
    if (wishes.delete(wish)) apply();
  };
}

function apply(): void {
  const level = Math.max(...[...wishes].map((wish) => wish.level));
  loggers.forEach((logger, at) => setLevel(logger, Math.max(before[at] ?? LogLevel.info, level)));
}

/** Not for good: the logger would keep the level in localStorage. The library's types do not name the second argument. */
function setLevel(logger: ReturnType<typeof getLogger>, level: number): void {
  (logger.setLevel as (level: number, persist: boolean) => void).call(logger, level, false);
}
