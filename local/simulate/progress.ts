const EVERY_MS = 1000;
/** Where nobody watches, a line is kept: seldom. */
const LINE_EVERY_MS = 15_000;

/** Back to the beginning of a line that is watched, and wiped. */
const WIPE = '\r\u001b[K';

/** Writes to stderr how far it is: rate, violations, and how long it still takes. @param of what the runs are for @returns what to call after each run */
export function progress(total: number, unit = 'runs', of = ''): (done: number, violations: number) => void {
  const startedAt = performance.now();
  const isWatched = process.stderr.isTTY;
  let lastAt = startedAt;
  return (done, violations) => {
    const now = performance.now();
    if (done < total && now - lastAt < (isWatched ? EVERY_MS : LINE_EVERY_MS)) return;
    lastAt = now;
    const perSecond = done / ((now - startedAt) / 1000);
    const left = Math.ceil((total - done) / perSecond);
    const text = `${of}${done} of ${total} ${unit}, ${perSecond.toFixed(1)} ${unit}/s, ${violations === 0 ? 'no violation' : `${violations} with violations`}, ${left} s left`;
    process.stderr.write(isWatched ? `${WIPE}${text}${done === total ? '\n' : ''}` : `${text}\n`);
  };
}

/** Writes a line to stderr, over a line of progress that is not at its end. */
export function note(text: string): void {
  process.stderr.write(`${process.stderr.isTTY ? WIPE : ''}${text}\n`);
}
