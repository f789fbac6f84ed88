import { instantOf } from '../../lambdas/domain/instant';
import { rotationId } from '../../lambdas/domain/rotation-id';
import type { TaskToken } from '../../lambdas/ports/acknowledgements';
import { AwsError } from '../../local/kernel/aws-error';
import { RESCUE_FUNCTION_ARN, STATE_MACHINE_ARN } from '../../local/simulator/deployment';
import { World } from '../../local/simulator/world';
import { LostAnswer } from '../../local/wire/message';

const NAME = rotationId('orders', { kind: 'rotation', window: '20260101T0000Z', number: 1 });
const input = { key: 'orders', window: '20260101T0000Z', attempt: 1 };
const at = 'start-due-rotations';

/** A world in which every call gets one answer. */
function answering(answer: () => unknown): World {
  const world = new World();
  world.interceptAll = async () => answer();
  return world;
}

/** A world in which every call gets this answer, and what the last of them had sent. */
function recording(answer: unknown): { readonly world: World; readonly sent: () => unknown } {
  const world = new World();
  let input: unknown;
  world.interceptAll = async (call) => {
    input = call.input;
    return answer;
  };
  return { world, sent: () => input };
}

const failing = (code: string, status = 400): World =>
  answering(() => {
    throw new AwsError(code, 'as AWS says it', status);
  });

const EXECUTION = `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${NAME}`;
const PROBE = 'arn:aws:lambda:eu-central-1:111122223333:function:probe';
const NOTE = { by: 'x', at: '2026-06-01T00:00:00.000Z', reason: 'legal hold' };

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
/** What Lambda answers for a function that returned this. */
const payload = (value: unknown, more: object = {}) => ({ StatusCode: 200, Payload: encoded(value), ...more });

/** What each adapter's call comes to, and how its error names it. */
const CALLS: readonly (readonly [string, string, (world: World) => Promise<unknown>])[] = [
  ['a start', `start execution ${NAME}`, async (world) => world.composition(at).executions().start(NAME, input)],
  ['a status', `describe execution ${EXECUTION}`, async (world) => world.composition(at).executions().status(NAME)],
  ['an end', `describe execution ${EXECUTION}`, async (world) => world.composition(at).executions().closedAt(EXECUTION)],
  ['a stop', `stop execution ${EXECUTION}`, async (world) => world.composition(at).executions().stop(EXECUTION, 'a test')],
  ['an event', 'publish "Key Version Prepared"', async (world) => world.composition(at).bus().publish('Key Version Prepared', { key: 'orders' })],
  ['an alert', 'publish the alert', async (world) => world.composition(at).alerts().publish({ id: 'a1', key: 'orders', subject: 's', message: 'm', attributes: {} })],
  ['a probe', `ask probe ${PROBE}`, async (world) => world.composition(at).probes().ask(PROBE, {})],
  ['a repair', 'start execution repair-a1', async (world) => world.composition('decide').repairs().start('a1', 'orders')],
  ['a cancelled deletion', 'cancel the scheduled deletions of orders', async (world) => world.composition('operate').rescuer().cancelDeletions('orders', NOTE)],
  ['a finished rescue', 'finish the rescues of orders', async (world) => world.composition('operate').rescuer().finishRescues('orders')],
  ['a callback', 'wake the waiting state', async (world) => world.composition(at).callbacks().wake('token' as TaskToken)],
];

describe.each(CALLS)('%s', (_, what, call) => {
  test.each([
    ['ThrottlingException', 400, 'Throttled'],
    ['TooManyRequestsException', 429, 'Throttled'],
    ['SurpriseException', 429, 'Throttled'],
    ['SomeLimitExceeded', 400, 'Throttled'],
    ['InternalFailure', 500, 'Throttled'],
    ['ServiceUnavailable', 503, 'Throttled'],
    ['AccessDeniedException', 400, 'PermissionDenied'],
    ['AuthorizationErrorException', 403, 'PermissionDenied'],
    ['SurpriseException', 400, 'UnclassifiedServiceError'],
  ])('that fails with %s (HTTP %i) is %s', async (code, status, error) => {
    await expect(call(failing(code, status))).rejects.toMatchObject({ name: error, message: `${what}: ${code}: as AWS says it` });
  });

  test('whose answer is lost may be made again', async () => {
    const world = answering(() => {
      throw new LostAnswer();
    });
    await expect(call(world)).rejects.toMatchObject({ name: 'Throttled' });
  });
});

