import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';
import { active, aliasTarget, callKms, endings, foreignKey, keyState, kmsChanges, statuses, traceLength } from '../support/outsider';
import { policyOf } from '../support/policies';

const arnOf = (keyId: string) => `arn:aws:kms:eu-central-1:111122223333:key/${keyId}`;

/** A world with a key that somebody made before keyturn came, behind the alias. */
function withExistingKey(input: Record<string, unknown> = {}): { scenario: Scenario; keyId: string } {
  const scenario = new Scenario();
  const keyId = foreignKey(scenario, input);
  callKms(scenario, 'CreateAlias', { AliasName: 'alias/orders', TargetKeyId: keyId });
  return { scenario, keyId };
}

const items = (scenario: Scenario) => scenario.world.trace.events().filter(({ type }) => type === 'dynamodb.item-written').length;

async function refusal(scenario: Scenario, policies: readonly KeyPolicy[]): Promise<string> {
  const before = items(scenario);
  const message = await scenario.world.register(policies).then(
    () => 'nothing was refused',
    (error: unknown) => (error as Error).message,
  );
  expect(items(scenario)).toBe(before);
  expect(kmsChanges(scenario)).toEqual([]);
  return message;
}

describe('adoption', () => {
  test('takes the key that the alias points to as version 1, keeps it, and rotates first at the next anchor', async () => {
    const { scenario, keyId } = withExistingKey();
    await scenario.world.register([policyOf({ ...SHORT, adopt: arnOf(keyId) })]);
    expect(await scenario.key()).toMatchObject({
      completedWindow: '20260521T0000Z',
      versions: { v1: { status: 'ACTIVE', kmsKeyId: keyId, retirement: 'keep', rotationId: 'adopted' } },
    });
    await scenario.pass(8 * DAY);
    expect(endings(scenario)).toEqual([]);
    await scenario.pass(12 * DAY);
    expect(endings(scenario)).toEqual(['orders-20260610T0000Z-a1: completed']);
    expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
    expect(keyState(scenario, keyId)).toBe('Enabled');
    expect(aliasTarget(scenario)).toBe((await active(scenario)).kmsKeyId);
    expect(scenario.violations()).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, (keyId: string) => Partial<KeyPolicy>, RegExp]>([
    ['an alias that exists without "adopt"', {}, () => ({}), /alias\/orders exists already and points to .*name its ARN in "adopt"/],
    ['another key than the alias points to', {}, () => ({ adopt: arnOf('99999999-0000-4000-8000-000000000000') }), /alias\/orders points to .*, not to/],
    ['a key of another spec', { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }, (keyId) => ({ adopt: arnOf(keyId) }), /has spec ECC_NIST_P256, the configuration says SYMMETRIC_DEFAULT/],
    [
      'a key of another usage',
      { KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' },
      (keyId) => ({ adopt: arnOf(keyId), spec: 'RSA_2048' }),
      /has usage SIGN_VERIFY, the configuration says ENCRYPT_DECRYPT/,
    ],
    [
      'a key of another registry',
      { Tags: [{ TagKey: 'keyturn:registry', TagValue: 'another' }] },
      (keyId) => ({ adopt: arnOf(keyId) }),
      /belongs to the registry another .*A key has one registry/,
    ],
    ['a key in another key store', {}, (keyId) => ({ adopt: arnOf(keyId), keyStoreId: 'cks-1' }), /is in key store none, the configuration says cks-1/],
  ])('refuses %s, and writes nothing', async (_, input, change, finding) => {
    const { scenario, keyId } = withExistingKey(input);
    expect(await refusal(scenario, [policyOf({ ...SHORT, ...change(keyId) })])).toMatch(finding);
  });

  test('refuses a key that is disabled', async () => {
    const { scenario, keyId } = withExistingKey();
    callKms(scenario, 'DisableKey', { KeyId: keyId });
    expect(await refusal(scenario, [policyOf({ ...SHORT, adopt: arnOf(keyId) })])).toContain('is Disabled; it must be Enabled');
  });

  test.each([
    ['a multi-Region key', { MultiRegion: true }, /is a multi-Region key/],
    ['a key of AWS', { KeyManager: 'AWS' }, /is managed by AWS/],
  ])('refuses %s', async (_, change, finding) => {
    const { scenario, keyId } = withExistingKey();
    scenario.world.interceptAll = async (call, next) => {
      const answer = (await next()) as { KeyMetadata?: object };
      return call.operation === 'DescribeKey' ? { KeyMetadata: { ...answer.KeyMetadata, ...change } } : answer;
    };
    expect(await refusal(scenario, [policyOf({ ...SHORT, adopt: arnOf(keyId) })])).toMatch(finding);
  });

  test('refuses a key whose policy would lock keyturn out', async () => {
    const { scenario, keyId } = withExistingKey();
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: 'kms:*', Resource: '*' },
        { Effect: 'Deny', Principal: '*', Action: 'kms:ScheduleKey*', Resource: '*' },
      ],
    });
    callKms(scenario, 'PutKeyPolicy', { KeyId: keyId, PolicyName: 'default', Policy });
    expect(await refusal(scenario, [policyOf({ ...SHORT, adopt: arnOf(keyId) })])).toMatch(/denies kms:ScheduleKeyDeletion to everybody/);
  });

  test('refuses a KMS key that another managed key has already', async () => {
    const { scenario, keyId } = withExistingKey();
    await scenario.world.register([policyOf({ ...SHORT, adopt: arnOf(keyId) })]);
    callKms(scenario, 'CreateAlias', { AliasName: 'alias/again', TargetKeyId: keyId });
    const again = policyOf({ ...SHORT, name: 'again', adopt: arnOf(keyId) });
    await expect(scenario.world.register([scenario.policy, again].slice(1))).rejects.toThrow(/registry|KMS key/);
  });
});

