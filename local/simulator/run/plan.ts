import type { FunctionName } from '../../../lambdas/contract/functions';
import { between, oneOf, type Random, seeded } from '../random';
import {
  CALL_FAULTS, DEPENDENT_FAULTS, INVOCATION_FAULTS, MOMENT_FAULTS, MOMENTS_OF_ALL, STATE_FAULTS,
  isOneOf, type CallFault, type DependentFault, type FaultName, type InvocationFault, type MomentFault, type StandingFault, type StateFault,
} from './faults';

/** One SDK call in the code, as far as a plan tells calls apart. */
export interface CallSite {
  readonly function: FunctionName;
  readonly service: string;
  readonly operation: string;
}

/** What an undisturbed run does: where a fault can strike, and how often each comes by. */
export interface Profile {
  readonly calls: readonly (CallSite & { readonly count: number })[];
  readonly invocations: readonly { readonly function: FunctionName; readonly count: number }[];
  readonly states: readonly { readonly state: string; readonly count: number }[];
  /** To dependents. Other seeds have more dependents, and attempts that ask anew: faults strike up to twice as many. */
  readonly questions: number;
  /** When the chaos ends, in ms since the start of the run. */
  readonly chaosMs: number;
  readonly keys: number;
}

/** One fault and what it waits for; `nth` counts from 0. All that can be taken out of a run to see whether it still fails. */
export type Step =
  | (CallSite & { readonly at: 'call'; readonly fault: CallFault; readonly nth: number; /** How long the fault lasts, or how late the call is. */ readonly ms: number })
  | { readonly at: 'invocation'; readonly fault: InvocationFault; readonly function: FunctionName; readonly nth: number; readonly ms: number }
  | { readonly at: 'state'; readonly fault: StateFault; readonly state: string; readonly nth: number; readonly ms: number }
  | { readonly at: 'question'; readonly fault: DependentFault; readonly nth: number }
  | { readonly at: 'moment'; readonly fault: MomentFault; readonly atMs: number; readonly ms: number; /** Which key, from 0. */ readonly key: number; /** As an execution enters a state, and not by the clock; its key, then. @default by the clock */ readonly state?: { readonly name: string; readonly nth: number } }
  | { readonly at: 'start'; readonly fault: StandingFault; readonly ms: number };

/** A whole run: what is not written here is a function of the seed. */
export interface Plan {
  readonly seed: number;
  readonly steps: readonly Step[];
}

const MAX_STEPS = 8;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * A request that is under way takes effect before Q is over: 10 s until its client gives up, and 110 s of network (QUIESCENCE_SECONDS says so).
 * More would break the assumption that everything rests on.
 */
const LATEST_MS = 119_000;

/** Draws the faults of one run. The first fault goes through the whole list as the seed counts up, so that no fault is missed by chance. */
export function planOf(seed: number, profile: Profile, wanted: readonly FaultName[]): Plan {
  const random = seeded(seed);
  const faults = faultsOn(profile, wanted);
  const count = faults.length === 0 ? 0 : between(random, 2, MAX_STEPS);
  const steps = Array.from({ length: count }, (_, index) => stepOf((index === 0 ? faults[seed % faults.length] : undefined) ?? oneOf(random, faults), random, profile));
  const second = profile.states.length > 0 && random() < WORSE_SHARE ? worseOf(steps[0]?.fault, random, faults) : undefined;
  return { seed, steps: second === undefined ? steps : [...steps, second] };
}

const WORSE_SHARE = 0.4;

/** What makes a fault worse: while its consequences are dealt with, the registry is away, or somebody moves the alias as well. By chance this would happen in one run of thousands. */
function worseOf(fault: FaultName | undefined, random: Random, allowed: readonly FaultName[]): Step | undefined {
  const site = fault === undefined ? undefined : WORSE_AT[fault];
  if (site === undefined) return undefined;
  if ('state' in site) {
    return allowed.includes('alias-moved-by-someone')
      ? { at: 'moment', fault: 'alias-moved-by-someone', atMs: between(random, 0, MINUTE), ms: between(random, MINUTE, HOUR), key: 0, state: { name: site.state, nth: 0 } }
      : undefined;
  }
  return allowed.includes('dynamodb-throttled') ? { at: 'call', fault: 'dynamodb-throttled', function: oneOf(random, site.functions), service: 'dynamodb', operation: 'GetItem', nth: 0, ms: between(random, 30 * MINUTE, LONGEST_BURST_MS) } : undefined;
}

const REPAIRS = { functions: ['begin-repair', 'apply-repair', 'confirm-repair'] } as const;

