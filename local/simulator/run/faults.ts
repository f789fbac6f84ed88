/**
 * Everything that can go wrong in a run: the faults of the design's section 9, and people and dependents who do not do what is hoped for.
 * By what they wait for: an SDK call of a function, an invocation of one, a state, a question to a dependent, or a moment.
 */
export const CALL_FAULTS = [
  'crash-before-call',
  'crash-after-call',
  'crash-during-call',
  'answer-lost',
  'applied-late',
  'process-paused',
  'create-key-answer-lost',
  'dynamodb-answer-lost',
  'dynamodb-throttled',
  'dynamodb-conflict',
  'dynamodb-stale-index',
  'kms-throttled',
  'kms-internal-error',
  'kms-quota-exhausted',
  'sns-down',
  'events-refused',
  'callback-lost',
  'callback-late',
  'callback-twice',
  'stale-describe-execution',
] as const;

export const INVOCATION_FAULTS = ['function-invoked-twice', 'function-throttled', 'function-cold', 'function-given-up', 'task-timed-out'] as const;

export const STATE_FAULTS = ['execution-stopped', 'execution-redriven', 'execution-started-twice'] as const;

export const DEPENDENT_FAULTS = ['dependent-silent', 'dependent-says-no', 'dependent-says-another-version'] as const;

export const MOMENT_FAULTS = [
  'schedule-late',
  'schedule-twice',
  'schedule-missed',
  'schedule-out-of-order',
  'table-restored',
  'second-stack',
  'key-store-disconnected',
  'key-disabled-by-someone',
  'key-deletion-by-someone',
  'alias-moved-by-someone',
  'old-key-in-use',
  'policy-changed',
  'code-deployed',
  'hold-set',
  'key-paused',
  'abort-requested',
  'rotation-requested',
  'emergency',
  'break-glass',
  'execution-with-wrong-input',
] as const;

/** Moments that come to every design; the others are about what only keyturn has: a registry, people with commands, policies. */
export const MOMENTS_OF_ALL: readonly MomentFault[] = [
  'schedule-late', 'schedule-twice', 'schedule-missed', 'schedule-out-of-order', 'key-disabled-by-someone', 'key-deletion-by-someone', 'alias-moved-by-someone', 'old-key-in-use',
  'code-deployed', 'rotation-requested', 'emergency',
];

/** Those that are there from the beginning of a run. */
export const STANDING_FAULTS = ['slow-visibility', 'clock-skew'] as const;

export const FAULTS = [...CALL_FAULTS, ...INVOCATION_FAULTS, ...STATE_FAULTS, ...DEPENDENT_FAULTS, ...MOMENT_FAULTS, ...STANDING_FAULTS] as const;

export type CallFault = (typeof CALL_FAULTS)[number];
export type InvocationFault = (typeof INVOCATION_FAULTS)[number];
export type StateFault = (typeof STATE_FAULTS)[number];
export type DependentFault = (typeof DEPENDENT_FAULTS)[number];
export type MomentFault = (typeof MOMENT_FAULTS)[number];
export type StandingFault = (typeof STANDING_FAULTS)[number];
export type FaultName = (typeof FAULTS)[number];

export function isFaultName(name: string): name is FaultName {
  return (FAULTS as readonly string[]).includes(name);
}

export function isOneOf<Name extends FaultName>(names: readonly Name[], fault: FaultName): fault is Name {
  return (names as readonly FaultName[]).includes(fault);
}
