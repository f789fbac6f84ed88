const TIMESTAMP = /^(?<day>\d{4}-\d{2}-\d{2})T(?<time>\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(?<zone>Z|[+-]\d{2}:\d{2})$/;

/**
 * Ms since the epoch of the second that an RFC 3339 time stamp lies in: fractions are cut off. `undefined` for no valid time stamp.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
 */
export function wholeSecondMs(timestamp: string): number | undefined {
  const { day, time, zone } = TIMESTAMP.exec(timestamp)?.groups ?? {};
  if (day === undefined || time === undefined || zone === undefined) return undefined;
  const ms = Date.parse(`${day}T${time}${zone}`);
  // Date.parse rolls 30 February over into March; a real day survives the round trip.
  const isRealDay = Number.isFinite(Date.parse(`${day}T00:00:00Z`)) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  return Number.isNaN(ms) || !isRealDay ? undefined : ms;
}
