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

/** The largest `MaxDelaySeconds`. */
export const MAX_DELAY_SECONDS = 31_622_400;

/** Characters of a state's name. @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StateEnteredEventDetails.html */
export const MAX_STATE_NAME_LENGTH = 80;

/** Characters of an error name and of a cause. @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_TaskFailedEventDetails.html */
export const MAX_ERROR_LENGTH = 256;
export const MAX_CAUSE_LENGTH = 32_768;

/** All variables of an execution together, as UTF-8 JSON. @see https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html */
export const MAX_VARIABLES_BYTES = 10_485_760;

/**
 * Bounds of one JSONata evaluation. AWS documents that time, memory and depth are bounded, not by how much: depth and memory
 * are where AWS was seen to refuse (github.com/floci-io/floci issue 2737, pull request 2790).
 */
export const MAX_EVALUATION_DEPTH = 100;
export const MAX_EVALUATION_BYTES = 6_990_256;

/** How many elements `$range` may return before AWS's bound of memory is reached. */
export const MAX_RANGE_LENGTH = 360_145;

/** Stands for AWS's bound of about a second: evaluations take no virtual time, so their steps are counted. */
export const MAX_EVALUATION_STEPS = 500_000;

/** The matching of one regular expression has no steps that can be counted: it may take this time of the machine, in ms. */
export const MAX_EVALUATION_MS = 1_000;
