import { InvalidArgumentError } from 'commander';
import { MAX_ADVANCE_DAYS, MAX_ADVANCE_MS } from '../local/cloud/time-limits';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/**
 * A duration as the configuration writes it: a whole number and `s`, `m`, `h`, `d` or `w`.
 * @returns milliseconds.
 * @throws {InvalidArgumentError} for anything else.
 */
export function durationMs(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,10})([smhdw])$/.exec(text) ?? [];
  const milliseconds = Number(number) * (UNIT_MS[unit] ?? NaN);
  if (Number.isNaN(milliseconds)) throw new InvalidArgumentError('It must be a whole number and s, m, h, d or w, such as 90s, 30m, 12h, 7d or 2w.');
  if (milliseconds > MAX_ADVANCE_MS) throw new InvalidArgumentError(`It must be at most ${MAX_ADVANCE_DAYS}d.`);
  return milliseconds;
}
