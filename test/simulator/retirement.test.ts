import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { msOf } from '../../lambdas/domain/instant';
import { MAX_STATE_SECONDS } from '../../lambdas/contract/timing';
import { CONSUMER_SESSION, DAY, HOUR, Scenario, SHORT } from '../support/scenario';
import { active, aliasTarget, before, callKms, edit, endings, keyState, kmsChanges, setHold, statuses, traceLength } from '../support/outsider';
import { policyOf } from '../support/policies';

const NEXT = 'orders-20260610T0000Z-a1';

/** Bootstraps, and runs the rotation after it to the end. */
async function rotated(policy: Partial<KeyPolicy> = {}, disturb: (scenario: Scenario) => void = () => undefined): Promise<{ scenario: Scenario; first: string | undefined }> {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, ...policy }));
  const first = (await active(scenario)).kmsKeyId;
  disturb(scenario);
  await scenario.pass(20 * DAY);
  return { scenario, first };
}

const outcomeOf = (scenario: Scenario) => endings(scenario).find((ending) => ending.startsWith(NEXT));
const completion = async (scenario: Scenario) => (await scenario.ledger()).find(({ type, by }) => type === 'RotationCompleted' && by === NEXT)?.facts;

/** What KMS tells when it has deleted a key. */
const deletionOf = (kmsKeyId: string | undefined) => ({ time: '2026-07-01T00:00:00Z', detail: { 'key-id': kmsKeyId } });

describe('retirement', () => {
  test.each<[KeyPolicy['retirement'], boolean, string, string, string]>([
    ['keep', false, 'v1 DEPRECATED, v2 ACTIVE', 'Enabled', 'completed'],
    ['disable', false, 'v1 DISABLED, v2 ACTIVE', 'Disabled', 'completed'],
    ['delete', true, 'v1 REVOKED, v2 ACTIVE', 'PendingDeletion', 'completed'],
    ['delete', false, 'v1 DISABLED, v2 ACTIVE', 'Disabled', 'completed-retirement-pending'],
  ])('"%s" with autoDelete %s ends with %s', async (retirement, autoDelete, ends, state, outcome) => {
    const { scenario, first } = await rotated({ retirement, autoDelete });
    expect(await statuses(scenario)).toBe(ends);
    expect(keyState(scenario, first)).toBe(state);
    expect(outcomeOf(scenario)).toBe(`${NEXT}: ${outcome}`);
    expect((await scenario.key()).retirementPending).toEqual(outcome === 'completed' ? [] : [1]);
    expect(scenario.violations()).toEqual([]);
  });

  test('waits for its deadlines to the second', async () => {
    const { scenario } = await rotated();
    const v1 = (await scenario.key()).versions['v1']!;
    expect(msOf(v1.disableNotBefore!)).toBe(Math.ceil(msOf(v1.drainFrom!) / 1000) * 1000 + 4 * DAY);
    expect(msOf(v1.disabledAt!)).toBeGreaterThanOrEqual(msOf(v1.disableNotBefore!) + HOUR);
    expect(msOf(v1.revokeNotBefore!)).toBe(Math.ceil(msOf(v1.disabledAt!) / 1000) * 1000 + 2 * DAY + MAX_STATE_SECONDS * 1000);
    expect(msOf(v1.revokedAt!)).toBeGreaterThanOrEqual(msOf(v1.revokeNotBefore!));
  });

  test('of a version goes on to DESTROYED and out of the aggregate when KMS says that the key is gone', async () => {
    const { scenario, first } = await rotated({ deletionWindowDays: 7 });
    await scenario.advance(8 * DAY);
    expect(keyState(scenario, first)).toBeUndefined();
    expect(Object.keys((await scenario.key()).versions)).not.toContain('v1');
    const gone = await scenario.world.composition('record-key-deletion').registry().terminalVersions('orders');
    expect(gone).toMatchObject([{ number: 1, status: 'DESTROYED', kmsKeyId: first, destroyedAt: expect.any(String) }]);
    expect(scenario.violations()).toEqual([]);
  });

  test('takes a repeated or foreign deletion event without a change', async () => {
    const { scenario, first } = await rotated({ deletionWindowDays: 7 });
    await scenario.advance(8 * DAY);
    const key = await scenario.key();
    expect(await scenario.world.invoke('record-key-deletion', deletionOf(first))).toMatchObject({ ok: true, payload: { key: 'orders' } });
    expect(await scenario.world.invoke('record-key-deletion', deletionOf('99999999-0000-4000-8000-000000000000'))).toMatchObject({ ok: true, payload: { key: null } });
    expect(await scenario.key()).toEqual(key);
    expect(await scenario.isFrozen()).toBe(false);
  });

  test('freezes the key, and fails so that an alarm rings, when KMS says that a version in use was deleted', async () => {
    const scenario = await Scenario.bootstrapped();
    const key = await scenario.key();
    expect(await scenario.world.invoke('record-key-deletion', deletionOf((await active(scenario)).kmsKeyId))).toMatchObject({ ok: false, error: 'ObservedMismatch' });
    expect(await scenario.isFrozen()).toBe(true);
    expect(await scenario.key()).toEqual(key);
  });
});

