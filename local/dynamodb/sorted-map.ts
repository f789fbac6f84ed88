/** Text-keyed map in the order of its keys. */
export class SortedMap<Value> {
  private readonly keys: string[] = [];
  private readonly values = new Map<string, Value>();

  get size(): number {
    return this.keys.length;
  }

  get(key: string): Value | undefined {
    return this.values.get(key);
  }

  set(key: string, value: Value): void {
    if (!this.values.has(key)) this.keys.splice(this.lowerBound(key), 0, key);
    this.values.set(key, value);
  }

  delete(key: string): void {
    if (this.values.delete(key)) this.keys.splice(this.lowerBound(key), 1);
  }

  /** Values with `from` ≤ key < `to`, ascending or descending. The map may not change meanwhile. */
  *between(from: string, to: string | undefined, isAscending = true): Generator<Value> {
    const first = this.lowerBound(from);
    const end = to === undefined ? this.keys.length : this.lowerBound(to);
    for (let step = 0; step < end - first; step++) {
      const key = this.keys[isAscending ? first + step : end - 1 - step];
      const value = key === undefined ? undefined : this.values.get(key);
      if (value !== undefined) yield value;
    }
  }

  /** Position of the first key that is not less than `key`. */
  private lowerBound(key: string): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
