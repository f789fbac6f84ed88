import { notModelled } from '../kernel/aws-error';

/** Gives the first firing after a moment, in ms since the epoch, to the minute. */
export interface Recurrence {
  nextAfterMs(afterMs: number): number;
}

const MINUTE_MS = 60_000;
const UNIT_MS: Readonly<Record<string, number>> = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: 1440 * MINUTE_MS };

/** A search longer than this has no result: February 29th comes every 8 years at the latest. */
const MAX_SEARCH_MS = 3_000 * 1440 * MINUTE_MS;

/**
 * Compiles `rate(n minutes|hours|days)` and `cron(minutes hours day-of-month month day-of-week year)`, both in UTC.
 * Of cron: `*`, `?`, numbers, lists, ranges, steps and names; `L`, `W`, `#` and `at(…)` are refused by name.
 *
 * @param startMs a rate counts from here; AWS counts from the creation of the schedule
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function compileScheduleExpression(expression: string, startMs: number): Recurrence {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (count !== undefined && unit !== undefined) return rate(Number(count) * (UNIT_MS[unit] ?? 0), startMs);
  const fields = /^cron\((.+)\)$/.exec(expression)?.[1]?.split(/\s+/);
  if (fields?.length === 6) return cron(fields);
  throw notModelled(`the schedule expression ${expression}`);
}

function rate(periodMs: number, startMs: number): Recurrence {
  if (periodMs <= 0) throw notModelled('a rate of zero');
  return { nextAfterMs: (afterMs) => startMs + Math.max(1, Math.floor((afterMs - startMs) / periodMs) + 1) * periodMs };
}

function cron(fields: readonly string[]): Recurrence {
  const [minutes = '', hours = '', days = '', months = '', weekdays = '', years = ''] = fields;
  const minute = cronField(minutes, 0, 59);
  const hour = cronField(hours, 0, 23);
  const day = cronField(days, 1, 31);
  const month = cronField(months, 1, 12, ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']);
  const weekday = cronField(weekdays, 1, 7, ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']);
  const year = cronField(years, 1970, 2199);
  const isDay = (date: Date): boolean =>
    year(date.getUTCFullYear()) && month(date.getUTCMonth() + 1) && day(date.getUTCDate()) && weekday(date.getUTCDay() + 1);

  return {
    nextAfterMs(afterMs) {
      let candidateMs = (Math.floor(afterMs / MINUTE_MS) + 1) * MINUTE_MS;
      for (const endMs = candidateMs + MAX_SEARCH_MS; candidateMs < endMs; ) {
        const date = new Date(candidateMs);
        if (!isDay(date)) candidateMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1);
        else if (!hour(date.getUTCHours())) candidateMs += (60 - date.getUTCMinutes()) * MINUTE_MS;
        else if (!minute(date.getUTCMinutes())) candidateMs += MINUTE_MS;
        else return candidateMs;
      }
      throw notModelled(`cron(${fields.join(' ')}), which never fires`);
    },
  };
}

function cronField(field: string, minimum: number, maximum: number, names: readonly string[] = []): (value: number) => boolean {
  const number = (text: string): number => {
    const named = names.indexOf(text.toUpperCase());
    const value = named >= 0 ? named + minimum : Number(text);
    if (!Number.isInteger(value) || value < minimum || value > maximum) throw notModelled(`${text} in a cron expression`);
    return value;
  };
  const allowed = new Set<number>();
  for (const part of field.split(',')) {
    const [range = '', step] = part.split('/');
    const [from = '', to] = range === '*' || range === '?' ? [String(minimum), String(maximum)] : range.split('-');
    const last = to !== undefined ? number(to) : step !== undefined ? maximum : number(from);
    for (let value = number(from); value <= last; value += step === undefined ? 1 : Math.max(1, Number(step))) allowed.add(value);
  }
  return (value) => allowed.has(value);
}
