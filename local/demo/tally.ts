/** Counts what consumers did, and remembers what failed. */
export class Tally {
  calls = 0;
  readonly failures: string[] = [];

  /** Makes one call; a failure is counted and `undefined` is returned. */
  async count<Answer>(what: string, call: () => Promise<Answer>): Promise<Answer | undefined> {
    this.calls++;
    try {
      return await call();
    } catch (error) {
      this.failures.push(`${what}: ${String(error)}`);
      return undefined;
    }
  }

  /** Counts an answer that came and is wrong. */
  wrong(what: string): void {
    this.failures.push(what);
  }
}
