import { useEffect, useReducer } from "react";

const TICK_MS = 200;

/** The time, again and again while something counts. */
export function useNow(counting = true): number {
  const [, tick] = useReducer((ticks: number) => ticks + 1, 0);
  useEffect(() => {
    if (!counting) return;
    const timer = setInterval(tick, TICK_MS);
    return () => clearInterval(timer);
  }, [counting]);
  return Date.now(); // not that of the last tick: what begins to count now may begin long after it
}