const WORSE_AT: Partial<Record<FaultName, { readonly functions: readonly FunctionName[] } | { readonly state: string }>> = {
  'alias-moved-by-someone': REPAIRS,
  'key-disabled-by-someone': REPAIRS,
  'key-deletion-by-someone': REPAIRS,
  'dependent-says-no': { state: 'Wait For True Readings' },
  'dependent-silent': { state: 'Wait For True Readings' },
  // Runs that ask for the approval of a deletion anyway.
  'rotation-requested': { functions: ['read-approval'] },
  'code-deployed': { functions: ['read-approval'] },
  'second-stack': { functions: ['read-approval'] },
  'execution-with-wrong-input': { functions: ['read-approval'] },
  'kms-quota-exhausted': { functions: ['request-approval', 'read-approval', 'settle', 'abort-safely'] },
};

/** Those of the faults that have something to strike at: a design without a workflow has no states, and one that asks nobody no dependents. */
export function faultsOn(profile: Profile, faults: readonly FaultName[]): readonly FaultName[] {
  return faults.filter((fault) => {
    if (isOneOf(CALL_FAULTS, fault)) return someSites(() => 0, profile, SITES[fault] ?? (() => true)).length > 0;
    if (isOneOf(INVOCATION_FAULTS, fault)) return profile.invocations.length > 0;
    if (isOneOf(STATE_FAULTS, fault)) return profile.states.length > 0;
    if (isOneOf(MOMENT_FAULTS, fault)) return profile.states.length > 0 || MOMENTS_OF_ALL.includes(fault);
    return !isOneOf(DEPENDENT_FAULTS, fault) || profile.questions > 0;
  });
}

/** Where a fault may strike; without an entry, at every call. */
const SITES: Partial<Record<CallFault, (site: CallSite) => boolean>> = {
  'create-key-answer-lost': ({ operation }) => operation === 'CreateKey',
  'dynamodb-answer-lost': ({ service }) => service === 'dynamodb',
  'dynamodb-throttled': ({ service }) => service === 'dynamodb',
  'dynamodb-conflict': ({ operation }) => operation === 'TransactWriteItems',
  'dynamodb-stale-index': ({ operation }) => operation === 'Query',
  'kms-throttled': ({ service }) => service === 'kms',
  'kms-internal-error': ({ service }) => service === 'kms',
  'kms-quota-exhausted': ({ operation }) => operation === 'CreateKey',
  'sns-down': ({ operation }) => operation === 'Publish',
  'events-refused': ({ operation }) => operation === 'PutEvents',
  'callback-lost': ({ operation }) => operation === 'SendTaskSuccess',
  'callback-late': ({ operation }) => operation === 'SendTaskSuccess',
  'callback-twice': ({ operation }) => operation === 'SendTaskSuccess',
  'stale-describe-execution': ({ operation }) => operation === 'DescribeExecution',
};

/** Calls that an undisturbed run does not make, so that faults can strike them all the same. */
const RARE_SITES: readonly (CallSite & { readonly count: number })[] = [
  { function: 'classify-failure', service: 'sns', operation: 'Publish', count: 2 },
  { function: 'classify-failure', service: 'dynamodb', operation: 'TransactWriteItems', count: 2 },
  { function: 'handle-ended-execution', service: 'sns', operation: 'Publish', count: 1 },
  { function: 'handle-ended-execution', service: 'dynamodb', operation: 'TransactWriteItems', count: 1 },
  { function: 'request-approval', service: 'sns', operation: 'Publish', count: 1 },
  { function: 'settle', service: 'dynamodb', operation: 'TransactWriteItems', count: 2 },
  { function: 'abort-safely', service: 'dynamodb', operation: 'TransactWriteItems', count: 2 },
  { function: 'start-due-rotations', service: 'states', operation: 'DescribeExecution', count: 2 },
  { function: 'claim-rotation', service: 'states', operation: 'DescribeExecution', count: 2 },
  { function: 'rescue-version', service: 'kms', operation: 'EnableKey', count: 1 },
  { function: 'rescue-version', service: 'kms', operation: 'CancelKeyDeletion', count: 1 },
  { function: 'apply-repair', service: 'kms', operation: 'UpdateAlias', count: 1 },
  { function: 'begin-repair', service: 'dynamodb', operation: 'TransactWriteItems', count: 1 },
  { function: 'apply-repair', service: 'dynamodb', operation: 'TransactWriteItems', count: 1 },
  { function: 'confirm-repair', service: 'dynamodb', operation: 'TransactWriteItems', count: 1 },
  { function: 'read-approval', service: 'dynamodb', operation: 'GetItem', count: 2 },
  { function: 'decide', service: 'dynamodb', operation: 'PutItem', count: 1 },
];

