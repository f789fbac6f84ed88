/** Points in time as the registry holds them: ISO 8601 in UTC with milliseconds. Pure conversions, never "now". */
export type Instant = string;

/** @throws {RangeError} when `text` is not an ISO 8601 time stamp with a zone. */
export function msOf(text: Instant): number {
  const ms = /T.*(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new RangeError(`"${text}" is not an ISO 8601 time with a zone, such as 2026-04-01T00:00:00Z`);
  return ms;
}

export function instantOf(ms: number): Instant {
  return new Date(ms).toISOString();
}

export function plusSeconds(start: Instant, seconds: number): Instant {
  return instantOf(msOf(start) + seconds * 1000);
}

/**
 * A deadline some time after `start`, on a whole second, never early: a Wait state cuts the fraction of its time stamp off and would
 * end before a deadline that has one.
 */
export function deadlineAfter(start: Instant, seconds: number): Instant {
  return instantOf(Math.ceil(msOf(start) / 1000 + seconds) * 1000);
}

export function isBefore(left: Instant, right: Instant): boolean {
  return msOf(left) < msOf(right);
}

export function latest(left: Instant, right: Instant): Instant {
  return isBefore(left, right) ? right : left;
}

export function earliest(left: Instant, right: Instant): Instant {
  return isBefore(right, left) ? right : left;
}