describe('executions', () => {
  test('start once per name, and say that a running one with the same input was started', async () => {
    const world = new World();
    const executions = world.composition(at).executions();
    expect(await executions.status(NAME)).toBeUndefined();
    expect(await executions.start(NAME, input)).toBe('started');
    expect(await executions.start(NAME, { attempt: 1, window: '20260101T0000Z', key: 'orders' })).toBe('started');
    expect(world.trace.events().filter(({ type }) => type === 'states.execution-started')).toHaveLength(1);
  });

  test('exist already under a name with another input, or once they are closed', async () => {
    const world = new World();
    const executions = world.composition(at).executions();
    await executions.start(NAME, input);
    expect(await executions.start(NAME, { ...input, attempt: 2 })).toBe('exists');
    expect(await executions.status(NAME)).toBe('RUNNING');
    world.states.call('StopExecution', { executionArn: EXECUTION });
    await world.timeline.settle();
    expect(await executions.status(NAME)).toBe('CLOSED');
    expect(await executions.start(NAME, input)).toBe('exists');
  });

  test('are described and stopped by their own ARN; what is not known is told apart from what runs', async () => {
    const world = new World();
    const executions = world.composition(at).executions();
    expect(await executions.closedAt(EXECUTION)).toBeUndefined();
    expect(await executions.stop(EXECUTION, 'a test')).toBe('not-found');
    await executions.start(NAME, input);
    expect(await executions.closedAt(EXECUTION)).toBeNull();
    expect(await executions.stop(EXECUTION, 'a test')).toBe('stopped');
    expect(await executions.closedAt(EXECUTION)).toBe(instantOf(world.timeline.nowMs()));
    expect(await executions.stop(EXECUTION, 'a test')).toBe('stopped');
    expect(await executions.closedAt(EXECUTION.replace('key-rotation', 'former-rotation'))).toBeUndefined();
  });

  test.each([
    ['RUNNING', 'RUNNING'],
    ['PENDING_REDRIVE', 'RUNNING'],
    ['SUCCEEDED', 'CLOSED'],
    ['FAILED', 'CLOSED'],
    ['TIMED_OUT', 'CLOSED'],
    ['ABORTED', 'CLOSED'],
  ])('that are %s count as %s', async (status, expected) => {
    expect(await answering(() => ({ status })).composition(at).executions().status(NAME)).toBe(expected);
  });

  test.each([
    ['RUNNING', 1_780_272_000, null],
    ['PENDING_REDRIVE', 1_780_272_000, null],
    ['FAILED', 1_780_272_000, '2026-06-01T00:00:00.000Z'],
    ['FAILED', undefined, null],
  ])('that are %s, with %p as the time they stopped at, were closed at %p', async (status, stopDate, expected) => {
    expect(await answering(() => ({ status, stopDate })).composition(at).executions().closedAt(EXECUTION)).toBe(expected);
  });

  test('are stopped with an error that says so, and the cause', async () => {
    const { world, sent } = recording({ stopDate: 0 });
    await world.composition(at).executions().stop(EXECUTION, 'a test');
    expect(sent()).toEqual({ executionArn: EXECUTION, error: 'Stopped', cause: 'a test' });
  });
});

describe('callbacks', () => {
  test.each(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])('take it that nobody waits any more (%s)', async (code) => {
    await expect(failing(code).composition(at).callbacks().wake('token' as TaskToken)).resolves.toBeUndefined();
  });

  test('with a token that the service never gave out are no error', async () => {
    await expect(new World().composition(at).callbacks().wake('never-issued' as TaskToken)).resolves.toBeUndefined();
  });

  test('carry no answer: it is in the registry', async () => {
    const { world, sent } = recording({});
    await world.composition(at).callbacks().wake('token' as TaskToken);
    expect(sent()).toEqual({ taskToken: 'token', output: '{}' });
  });
});

