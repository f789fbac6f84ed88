/**
 * Hard quotas of Standard workflows.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */

/** Input or output of a task, state, variable assignment or execution, as UTF-8 JSON. */
export const MAX_PAYLOAD_BYTES = 262_144;

/** The last event of a history of this length is the one that ends the execution. */
export const MAX_HISTORY_EVENTS = 25_000;

/** An execution that runs longer times out. */
export const MAX_EXECUTION_SECONDS = 31_536_000;

/** Iterations of an inline Map that run at a time, whatever its `MaxConcurrency` asks for. */
export const MAX_INLINE_CONCURRENCY = 40;

/** The largest `TimeoutSeconds`, `HeartbeatSeconds`, `Seconds`, `IntervalSeconds` and `MaxAttempts`. */
export const MAX_SECONDS = 99_999_999;

/** `MaxDelaySeconds` must be smaller than this. */
export const MAX_DELAY_SECONDS_BOUND = 31_622_401;

/** How many elements `$range` may return. */
export const MAX_RANGE_LENGTH = 1_000;
