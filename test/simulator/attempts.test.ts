import { instantOf } from '../../lambdas/domain/instant';
import { AwsError } from '../../local/kernel/aws-error';
import type { FaultPoint } from '../../local/simulator/invocations';
import { DAY, HOUR, Scenario } from '../support/scenario';
import { active, aliasTarget, before, callKms, endings, kmsChanges, setHold, statuses, traceLength } from '../support/outsider';

const NEXT = 'orders-20260610T0000Z';

/** Answers calls of an operation with an error while `isOn` says so. */
function failing(scenario: Scenario, operation: string, error: AwsError, isOn: (point: FaultPoint, count: number) => boolean = () => true): void {
  let count = 0;
  scenario.world.fault = (point) => (point.operation === operation && isOn(point, count++) ? error : 'none');
}

const throttled = new AwsError('ThrottlingException', 'Rate exceeded', 400);

describe('a failed window', () => {
  test('is tried again as attempt 2, which adopts the PENDING version and its KMS key', async () => {
    const scenario = await Scenario.bootstrapped();
    scenario.reply = () => null;
    await scenario.pass(9 * DAY + 12 * HOUR);
    expect(endings(scenario).at(-1)).toBe(`${NEXT}-a1: aborted`);
    const waiting = await scenario.key();
    expect(waiting).toMatchObject({ lease: null, intent: null, window: { id: '20260610T0000Z', attempt: 2 }, versions: { v2: { status: 'PENDING' } } });
    const pending = waiting.versions['v2']?.kmsKeyId;

    scenario.reply = ({ detail }) => ({ verdict: 'yes', version: (detail as { version: number }).version, by: 'arn:aws:sts::111122223333:assumed-role/orders-api/i-0' });
    await scenario.pass(12 * DAY);
    expect(endings(scenario).at(-1)).toBe(`${NEXT}-a2: completed`);
    expect(await active(scenario)).toMatchObject({ number: 2, kmsKeyId: pending });
    expect(scenario.createdKeys()).toHaveLength(2);
    expect(scenario.violations()).toEqual([]);
  });

  test('is not tried again before the stabilisation delay', async () => {
    const scenario = await Scenario.bootstrapped();
    scenario.reply = () => null;
    await scenario.pass(9 * DAY);
    await scenario.advance(12 * HOUR + 10 * 60_000);
    const abortedAt = Date.parse((await scenario.ledger()).find(({ type }) => type === 'RotationAborted')!.at);
    expect(Date.parse((await scenario.key()).dueAt)).toBe(abortedAt + HOUR);
    await scenario.world.fireSchedule(abortedAt + HOUR - 1);
    expect((await scenario.key()).lease).toBeNull();
  });

  test('ends in quarantine with an alert after its last attempt, and is left alone', async () => {
    const scenario = await Scenario.bootstrapped();
    scenario.reply = () => null;
    const first = (await active(scenario)).kmsKeyId;
    await scenario.pass(15 * DAY);
    expect(endings(scenario).slice(1)).toEqual([`${NEXT}-a1: aborted`, `${NEXT}-a2: aborted`, `${NEXT}-a3: aborted`]);
    expect(await scenario.key()).toMatchObject({ lease: null, quarantine: { reason: expect.stringContaining('-a3 was the last attempt that is allowed') } });
    const alert = 'keyturn: orders: recoverable failure in Promote Key Version';
    expect(scenario.alerts()).toEqual([alert, alert, `${alert}, at the last attempt`]);
    const from = traceLength(scenario);
    await scenario.pass(30 * DAY);
    expect(kmsChanges(scenario, from)).toEqual([]);
    expect(endings(scenario)).toHaveLength(4);
    expect(aliasTarget(scenario)).toBe(first);
    expect(scenario.createdKeys()).toHaveLength(2);
    expect(scenario.violations()).toEqual([]);
  });

  test("abandons its PENDING version when the next window comes first, and leaves that version's key alone", async () => {
    const scenario = await Scenario.bootstrapped();
    scenario.reply = () => null;
    await scenario.pass(9 * DAY + 12 * HOUR);
    scenario.reply = ({ detail }) => ({ verdict: 'yes', version: (detail as { version: number }).version, by: 'arn:aws:sts::111122223333:assumed-role/orders-api/i-0' });
    await scenario.advance(20 * DAY);
    await scenario.pass(12 * DAY);
    expect(endings(scenario).at(-1)).toBe('orders-20260630T0000Z-a1: completed');
    expect(await statuses(scenario)).toBe('v1 REVOKED, v3 ACTIVE');
    const abandoned = await scenario.world.composition('claim-rotation').registry().terminalVersions('orders');
    expect(abandoned).toMatchObject([{ number: 2, status: 'ABANDONED' }]);
    expect(scenario.world.kms.snapshot().keys.find(({ id }) => id === abandoned[0]?.kmsKeyId)?.state).toBe('Enabled');
    expect(scenario.violations()).toEqual([]);
  });
});

