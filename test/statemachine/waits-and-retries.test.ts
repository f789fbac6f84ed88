import { TASK_ERRORS, UNCERTAIN_SERVICE_ERRORS } from '../../lambdas/contract/errors';
import { KMS_CONSISTENCY_SECONDS, QUIESCENCE_SECONDS, TAKEOVER_SECONDS } from '../../lambdas/contract/timing';
import { definitionOf, evaluate, statesOf, waitsOf, type State } from './definition';

const MACHINES = (['key-rotation', 'key-repair'] as const).map((machine) => [machine, statesOf(definitionOf(machine))] as const);
const [[, rotation], [, repair]] = MACHINES as [(typeof MACHINES)[0], (typeof MACHINES)[0]];
const tasks = MACHINES.flatMap(([machine, states]) => [...states].filter(([, { Type }]) => Type === 'Task').map(([name, state]) => [machine, name, state] as const));
const stateOf = (name: string): State => {
  const state = rotation.get(name) ?? repair.get(name);
  if (state === undefined) throw new Error(`no definition has a state ${name}`);
  return state;
};

describe('what is retried', () => {
  /** Of which nobody knows whether they had an effect, and which only a task may be repeated after that changes nothing in KMS. */
  const outages = UNCERTAIN_SERVICE_ERRORS.filter((name) => name !== 'States.TaskFailed' && name !== 'States.HeartbeatTimeout');
  const BUSY = ['Throttled', 'RegistryBusy', 'Lambda.TooManyRequestsException'];
  const NOT_YET = ['KmsNotConsistentYet'];
  const LOST = ['RegistryOutcomeUnknown', ...outages];
  const withoutTimeout = LOST.filter((name) => name !== 'States.Timeout');
  /** These and the repair's are repeated whatever became of them; all others settle. */
  const REPEATED: Readonly<Record<string, readonly (readonly string[])[]>> = {
    // They read nothing that KMS may show late.
    'Classify Failure': [BUSY, LOST],
    Settle: [BUSY, LOST],
    'Release Rotation': [BUSY, NOT_YET, LOST],
    'Read Approval': [BUSY, NOT_YET, LOST],
    'Abort Safely': [BUSY, NOT_YET, LOST],
    // Their time-out is somebody's silence.
    'Notify Dependent': [BUSY, NOT_YET, withoutTimeout],
    'Await Approval': [BUSY, NOT_YET, withoutTimeout],
  };

  test.each(tasks)('in %s by %s is what had no effect, or may be done twice', (machine, name, { Retry: retriers = [] }) => {
    const expected = machine === 'key-repair' ? [BUSY, NOT_YET, ['KmsOutcomeUnknown', ...LOST]] : (REPEATED[name] ?? [BUSY, NOT_YET]);
    expect(retriers.map(({ ErrorEquals }) => [...ErrorEquals].sort())).toEqual(expected.map((names) => [...names].sort()));
    for (const error of retriers.flatMap(({ ErrorEquals }) => ErrorEquals).filter((known) => known in TASK_ERRORS)) expect(TASK_ERRORS[error as keyof typeof TASK_ERRORS]).toMatch(/^(retry|look-again|uncertain)$/);
  });

  test.each(tasks)('in %s by %s waits longer each time: 3 minutes for who is busy, 5 until KMS shows what it did, 2 for an outage', (_machine, _name, { Retry: retriers = [] }) => {
    const waits: readonly [error: string, seconds: readonly number[], jitter: string][] = [
      ['Throttled', [2, 4, 8, 16, 32, 60, 60], 'FULL'],
      ['KmsNotConsistentYet', [5, 10, 20, 40, 60, 60, 60, 60], 'NONE'],
      ['Lambda.Unknown', [5, 10, 20, 40, 60], 'FULL'],
    ];
    for (const [error, seconds, jitter] of waits) {
      for (const retrier of retriers.filter(({ ErrorEquals }) => ErrorEquals.includes(error))) expect([waitsOf(retrier), retrier.JitterStrategy]).toEqual([seconds, jitter]);
    }
    expect(retriers.every(({ ErrorEquals }) => waits.some(([error]) => ErrorEquals.includes(error)))).toBe(true);
  });
});

describe('a wait', () => {
  test.each<[string, number, string]>([
    ['Wait For Created Key', 60, 'Create Key Version'],
    ['Wait For Consistency', KMS_CONSISTENCY_SECONDS, 'Confirm Promotion'],
    ['Wait For True Readings', KMS_CONSISTENCY_SECONDS, 'Abort Safely'],
    ['Quiesce', QUIESCENCE_SECONDS, 'Choose Continuation'],
    ['Wait For Former Owner', TAKEOVER_SECONDS / 2, 'Claim Rotation'],
  ])('%s takes %i seconds and leads to %s', (name, seconds, next) => expect(rotation.get(name)).toMatchObject({ Type: 'Wait', Seconds: seconds, Next: next }));

  test.each([
    ['Drain', 'drainUntil', 'Check Drain'],
    ['Bake', 'bakeUntil', 'Check Bake'],
  ])('%s ends when %s says, and leads to %s', async (name, variable, next) => {
    const { Timestamp: timestamp = '', Next } = stateOf(name);
    expect([await evaluate(timestamp, { [variable]: '2026-04-08T00:00:00Z' }), Next]).toEqual(['2026-04-08T00:00:00Z', next]);
  });

  test('for the version alias is as long as IAM takes, and nobody waits for one before the first promotion', async () => {
    const { Seconds: seconds = '', Next } = stateOf('Wait For Version Alias');
    expect([await evaluate(String(seconds), { previous: 1 }), await evaluate(String(seconds), { previous: 0 }), Next]).toEqual([KMS_CONSISTENCY_SECONDS, 0, 'Promote Key Version']);
  });
});

