const EVERY_MS = 1000;
/** Where nobody watches, a line is kept: seldom. */
const LINE_EVERY_MS = 15_000;

/** Writes to stderr how far it is: rate, violations, and how long it still takes. @returns what to call after each run */
export function progress(total: number, unit = 'runs'): (done: number, violations: number) => void {
  const startedAt = performance.now();
  const isWatched = process.stderr.isTTY;
  let lastAt = startedAt;
  return (done, violations) => {
    const now = performance.now();
    if (done < total && now - lastAt < (isWatched ? EVERY_MS : LINE_EVERY_MS)) return;
    lastAt = now;
    const perSecond = done / ((now - startedAt) / 1000);
    const left = Math.ceil((total - done) / perSecond);
    const text = `${done} of ${total} ${unit}, ${perSecond.toFixed(1)} ${unit}/s, ${violations === 0 ? 'no violation' : `${violations} with violations`}, ${left} s left`;
    process.stderr.write(isWatched ? `\r\u001b[K${text}${done === total ? '\n' : ''}` : `${text}\n`);
  };
}