/** Encrypts nothing new, but decrypts with the old key every day. */
function useDaily(scenario: Scenario, days: number): void {
  const KeyId = scenario.createdKeys()[0];
  const { CiphertextBlob } = callKms(scenario, 'Encrypt', { KeyId, Plaintext: 'AAAA' }) as { CiphertextBlob: string };
  for (let day = 1; day <= days; day++) scenario.world.timeline.after(day * DAY, 'decrypt', () => void callKms(scenario, 'Decrypt', { CiphertextBlob }));
}

describe('a drain', () => {
  test('is extended while the old version is in use, and goes on once it is idle', async () => {
    const { scenario } = await rotated({}, (world) => useDaily(world, 12));
    const extensions = (await scenario.ledger()).filter(({ type }) => type === 'DrainExtended');
    expect(extensions).toHaveLength(1);
    expect(extensions[0]?.facts).toMatchObject({ version: 1, reason: expect.stringContaining('was used at') });
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(scenario.violations()).toEqual([]);
  });

  test('is extended three times at most; then the rotation completes with the retirement pending', async () => {
    const long = await Scenario.bootstrapped();
    useDaily(long, 40);
    await long.pass(22 * DAY);
    expect((await long.ledger()).filter(({ type }) => type === 'DrainExtended')).toHaveLength(3);
    expect(endings(long)[1]).toBe(`${NEXT}: completed-retirement-pending`);
    expect((await long.key()).retirementPending).toEqual([1]);
    expect((await long.key()).versions['v1']).toMatchObject({ status: 'DEPRECATED', drainExtensions: 3 });
    expect(long.violations()).toEqual([]);
  });

  test('is extended until the dependent releases the old version, which may say no before it says yes', async () => {
    let questions = 0;
    const { scenario } = await rotated({}, (world) => {
      world.reply = (event) => {
        const { version, phase } = event.detail as { version: number; phase: string };
        if (phase === 'ready') return { verdict: 'yes', version, by: CONSUMER_SESSION };
        questions++;
        const { acknowledgementId } = event.detail as { acknowledgementId: string };
        world.world.timeline.after(5 * DAY, 'release after all', async () => {
          await world.world.invoke('acknowledge', {
            body: JSON.stringify({ acknowledgementId, version, verdict: 'yes' }),
            requestContext: { timeEpoch: world.world.timeline.nowMs(), http: { method: 'POST' }, authorizer: { iam: { userArn: CONSUMER_SESSION } } },
          });
        });
        return { verdict: 'no', version, by: CONSUMER_SESSION, reason: 'not yet' };
      };
    });
    expect(questions).toBe(1);
    expect((await scenario.ledger()).filter(({ type }) => type === 'DrainExtended')).toMatchObject([{ facts: { reason: 'orders-api has not released v1' } }]);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(scenario.violations()).toEqual([]);
  });

  test('is at least as long as the oldest backup', async () => {
    const { scenario } = await rotated({ backupRetentionSeconds: 6 * 86_400 });
    const v1 = (await scenario.key()).versions['v1']!;
    expect(msOf(v1.disableNotBefore!) - msOf(v1.drainFrom!)).toBeGreaterThanOrEqual(6 * DAY);
  });

  test('takes a policy for the longer that was tightened before it began', async () => {
    const { scenario } = await rotated({}, (world) => {
      world.world.timeline.after(8 * DAY + 12 * HOUR + 60_000, 'tighten', async () => edit(world, ({ policy }) => ({ policy: { ...policy, drainSeconds: 6 * 86_400 } })));
    });
    const v1 = (await scenario.key()).versions['v1']!;
    expect(msOf(v1.disableNotBefore!) - msOf(v1.drainFrom!)).toBeGreaterThanOrEqual(6 * DAY);
  });

  test('does not take a loosening: what was pinned at Claim stands', async () => {
    const { scenario } = await rotated({}, (world) => {
      world.world.timeline.after(8 * DAY + 12 * HOUR + 60_000, 'loosen', async () =>
        edit(world, ({ policy }) => ({ policy: { ...policy, drainSeconds: 86_400, idleSeconds: 3600, bakeSeconds: 3600 } })),
      );
    });
    const v1 = (await scenario.key()).versions['v1']!;
    expect(msOf(v1.disableNotBefore!) - msOf(v1.drainFrom!)).toBeGreaterThanOrEqual(4 * DAY);
    expect(msOf(v1.revokeNotBefore!) - msOf(v1.disabledAt!)).toBeGreaterThanOrEqual(2 * DAY);
  });
});

