import type { Scenario } from './scenario';

/** What becomes of a call: its function dies before it or behind it, or its answer is lost. */
export const FATES = ['die-before', 'die-after', 'lose-answer'] as const;

/** The first call of each operation that a function makes is struck. @param operations by default all @returns the operations that were, as they are */
export function strikeOnce({ world }: Scenario, name: string, fault: (typeof FATES)[number], operations?: readonly string[]): ReadonlySet<string> {
  const struck = new Set<string>();
  world.fault = (point) => {
    if (point.function !== name || struck.has(point.operation) || operations?.includes(point.operation) === false) return 'none';
    struck.add(point.operation);
    return fault;
  };
  return struck;
}