describe('the event bus', () => {
  test('puts the event with its source', async () => {
    const world = new World();
    await world.composition(at).bus().publish('Key Version Prepared', { key: 'orders' });
    expect(world.trace.events()).toContainEqual(expect.objectContaining({ type: 'events.event-put', source: 'keyturn', detailType: 'Key Version Prepared', detail: { key: 'orders' } }));
  });

  test.each([
    [[{ ErrorCode: 'InternalFailure' }], 'InternalFailure'],
    [[{}], 'no reason given'],
    [[], 'no reason given'],
    [undefined, 'no reason given'],
  ])('that did not take the entry (%j) has failed, whatever the HTTP status', async (entries, reason) => {
    const world = answering(() => ({ FailedEntryCount: 1, Entries: entries }));
    await expect(world.composition(at).bus().publish('Key Version Prepared', {})).rejects.toMatchObject({
      name: 'Throttled',
      message: `the event bus did not take "Key Version Prepared": ${reason}`,
    });
  });
});

describe('alerts', () => {
  test('carry subject, message and attributes', async () => {
    const world = new World();
    const attributes = { key: 'orders', alertId: 'a1' };
    await world.composition('classify-failure').alerts().publish({ id: 'a1', key: 'orders', subject: 'in one line', message: 'what happened', attributes });
    expect(world.trace.events()).toContainEqual(expect.objectContaining({ type: 'sns.published', subject: 'in one line', message: 'what happened', attributes }));
  });
});

describe('probes', () => {
  const ask = async (answer: unknown) => answering(() => answer).composition(at).probes().ask(PROBE, {});

  test('give a clear answer on', async () => {
    expect(await ask(payload({ verdict: 'yes', version: 2 }))).toEqual({ verdict: 'yes', version: 2 });
    expect(await ask(payload({ verdict: 'no', version: 2, reason: 'old', more: 1 }))).toEqual({ verdict: 'no', version: 2, reason: 'old' });
    expect(await ask(payload({ verdict: 'no', version: 2, reason: { text: 'old' } }))).toEqual({ verdict: 'no', version: 2 });
  });

  test.each([null, 'yes', [], {}, { verdict: 'yes' }, { verdict: 'YES', version: 2 }, { verdict: 'yes', version: '2' }])('take %j for a no', async (answer) => {
    expect(await ask(payload(answer))).toMatchObject({ verdict: 'no', version: 0, reason: expect.stringContaining('the probe must answer') });
  });

  test('that throw say no', async () => {
    expect(await ask(payload({ errorMessage: 'boom' }, { FunctionError: 'Unhandled' }))).toEqual({ verdict: 'no', version: 0, reason: 'the probe failed: Unhandled' });
  });
});

describe('repairs', () => {
  test('are one execution per approval, with nothing but key and approval as input', async () => {
    const world = new World();
    const repairs = world.composition('decide').repairs();
    await repairs.start('0123456789abcdef0123', 'orders');
    await repairs.start('0123456789abcdef0123', 'orders');
    const started = world.trace.events().flatMap((event) => (event.type === 'states.execution-started' ? [[event.execution, event.input]] : []));
    expect(started).toEqual([['repair-0123456789abcdef0123', { key: 'orders', approval: '0123456789abcdef0123' }]]);
  });
});

describe('the rescuer', () => {
  const asked = (question: object) => expect.objectContaining({ FunctionName: RESCUE_FUNCTION_ARN, InvocationType: 'RequestResponse', Payload: encoded(question) }) as unknown;

  test.each([
    ['deletions-cancelled', true],
    ['nothing-to-rescue', false],
  ])('asks for the deletions to be cancelled, and takes "%s" for %s', async (outcome, expected) => {
    const { world, sent } = recording(payload({ outcome }));
    expect(await world.composition('operate').rescuer().cancelDeletions('orders', NOTE)).toBe(expected);
    expect(sent()).toEqual(asked({ action: 'cancel-deletions', key: 'orders', ...NOTE }));
  });

  test('asks for the rescues to be finished', async () => {
    const { world, sent } = recording(payload({ outcome: 'nothing-to-rescue' }));
    await world.composition('operate').rescuer().finishRescues('orders');
    expect(sent()).toEqual(asked({ action: 'finish-rescues', key: 'orders' }));
  });

  test('says that it has to be tried again when the function failed', async () => {
    const { world } = recording(payload({ errorType: 'RegistryBusy' }, { FunctionError: 'Unhandled' }));
    await expect(world.composition('operate').rescuer().cancelDeletions('orders', NOTE)).rejects.toMatchObject({
      name: 'Throttled',
      message: 'cancel the scheduled deletions of orders: {"errorType":"RegistryBusy"}. Try again',
    });
  });
});