const RARE_STATES: Profile['states'] = ['Classify Failure', 'Settle', 'Quiesce', 'Wait For True Readings', 'Abort Safely', 'Await Approval', 'Wait For Created Key', 'Wait For Former Owner', 'Begin Repair', 'Apply Repair'].map((state) => ({ state, count: 2 }));

/** A policy that is tightened matters most to whoever waits by the former one. */
const TIGHTENED_AT = 'Bake';

const RARE_SHARE = 0.25;

function someStates(random: Random, profile: Profile): Profile['states'] {
  return random() < RARE_SHARE ? RARE_STATES : profile.states;
}

function someSites(random: Random, profile: Profile, isWanted: (site: CallSite) => boolean): Profile['calls'] {
  const [usual, rare] = [profile.calls.filter(isWanted), profile.states.length === 0 ? [] : RARE_SITES.filter(isWanted)];
  if (usual.length === 0 || rare.length === 0) return [...usual, ...rare];
  return random() < RARE_SHARE ? rare : usual;
}

function stepOf(fault: FaultName, random: Random, profile: Profile): Step {
  if (isOneOf(CALL_FAULTS, fault)) {
    const wanted = SITES[fault] ?? (() => true);
    const { count, ...site } = oneOf(random, someSites(random, profile, wanted));
    return { at: 'call', fault, ...site, nth: between(random, 0, count - 1), ms: callMs(fault, random) };
  }
  if (isOneOf(INVOCATION_FAULTS, fault)) {
    const { count, function: name } = oneOf(random, profile.invocations);
    return { at: 'invocation', fault, function: name, nth: between(random, 0, count - 1), ms: between(random, 0, 90_000) };
  }
  if (isOneOf(STATE_FAULTS, fault)) {
    const { count, state } = oneOf(random, someStates(random, profile));
    return { at: 'state', fault, state, nth: between(random, 0, count - 1), ms: random() < 0.5 ? between(random, 0, 2000) : between(random, 0, 2 * HOUR) };
  }
  if (isOneOf(DEPENDENT_FAULTS, fault)) return { at: 'question', fault, nth: between(random, 0, 2 * profile.questions) };
  if (isOneOf(MOMENT_FAULTS, fault)) {
    const moment = { at: 'moment', fault, atMs: between(random, 0, profile.chaosMs), ms: between(random, MINUTE, 6 * HOUR), key: between(random, 0, profile.keys - 1) } as const;
    if (fault.startsWith('schedule-') || profile.states.length === 0 || random() < 0.5) return moment;
    const { state, count } = fault === 'policy-changed' ? { state: TIGHTENED_AT, count: 2 } : oneOf(random, someStates(random, profile));
    return { ...moment, atMs: between(random, 0, 5 * MINUTE), state: { name: state, nth: between(random, 0, count - 1) } };
  }
  return { at: 'start', fault, ms: between(random, 1000, fault === 'slow-visibility' ? 4 * MINUTE : 5 * MINUTE) };
}

/** A burst outlives the retries of a task, which take 182 s, or does not; a late call takes longer than its client waits. */
function callMs(fault: CallFault, random: Random): number {
  const [from, to] = LASTING[fault] ?? [1, 1];
  if (!LONG_OR_ONCE.includes(fault)) return between(random, from, to);
  const share = random();
  return share < 0.5 ? 1 : between(random, from, share < 0.9 ? to : LONGEST_BURST_MS);
}

const LASTING: Partial<Record<CallFault, readonly [number, number]>> = {
  'applied-late': [10_001, LATEST_MS],
  'crash-during-call': [10_001, LATEST_MS],
  // Shorter than a function may run, or longer than most leases.
  'process-paused': [1000, 10 * MINUTE],
  'callback-late': [1000, 3 * HOUR],
  'stale-describe-execution': [1000, 2 * MINUTE],
  'dynamodb-throttled': [MINUTE, 20 * MINUTE],
  'dynamodb-stale-index': [MINUTE, 20 * MINUTE],
  'kms-throttled': [MINUTE, 20 * MINUTE],
  'kms-internal-error': [MINUTE, 20 * MINUTE],
  'kms-quota-exhausted': [MINUTE, 20 * MINUTE],
  'sns-down': [MINUTE, 20 * MINUTE],
  'events-refused': [MINUTE, 20 * MINUTE],
};

/** Longer than any retry goes on, and short enough that whoever has to tell of it within the hour can. */
const LONGEST_BURST_MS = 40 * MINUTE;

/** Faults that strike one call as often as they last. */
const LONG_OR_ONCE: readonly CallFault[] = ['dynamodb-throttled', 'dynamodb-stale-index', 'kms-throttled', 'kms-internal-error', 'kms-quota-exhausted', 'sns-down', 'events-refused'];