test('after what went well the next state is', () => {
  const next = Object.fromEntries([...rotation].filter(([, { Type, Next }]) => Type !== 'Wait' && Next !== undefined).map(([name, { Next }]) => [name, Next]));
  expect(next).toEqual({
    'Claim Rotation': 'Choose Work',
    'Create Key Version': 'Prove Key Version',
    'Prove Key Version': 'Notify Dependents',
    'Notify Dependents': 'Wait For Version Alias',
    'Promote Key Version': 'Wait For Consistency',
    'Confirm Promotion': 'Choose Retirement',
    'Check Drain': 'Decide Drain',
    'Disable Previous Version': 'Decide Bake',
    'Check Bake': 'Decide Revocation',
    'Revoke Previous Version': 'Release Rotation',
    'Release Rotation': 'Rotation Completed',
    'Classify Failure': 'Choose Response',
    Settle: 'Quiesce',
    'Await Approval': 'Read Approval',
    'Read Approval': 'Choose Answer',
    'Abort Safely': 'Rotation Aborted',
  });
});

describe('what a state leaves to those after it', () => {
  const before = { drainUntil: 'old drain', bakeUntil: 'old bake', settlements: 1, question: 'old question' };
  test.each<[state: string, payload: object, left: object]>([
    ['Claim Rotation', { fence: 7, version: 2, previous: 1, retirement: 'delete', dependents: ['a'], drainUntil: 't' }, { fence: 7, version: 2, previous: 1, retirement: 'delete', dependents: ['a'], drainUntil: 't' }],
    ['Confirm Promotion', { drainUntil: 't' }, { drainUntil: 't' }],
    ['Check Drain', { decision: 'extended', drainUntil: 't' }, { drainUntil: 't', pendingReason: '', question: null }],
    ['Check Drain', { decision: 'pending', reason: 'held' }, { drainUntil: 'old drain', pendingReason: 'held', question: null }],
    ['Disable Previous Version', { decision: 'disabled', bakeUntil: 't' }, { bakeUntil: 't', pendingReason: '' }],
    ['Disable Previous Version', { decision: 'pending', reason: 'held' }, { bakeUntil: '', pendingReason: 'held' }],
    ['Check Bake', { decision: 'extended', bakeUntil: 't' }, { bakeUntil: 't', pendingReason: '', question: null }],
    ['Check Bake', { decision: 'pending', reason: 'held' }, { bakeUntil: 'old bake', pendingReason: 'held', question: null }],
    ['Revoke Previous Version', { decision: 'pending', reason: 'held' }, { pendingReason: 'held' }],
    ['Revoke Previous Version', { decision: 'revoked' }, { pendingReason: '' }],
    ['Settle', { fence: 8 }, { fence: 8, settlements: 2 }],
    ['Read Approval', { reason: 'no', isFrozen: false }, { pendingReason: 'no', response: 'settle-and-abort' }],
    ['Begin Repair', { fence: 9 }, { fence: 9 }],
  ])('%s, of %j', async (name, payload, left) => {
    const assigned = Object.entries(stateOf(name).Assign ?? {}).map(async ([variable, expression]) => [variable, await evaluate(String(expression), { ...before, states: { result: { Payload: payload } } })] as const);
    expect(Object.fromEntries(await Promise.all(assigned))).toEqual(left);
  });
});

test("a dependent's silence ends its own wait only; what an abort finds wrong is classified", () => {
  expect(stateOf('Notify Dependent').Catch).toEqual([expect.objectContaining({ ErrorEquals: ['States.Timeout', 'States.HeartbeatTimeout'], Next: 'Dependent Was Silent' })]);
  const security = Object.entries(TASK_ERRORS).flatMap(([name, errorClass]) => (errorClass === 'security-critical' ? [name] : []));
  expect(stateOf('Abort Safely').Catch?.map(({ ErrorEquals, Next }) => [[...ErrorEquals].sort(), Next])).toEqual([
    [security.sort(), 'Classify Failure'],
    [['States.ALL'], 'Left Unresolved'],
  ]);
});

describe('a repair', () => {
  const chosenBy = async (name: string, input: unknown): Promise<string | undefined> => {
    const { Choices: rules = [], Default: otherwise } = repair.get(name) ?? { Type: 'Choice' };
    for (const { Condition, Next } of rules) if ((await evaluate(Condition, { states: { input } })) === true) return Next;
    return otherwise;
  };

  test('takes a day at most', () => expect(definitionOf('key-repair').TimeoutSeconds).toBe(86_400));

  test.each<[string, unknown, string]>([
    ['a key and an approval', { key: 'orders', approval: 'a' }, 'Begin Repair'],
    ['nothing', {}, 'Refuse Input'],
    ['a text', 'orders', 'Refuse Input'],
    ['something volatile', { key: 'orders', approval: 'a', at: 'now' }, 'Refuse Input'],
    ['a number', { key: 'orders', approval: 1 }, 'Refuse Input'],
  ])('with %s begins, or is refused', async (_, input, next) => expect(await chosenBy('Check Input', input)).toBe(next));

  test.each([['repaired', 'Repaired'], ['different', 'Still Different']])('that is %s ends in %s', async (outcome, next) => expect(await chosenBy('Choose Outcome', { outcome })).toBe(next));

  test.each(['Begin Repair', 'Apply Repair', 'Confirm Repair'])('says that %s failed, and why', (name) => {
    expect(repair.get(name)?.Catch?.[0]?.Assign).toEqual({
      failure: { state: name, error: '{% $states.errorOutput.Error %}', cause: "{% $exists($states.errorOutput.Cause) ? $substring($states.errorOutput.Cause, 0, 8000) : '' %}" },
    });
  });
});
