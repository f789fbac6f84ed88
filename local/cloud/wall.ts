import { performance } from 'node:perf_hooks';

/** Real time, as far as the local cloud follows it. */
export interface Wall {
  /** Milliseconds since some moment; never goes back. */
  nowMs(): number;
  /** Resolves after so many real milliseconds, or at once when cancelled. */
  sleep(milliseconds: number): { readonly over: Promise<void>; readonly cancel: () => void };
}

export const REAL_WALL: Wall = {
  nowMs: () => performance.now(),
  sleep: (milliseconds) => {
    let cancel: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      cancel = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return { over, cancel };
  },
};