describe('registration', () => {
  test('of the same configuration again changes nothing', async () => {
    const scenario = await Scenario.bootstrapped();
    const key = await scenario.key();
    const before = items(scenario);
    await scenario.world.register([scenario.policy]);
    expect(await scenario.key()).toEqual(key);
    expect(items(scenario)).toBe(before);
  });

  test('changes the policy only, also while a rotation runs', async () => {
    const scenario = await Scenario.registered();
    await scenario.world.fireSchedule();
    await scenario.world.timeline.settle();
    const key = await scenario.key();
    await scenario.world.register([{ ...scenario.policy, owner: 'team-payments', drainSeconds: 8 * 86_400 }]);
    const changed = await scenario.key();
    expect(changed.policy).toMatchObject({ owner: 'team-payments', drainSeconds: 8 * 86_400 });
    expect(changed).toMatchObject({ lease: key.lease, versions: key.versions, fence: key.fence, window: key.window, dueAt: key.dueAt });
    await scenario.advance(HOUR);
    expect(endings(scenario)).toEqual(['orders-20260521T0000Z-a1: completed']);
  });

  test.each<[string, Partial<KeyPolicy>, RegExp]>([
    ['alias', { alias: 'alias/others' }, /keys\.orders\.alias: a registered key keeps its alias: it is alias\/orders, the configuration says alias\/others/],
    ['spec', { spec: 'RSA_2048' }, /keys\.orders\.spec: a registered key keeps its spec/],
    ['usage', { usage: 'SIGN_VERIFY' }, /keys\.orders\.usage: a registered key keeps its usage/],
  ])('refuses another %s for a registered key', async (_, change, finding) => {
    const scenario = await Scenario.registered();
    expect(await refusal(scenario, [{ ...scenario.policy, ...change }])).toMatch(finding);
  });

  test('refuses a frozen key', async () => {
    const scenario = await Scenario.registered();
    await scenario.world.composition('register-keys').registry().freeze('orders', { by: 'x', at: '2026-06-01T00:00:00.000Z', reason: 'alias moved' });
    expect(await refusal(scenario, [{ ...scenario.policy, owner: 'others' }])).toContain('the key is frozen: alias moved');
  });

  test('reports all findings at once and registers none, not even the good ones', async () => {
    const { scenario } = withExistingKey();
    const message = await refusal(scenario, [
      policyOf({ ...SHORT }),
      policyOf({ ...SHORT, name: 'payments', adopt: arnOf('99999999-0000-4000-8000-000000000000') }),
      policyOf({ ...SHORT, name: 'fine' }),
    ]);
    expect(message.split('\n')).toEqual([
      'nothing was registered:',
      expect.stringMatching(/^keys\.orders: alias\/orders exists already/),
      expect.stringMatching(/^keys\.payments: adopt: alias\/payments points to no key/),
    ]);
  });

  test('without a key stops its starts and deletes nothing; with it again, it goes on', async () => {
    const scenario = await Scenario.bootstrapped();
    const first = (await active(scenario)).kmsKeyId;
    const from = traceLength(scenario);
    await scenario.world.register([]);
    expect((await scenario.key()).removed).toBe(true);
    await scenario.pass(30 * DAY);
    expect(kmsChanges(scenario, from)).toEqual([]);
    expect(keyState(scenario, first)).toBe('Enabled');
    expect(endings(scenario)).toHaveLength(1);

    await scenario.world.register([scenario.policy]);
    await scenario.pass(12 * DAY);
    expect(endings(scenario)).toHaveLength(2);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
  });

  test('of a new schedule moves the next due time with it', async () => {
    const scenario = await Scenario.bootstrapped();
    await scenario.world.register([{ ...scenario.policy, rotateEverySeconds: 40 * 86_400, startSpreadSeconds: 0 }]);
    expect((await scenario.key()).dueAt).toBe('2026-06-10T00:00:00.000Z');
    await scenario.world.register([{ ...scenario.policy, anchor: '2026-01-06T00:00:00Z', startSpreadSeconds: 0 }]);
    expect((await scenario.key()).dueAt).toBe('2026-05-26T00:00:00.000Z');
  });
});