describe('a throttled call', () => {
  test.each(['CreateKey', 'UpdateAlias', 'DisableKey', 'ScheduleKeyDeletion', 'TransactWriteItems', 'GetItem', 'GetKeyPolicy', 'Encrypt', 'PutEvents'])(
    '%s is tried again until it is taken, without a new attempt',
    async (operation) => {
      const scenario = await Scenario.bootstrapped();
      failing(scenario, operation, throttled, (_, count) => count < 3);
      await scenario.pass(25 * DAY);
      expect(endings(scenario)[1]).toBe(`${NEXT}-a1: completed`);
      expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
      expect(scenario.createdKeys()).toHaveLength(2);
      expect(scenario.violations()).toEqual([]);
    },
  );

  test('is tried again after a jittered delay that stays within its bounds', async () => {
    const delays = await Promise.all(
      [0, 0.5, 0.999].map(async (random) => {
        const scenario = await Scenario.registered(undefined, { random: () => random });
        failing(scenario, 'CreateKey', throttled);
        await scenario.world.fireSchedule();
        await scenario.advance(HOUR);
        return scenario.world.trace.events().flatMap((event) => (event.type === 'states.task-retried' && event.state === 'Create Key Version' ? [event.delaySeconds] : []));
      }),
    );
    expect(delays.map((list) => list.length)).toEqual([7, 7, 7]);
    const most = [2, 4, 8, 16, 32, 60, 60];
    for (const list of delays) list.forEach((delay, retry) => expect(delay).toBeLessThanOrEqual(most[retry]!));
    expect(new Set(delays.map((list) => list.at(-1))).size).toBeGreaterThan(1);
  });

  test('that outlives its retries aborts the attempt; the next one goes on once the throttling ends', async () => {
    const scenario = await Scenario.bootstrapped();
    failing(scenario, 'UpdateAlias', throttled, (_, count) => count < 8);
    await scenario.pass(25 * DAY);
    expect(endings(scenario).slice(1)).toEqual([`${NEXT}-a1: aborted`, `${NEXT}-a2: completed`]);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(scenario.createdKeys()).toHaveLength(2);
    expect(scenario.violations()).toEqual([]);
  });
});

describe('what no repetition mends', () => {
  test.each<[string, string, string, string]>([
    ['a quota that is used up', 'CreateKey', 'LimitExceededException', 'QuotaExceeded'],
    ['a refused permission', 'CreateKey', 'AccessDeniedException', 'PermissionDenied'],
    ['a refused permission for the alias', 'UpdateAlias', 'AccessDeniedException', 'PermissionDenied'],
    ['a malformed policy', 'CreateKey', 'MalformedPolicyDocumentException', 'UnusablePolicy'],
    ['an unsupported spec', 'CreateKey', 'UnsupportedOperationException', 'UnsupportedKey'],
    ['an error that nobody has classified', 'DescribeKey', 'SurpriseException', 'UnclassifiedServiceError'],
  ])('%s puts the key into quarantine at once, with one alert', async (_, operation, code, error) => {
    const scenario = await Scenario.bootstrapped();
    const first = (await active(scenario)).kmsKeyId;
    failing(scenario, operation, new AwsError(code, 'as AWS says it', 400), ({ function: name }) => name !== 'abort-safely');
    await scenario.pass(25 * DAY);
    expect(endings(scenario).slice(1)).toEqual([`${NEXT}-a1: aborted`]);
    expect(await scenario.key()).toMatchObject({ lease: null, intent: null, quarantine: { reason: expect.stringContaining(error) } });
    expect(scenario.alerts()).toHaveLength(1);
    expect(aliasTarget(scenario)).toBe(first);
    expect(scenario.violations()).toEqual([]);
  });

  test('does not leave a create intent behind that would be waited for', async () => {
    const scenario = await Scenario.bootstrapped();
    failing(scenario, 'CreateKey', new AwsError('LimitExceededException', 'no more keys', 400));
    await scenario.pass(12 * DAY);
    expect((await scenario.ledger()).map(({ type }) => type)).toContain('CreateRefused');
    expect((await scenario.key()).versions['v2']).toMatchObject({ createIntents: 0 });
  });
});

describe('an ambiguous CreateKey', () => {
  test('is resolved by its tags and makes no second key', async () => {
    const scenario = await Scenario.registered();
    let isLost = false;
    scenario.world.fault = ({ operation }) => {
      if (operation !== 'CreateKey' || isLost) return 'none';
      isLost = true;
      return 'lose-answer';
    };
    await scenario.pass(DAY);
    expect(scenario.createdKeys()).toHaveLength(1);
    expect(await statuses(scenario)).toBe('v1 ACTIVE');
    expect(scenario.violations()).toEqual([]);
  });

  test('that never made a key is called three times in all, and then left to a person', async () => {
    const scenario = await Scenario.registered();
    failing(scenario, 'CreateKey', new AwsError('KMSInternalException', 'internal', 500));
    await scenario.pass(5 * DAY);
    expect(scenario.world.calls.filter(({ operation }) => operation === 'CreateKey')).toHaveLength(3);
    expect(await scenario.key()).toMatchObject({ quarantine: { reason: expect.stringContaining('CreateAttemptsUsedUp') } });
    expect(scenario.createdKeys()).toEqual([]);
  });
});

