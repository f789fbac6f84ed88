import { COLD_MS, GIVEN_UP_MS } from './chaos';
import type { CallFault, InvocationFault, MomentFault, StandingFault } from './faults';
import type { Step } from './plan';
import { START_MS } from './setting';
import { timeWords } from './timeline';

type StepAt<At extends Step['at']> = Extract<Step, { readonly at: At }>;

/**
 * A step in words, for a person: what its numbers mean, which differs by fault, and none that the fault does not look at.
 * @param chaosMs how long the chaos of the run lasts: what is planned for later comes that much earlier
 */
export function describeStep(step: Step, chaosMs: number): string {
  switch (step.at) {
    case 'call':
      return `${step.fault} at ${callWords(step)}${CALL_WORDS[step.fault]?.(step) ?? ''}`;
    case 'invocation':
      return `${step.fault} at invocation ${step.nth + 1} of ${step.function}${INVOCATION_WORDS[step.fault]?.(step.ms) ?? ''}`;
    case 'state':
      return `${step.fault} ${entryWords(step.ms, step.state, step.nth)}${step.fault === 'execution-redriven' ? `, redriven ${durationWords(60_000 + 2 * step.ms)} later` : ''}`;
    case 'question':
      return `${step.fault} at question ${step.nth + 1}`;
    case 'moment':
      return momentWords(step, chaosMs);
    case 'start':
      return `${step.fault}: ${STANDING_WORDS[step.fault](durationWords(step.ms))}`;
  }
}

/** Virtual time, as exact as anybody needs it. */
export function durationWords(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

type CallStep = StepAt<'call'>;

/** Wrong answers come to whoever calls; the others to one function. */
function callWords({ fault, function: name, service, operation, nth }: CallStep): string {
  if (fault === 'dynamodb-stale-index') return `look ${nth + 1} at the index of due keys`;
  const call = `call ${nth + 1} of ${service} ${operation}`;
  return fault.startsWith('callback-') || fault === 'stale-describe-execution' ? `${call}, whoever makes it` : `${call} by ${name}`;
}

const late = ({ ms }: CallStep): string => `, which takes effect ${durationWords(ms)} after it was made`;
/** Of 1 ms is a burst that strikes one call. */
const lasting = (every: (step: CallStep) => string) => (step: CallStep): string => (step.ms === 1 ? '' : `, and at every ${every(step)} for ${durationWords(step.ms)}`);
const ofService = lasting(({ service }) => `call of ${service}`);
const ofOperation = lasting(({ operation }) => operation);

/** Calls that fail at once have nothing more to say. */
const CALL_WORDS: Partial<Record<CallFault, (step: CallStep) => string>> = {
  'crash-during-call': late,
  'applied-late': late,
  'process-paused': ({ ms }) => `, before which the process stands still for ${durationWords(ms)}`,
  'callback-late': ({ ms }) => `, which arrives ${durationWords(ms)} late`,
  'dynamodb-throttled': ofService,
  'dynamodb-stale-index': lasting(() => 'look'),
  'kms-throttled': ofService,
  'kms-internal-error': ofService,
  'kms-quota-exhausted': ofOperation,
  'sns-down': ofService,
  'events-refused': ofService,
  'stale-describe-execution': ofOperation,
};

const INVOCATION_WORDS: Partial<Record<InvocationFault, (ms: number) => string>> = {
  'function-invoked-twice': (ms) => `, once more ${durationWords(ms)} later`,
  'function-cold': (ms) => `, which begins ${durationWords(ms % COLD_MS)} late`,
  'function-given-up': (ms) => `, which runs all the same ${durationWords(ms % GIVEN_UP_MS)} later`,
};

const STANDING_WORDS: Readonly<Record<StandingFault, (duration: string) => string>> = {
  'slow-visibility': (duration) => `KMS shows changes up to ${duration} late, all the time`,
  'clock-skew': (duration) => `the clocks of the schedule and of the function URLs are ${duration} fast, all the time`,
};

function momentWords({ fault, atMs, ms, key, state }: StepAt<'moment'>, chaosMs: number): string {
  if (fault.startsWith('schedule-')) return `${fault} from ${timeWords(START_MS + atMs)} on: ${MOMENT_WORDS[fault]?.(ms) ?? ''}`;
  const strikesMs = atMs % chaosMs;
  const backupMs = state === undefined ? Math.max(0, strikesMs - ms) : 4 * ms;
  const details = [
    ...(state === undefined && !OF_NO_KEY.includes(fault) ? [`key-${key + 1}`] : []),
    ...(fault === 'table-restored' ? [`to what it held at ${timeWords(START_MS + backupMs)}`] : []),
    ...(MOMENT_WORDS[fault] === undefined ? [] : [MOMENT_WORDS[fault](ms)]),
  ];
  const words = `${fault}${details.length === 0 ? '' : ` (${details.join(', ')})`}`;
  return state === undefined ? `${words} at ${timeWords(START_MS + strikesMs)}` : `${words} ${entryWords(strikesMs, state.name, state.nth)}`;
}

const OF_NO_KEY: readonly MomentFault[] = ['table-restored', 'key-store-disconnected', 'code-deployed'];

const forSome = (ms: number): string => `for ${durationWords(ms)}`;

/** Of the other moments `ms` says nothing, or which of the key's versions is meant. */
const MOMENT_WORDS: Partial<Record<MomentFault, (ms: number) => string>> = {
  'schedule-late': (ms) => `the next firing of each pool comes ${durationWords(ms)} late`,
  'schedule-twice': (ms) => `the next firing of each pool comes again ${durationWords(ms % 1000)} later`,
  'schedule-missed': (ms) => `nothing fires for ${durationWords(4 * ms)}`,
  'schedule-out-of-order': (ms) => `${durationWords(ms)} after the next firing of each pool comes an older one`,
  'key-store-disconnected': forSome,
  'alias-moved-by-someone': (ms) => (ms % 2 === 0 ? 'to a new KMS key' : 'to one of its versions'),
  'old-key-in-use': forSome,
  'policy-changed': (ms) => `drain and bake ${durationWords(ms)} longer`,
  'hold-set': forSome,
  'key-paused': forSome,
  'execution-with-wrong-input': (ms) => `${ms % 2 === 0 ? '' : 'repair-'}by-hand-${ms}`,
};

/** Entries are counted over all executions of the run. */
function entryWords(ms: number, state: string, nth: number): string {
  return `${durationWords(ms)} after entry ${nth + 1} into ${state}`;
}
