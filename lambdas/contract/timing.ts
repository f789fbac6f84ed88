/**
 * The time constants that safety rests on, with their arithmetic. Seconds unless the name says otherwise.
 */

/** The longest that a function may run. */
export const FUNCTION_TIMEOUT_SECONDS = 60;

/** The longest that one SDK request may be under way, connection included. */
export const REQUEST_TIMEOUT_SECONDS = 10;

/** The workflow waits longer than the function can run: 60 s + 30 s, so no task is given up while its function runs. */
export const TASK_TIMEOUT_SECONDS = FUNCTION_TIMEOUT_SECONDS + 30;

/**
 * Q, quiescence: after this long no call of a former owner can still take effect.
 * 60 s function + 10 s request + 110 s margin for a request that the network delays.
 */
export const QUIESCENCE_SECONDS = FUNCTION_TIMEOUT_SECONDS + REQUEST_TIMEOUT_SECONDS + 110;

/**
 * KMS is eventually consistent, and a changed alias or tag takes up to 5 minutes to change authorization.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/abac.html
 */
export const KMS_CONSISTENCY_SECONDS = 300;

/**
 * The longest that a state can take from its entered time to its last call: at most 182 s + 315 s of retries' waits and 16 runs of
 * 60 s = 1,457 s. A test holds it to the definition.
 */
export const MAX_STATE_SECONDS = 1_800;

/**
 * How long a tagged key is looked for after an ambiguous `CreateKey`, counted from its intent's time stamp. The design asks
 * for 10 minutes of looking. The stamp is the state's entered time, which stands still while the state is retried.
 */
export const CREATE_LOOKUP_SECONDS = 600 + MAX_STATE_SECONDS;

/** How many times a `CreateKey` may be called for one version. */
export const MAX_CREATE_INTENTS = 3;

/**
 * `GetKeyLastUsage` may be up to 1 hour late, so evidence about a drain exists 1 hour after its deadline.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/monitoring-keys-determining-usage.html
 */
export const LAST_USAGE_LAG_SECONDS = 3_600;

/**
 * After this long CloudTrail has told EventBridge of a call. AWS names no bound: "typically" some 5 minutes for a trail's log files.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html
 */
export const CLOUDTRAIL_SECONDS = 3_600;

/** How often a drain is extended before the retirement is left pending for a person. */
export const MAX_DRAIN_EXTENSIONS = 3;

/** How often the owner settles and claims again after an uncertain outcome, before it aborts. */
export const MAX_SETTLEMENTS = 3;

/**
 * Starts per firing: what is due beyond them waits for the next. Throttled ones among them retry with jitter, up to 182 s:
 * 300 / 182 s = 1.6 per second, below KMS's 5 `CreateKey` per second.
 */
export const MAX_STARTS_PER_FIRING = 300;

/** A closed execution's lease is taken over only after so long: no call of it is under way, and KMS shows what it did. */
export const TAKEOVER_SECONDS = QUIESCENCE_SECONDS + KMS_CONSISTENCY_SECONDS;

/**
 * `DescribeExecution` is eventually consistent: an execution that it does not know may have begun just now. One that took its lease so long ago has ended:
 * Step Functions forgets it 90 days later, or with its state machine, and never while it runs.
 */
export const FORGOTTEN_AFTER_SECONDS = 86_400;

/** A retirement that could not go on is tried again after so long. */
export const RETIREMENT_RETRY_SECONDS = 86_400;

/** Emergencies of one key in one period: a stolen permission must not rotate a key to death. */
export const MAX_EMERGENCIES_PER_PERIOD = 3;
export const EMERGENCY_PERIOD_SECONDS = 86_400;

/** How often `reconcile` looks. */
export const RECONCILE_EVERY_SECONDS = 900;

/** Keys that one firing of `reconcile` looks at; the next goes on behind them. Some 10 calls a key, 5 keys at a time: well within the function's time. */
export const MAX_KEYS_PER_RECONCILIATION = 300;

/** Keys of KMS that one firing looks up as possible orphans. */
export const MAX_TAGGED_KEYS_PER_RECONCILIATION = 500;

/** A difference that is still there after so long is no late reading of KMS. */
export const SECOND_LOOK_SECONDS = KMS_CONSISTENCY_SECONDS;

/** The whole ledger of a key is verified so often, and its new part each time. */
export const FULL_LEDGER_CHECK_SECONDS = 86_400;

/** A version that is older than its period by this much, and by what its dependents may take, is overdue. */
export const OVERDUE_GRACE_SECONDS = 86_400;

/** A retirement that waits this long behind its deadline is told of. */
export const RETIREMENT_PENDING_SECONDS = 30 * 86_400;

/** A KMS key that carries this registry's tag and no version's name is looked at once its creation must have been written down: the look-up of a lost `CreateKey`, and as much again. */
export const ORPHAN_AGE_SECONDS = 2 * CREATE_LOOKUP_SECONDS;

/** An orphan's deletion waits as long as KMS allows. */
export const ORPHAN_DELETION_DAYS = 30;

/** A window's attempts before a person is needed. */
export const DEFAULT_MAX_ATTEMPTS = 3;

/** An aborted window is not tried again before this long. */
export const STABILISATION_SECONDS = 3_600;

/** Standard executions live at most a year; the waits of one rotation stay below this. */
export const MAX_TOTAL_WAIT_SECONDS = 300 * 86_400;

/** NIST-style floor: a rotation window is at least a day. */
export const MIN_WINDOW_SECONDS = 86_400;