describe('a create-key-version invocation that runs twice at once', () => {
  const rotation = { key: 'orders', run: { kind: 'rotation', window: '20260521T0000Z', number: 1 }, rotationId: 'orders-20260521T0000Z-a1' };

  test('makes one KMS key: its twin looks for that key instead of making a second one', async () => {
    const scenario = await Scenario.registered();
    const enteredAt = instantOf(scenario.world.timeline.nowMs());
    const executionArn = 'arn:aws:states:eu-central-1:111122223333:execution:key-rotation:orders-20260521T0000Z-a1';
    const claimed = await scenario.world.invoke('claim-rotation', { ...rotation, enteredAt, executionArn });
    expect(claimed).toMatchObject({ ok: true, payload: { version: 1 } });
    const owned = { ...rotation, enteredAt, fence: (await scenario.key()).fence, version: 1 };
    const twins = await Promise.all([scenario.world.invoke('create-key-version', owned), scenario.world.invoke('create-key-version', owned)]);
    expect(twins.filter(({ ok }) => ok)).toHaveLength(1);
    expect(twins.find(({ ok }) => !ok)).toMatchObject({ error: 'CreateOutcomeUnknown' });
    expect(scenario.createdKeys()).toHaveLength(1);
    expect((await scenario.key()).versions['v1']).toMatchObject({ createIntents: 1, kmsKeyId: scenario.createdKeys()[0] });
  });
});

describe('a lost topic', () => {
  test('stops no safe abort', async () => {
    const scenario = await Scenario.bootstrapped();
    scenario.reply = () => null;
    failing(scenario, 'Publish', new AwsError('InternalErrorException', 'SNS is down', 500));
    await scenario.pass(9 * DAY + 12 * HOUR);
    expect(endings(scenario).at(-1)).toBe(`${NEXT}-a1: aborted`);
    expect(await scenario.key()).toMatchObject({ lease: null, lastFailure: { error: 'DependentsNotReady' } });
    expect(scenario.alerts()).toEqual([]);
  });

  test('keeps every alert in the registry, as it was meant, until it was published', async () => {
    const scenario = await Scenario.bootstrapped();
    const queued = async () => scenario.world.composition('classify-failure').registry().queuedAlerts('orders');
    scenario.reply = () => null;
    failing(scenario, 'Publish', new AwsError('InternalErrorException', 'SNS is down', 500));
    await scenario.pass(9 * DAY + 12 * HOUR);
    const kept = await queued();
    expect(kept).toMatchObject([{ key: 'orders', id: expect.stringContaining(`${NEXT}-a1/`), attributes: { alertId: kept[0]?.id, class: 'recoverable' }, message: expect.stringContaining('DependentsNotReady') }]);
    expect(scenario.violations()).toEqual([]);
    // The next one goes through, is struck off, and leaves the first alone.
    scenario.world.fault = () => 'none';
    await scenario.pass(DAY);
    expect(scenario.alerts()).toHaveLength(1);
    expect(await queued()).toEqual(kept);
    expect(scenario.verdicts().filter(({ invariant }) => invariant === '10 a queued alert stays until it is published')).toMatchObject([{ status: 'held' }]);
    // For ever it must not wait: a day later the checker says so.
    expect(scenario.violations()).toEqual([expect.stringContaining(`alert ${kept[0]?.id} has been queued since`)]);
  });
});

describe('an open intent', () => {
  test('is never left behind by a rotation that completes: a disable that a hold overtook is resolved first', async () => {
    const scenario = await Scenario.bootstrapped();
    const first = (await active(scenario)).kmsKeyId;
    // DisableKey works and its answer is lost; before the execution comes back, a person sets a hold.
    scenario.world.fault = ({ operation }) => (operation === 'DisableKey' ? 'lose-answer' : 'none');
    const disabling = before(scenario, 'DisableKey', async () => setHold(scenario));
    await scenario.pass(20 * DAY);
    expect(disabling.hasHappened()).toBe(true);
    const key = await scenario.key();
    const state = (callKms(scenario, 'DescribeKey', { KeyId: first }) as { KeyMetadata: { KeyState: string } }).KeyMetadata.KeyState;
    expect({ intent: key.intent, lease: key.lease }).toEqual({ intent: null, lease: null });
    expect([key.versions['v1']?.status, state]).toEqual(['DISABLED', 'Disabled']);
    expect(scenario.violations()).toEqual([]);
  });
});
