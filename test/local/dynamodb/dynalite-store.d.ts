/** Types of the parts of dynalite that only a comparison with it needs. */

declare module 'dynalite/db' {
  interface Store {
    readonly tableDb: { put(name: string, table: object, done: (error: Error | null) => void): void };
  }
  /** A store in memory: nothing listens, and nothing has to be closed. */
  export function create(): Store;
}

declare module 'dynalite/actions/*' {
  const action: (store: object, request: object, done: (error: Error | null, answer?: object) => void) => void;
  export default action;
}