describe('a hold', () => {
  const IN_DRAIN = 11 * DAY;
  const IN_BAKE = 14 * DAY;

  test.each<[string, number, string, string]>([
    ['during the drain', IN_DRAIN, 'v1 DEPRECATED, v2 ACTIVE', 'Enabled'],
    ['during the bake', IN_BAKE, 'v1 DISABLED, v2 ACTIVE', 'Disabled'],
  ])('%s stops the retirement where it is', async (_, when, ends, state) => {
    const { scenario, first } = await rotated({}, (world) => world.world.timeline.after(when, 'hold', async () => setHold(world)));
    expect(await statuses(scenario)).toBe(ends);
    expect(keyState(scenario, first)).toBe(state);
    expect(outcomeOf(scenario)).toBe(`${NEXT}: completed-retirement-pending`);
    expect(await completion(scenario)).toMatchObject({ retirementPending: 1, reason: expect.stringContaining('legal hold') });
    expect(scenario.violations()).toEqual([]);
  });

  test.each([
    ['Disable', 'DisableIntended', 'v1 DEPRECATED, v2 ACTIVE', 'Enabled'],
    ['Revoke', 'RevokeIntended', 'v1 DISABLED, v2 ACTIVE', 'Disabled'],
  ])('between the read and the write of %s wins', async (_, intent, ends, state) => {
    const { scenario, first } = await rotated({}, (world) => {
      let isSet = false;
      world.world.interceptAll = async (call, next) => {
        if (!isSet && call.operation === 'TransactWriteItems' && JSON.stringify(call.input).includes(intent)) {
          isSet = true;
          await setHold(world);
        }
        return next();
      };
    });
    expect(await statuses(scenario)).toBe(ends);
    expect(keyState(scenario, first)).toBe(state);
    expect(await scenario.key()).toMatchObject({ hold: { reason: 'legal hold' }, intent: null, lease: null });
    expect(scenario.violations()).toEqual([]);
  });

  test.each([
    ['Disable', 'disable-previous-version', 'v1 DEPRECATED, v2 ACTIVE'],
    ['Revoke', 'revoke-previous-version', 'v1 DISABLED, v2 ACTIVE'],
  ])('right before %s wins', async (_, name, ends) => {
    const { scenario } = await rotated({}, (world) => {
      let isSet = false;
      world.world.interceptAll = async (call, next) => {
        if (!isSet && call.caller.arn.endsWith(`/${name}`)) {
          isSet = true;
          await setHold(world);
        }
        return next();
      };
    });
    expect(await statuses(scenario)).toBe(ends);
    expect(scenario.violations()).toEqual([]);
  });
});

