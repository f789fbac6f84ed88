const UNITS = [['d', 86_400], ['h', 3_600], ['m', 60]] as const;

/** As the configuration writes durations: `30d`, `90m`, `45s`. */
export function durationText(seconds: number): string {
  const [unit, size] = UNITS.find(([, length]) => seconds % length === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}
