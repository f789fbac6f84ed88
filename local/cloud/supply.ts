/** An endless supply of values, each a function of how many were taken before. */
export interface Supply<T> {
  (): T;
  /** How many were taken: from there a later run goes on. */
  taken(): number;
}

/** @param from how many were taken already */
export function supplyOf<T>(make: (count: number) => T, from = 0): Supply<T> {
  let count = from;
  return Object.assign(() => make(count++), { taken: () => count });
}