describe('a change of mind', () => {
  test.each<[string, Partial<KeyPolicy>, RegExp]>([
    ['tightened to keep', { retirement: 'keep' }, /retirement is "keep"/],
    ['without automatic deletion any more, and without an answer,', { autoDelete: false }, /nobody answered approval/],
    ['tightened to disable', { retirement: 'disable' }, /retirement is "disable"/],
  ])('a policy %s during the rotation applies at once', async (_, change, reason) => {
    const { scenario } = await rotated({}, (world) => world.world.timeline.after(14 * DAY, 'tighten', async () => edit(world, ({ policy }) => ({ policy: { ...policy, ...change } }))));
    expect(await statuses(scenario)).toBe('v1 DISABLED, v2 ACTIVE');
    expect(await completion(scenario)).toMatchObject({ reason: expect.stringMatching(reason) });
  });

  test('a policy loosened from keep to delete waits for the next rotation', async () => {
    const { scenario, first } = await rotated({ retirement: 'keep' }, (world) =>
      world.world.timeline.after(8 * DAY + 12 * HOUR + 60_000, 'loosen', async () => edit(world, ({ policy }) => ({ policy: { ...policy, retirement: 'delete', autoDelete: true } }))),
    );
    expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
    expect(keyState(scenario, first)).toBe('Enabled');
  });

  test('a key removed from the configuration during the drain stops retiring', async () => {
    const { scenario, first } = await rotated({}, (world) => world.world.timeline.after(11 * DAY, 'remove', async () => edit(world, () => ({ removed: true }))));
    expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
    expect(keyState(scenario, first)).toBe('Enabled');
    expect(await completion(scenario)).toMatchObject({ reason: 'the key was removed from the configuration' });
    const from = traceLength(scenario);
    await scenario.pass(30 * DAY);
    expect(kmsChanges(scenario, from)).toEqual([]);
  });
});

test('a grant of an AWS service on the old key blocks its disable', async () => {
  const { scenario, first } = await rotated({}, (world) => {
    world.world.interceptAll = async (call, next) => {
      const answer = await next();
      if (call.operation !== 'ListGrants' || (call.input as { KeyId: string }).KeyId !== world.createdKeys()[0]) return answer;
      return { Grants: [{ GrantId: 'a'.repeat(64), GranteePrincipal: 'rds.eu-central-1.amazonaws.com', Operations: ['Decrypt'], IssuingAccount: 'arn:aws:iam::111122223333:root' }] };
    };
  });
  expect(keyState(scenario, first)).toBe('Enabled');
  expect(await completion(scenario)).toMatchObject({ reason: expect.stringContaining('rds.eu-central-1.amazonaws.com') });
  expect(scenario.violations()).toEqual([]);
});

test.each(['disable', 'delete'] as const)('with "%s" the version alias points to its version for as long as KMS has the key', async (retirement) => {
  const { scenario, first } = await rotated({ retirement, deletionWindowDays: 7 });
  expect(aliasTarget(scenario, 'alias/orders/v1')).toBe(first);
  await scenario.advance(8 * DAY);
  expect(aliasTarget(scenario, 'alias/orders/v1')).toBe(keyState(scenario, first) === undefined ? undefined : first);
  expect(keyState(scenario, first)).toBe(retirement === 'delete' ? undefined : 'Disabled');
  expect(scenario.violations()).toEqual([]);
});

test('a retirement whose disable a hold overtook goes on where it was once the hold is lifted', async () => {
  const scenario = await Scenario.bootstrapped();
  const first = (await active(scenario)).kmsKeyId;
  scenario.world.fault = ({ operation }) => (operation === 'DisableKey' ? 'lose-answer' : 'none');
  before(scenario, 'DisableKey', async () => setHold(scenario));
  await scenario.pass(15 * DAY);
  expect(await statuses(scenario)).toBe('v1 DISABLED, v2 ACTIVE');
  expect(keyState(scenario, first)).toBe('Disabled');
  await edit(scenario, () => ({ hold: null }));
  await scenario.pass(4 * DAY);
  expect(keyState(scenario, first)).toBe('PendingDeletion');
  expect(scenario.violations()).toEqual([]);
  expect(aliasTarget(scenario, 'alias/orders/v1')).toBe(first);
});
