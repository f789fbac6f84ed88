/** `<number><unit>`; a month or a year has no fixed length, so neither is a unit. */
export const DURATION_PATTERN = /^(?:0|[1-9]\d{0,8})[smhdw]$/;

export const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;

/**
 * @param text a duration that matches {@link DURATION_PATTERN}.
 * @throws {RangeError} when it does not.
 */
export function secondsOf(text: string): number {
  if (!DURATION_PATTERN.test(text)) throw new RangeError(`"${text}" is not a duration such as 90d or 12h`);
  return Number(text.slice(0, -1)) * SECONDS[text.slice(-1) as keyof typeof SECONDS];
}

/** The shortest spelling in whole units: `7776000` is `90d`. Weeks are spelled in days, as people compare days. */
export function durationOf(seconds: number): string {
  const unit = (['d', 'h', 'm'] as const).find((name) => seconds % SECONDS[name] === 0) ?? 's';
  return seconds === 0 ? '0s' : `${seconds / SECONDS[unit]}${unit}`;
}
