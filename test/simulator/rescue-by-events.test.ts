import type { Caller } from '../../local/kernel/service';
import { active, aliasTarget, before, callKms, endings, foreignKey, keyState, statuses } from '../support/outsider';
import { reconciled, typesOf } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

const MINUTE = 60_000;
const NIGHTLY: Caller = { accountId: '111122223333', arn: 'arn:aws:sts::111122223333:assumed-role/reports/nightly', userId: 'AROAREPORTS:nightly' };
const RESCUED = 'v1 is still in use and was enabled again';

/** v1 of a key, what the nightly reports have encrypted with it, and its key. */
interface LateUse {
  readonly scenario: Scenario;
  readonly kmsKeyId: string;
  /** Whether the reports can read what they have. */
  readonly decrypts: () => boolean;
}

async function lateUse(): Promise<LateUse> {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, dependents: [] }));
  const { kmsKeyId = '' } = await active(scenario);
  const { CiphertextBlob } = scenario.world.kms.call('Encrypt', { KeyId: scenario.policy.alias, Plaintext: 'c2VjcmV0' }, NIGHTLY) as { CiphertextBlob: string };
  const decrypts = (): boolean => {
    try {
      scenario.world.kms.call('Decrypt', { CiphertextBlob }, NIGHTLY);
      return true;
    } catch {
      return false;
    }
  };
  return { scenario, kmsKeyId, decrypts };
}

async function until(scenario: Scenario, wanted: string): Promise<void> {
  for (let day = 0; day < 40 && !(await statuses(scenario)).includes(wanted); day++) await scenario.pass(DAY / 2);
  expect(await statuses(scenario)).toContain(wanted);
  await scenario.advance(10 * MINUTE);
  toldOfTrials.set(scenario, invocations(scenario).length);
}

const invocations = (scenario: Scenario): readonly (string | null)[] =>
  scenario.world.trace.events().flatMap((event) => (event.type === 'lambda.invoked' && event.function === 'rescue-version' ? [event.error] : []));
/** keyturn tries what it disables, and is told of that first. */
const toldOfTrials = new WeakMap<Scenario, number>();
const rescues = (scenario: Scenario): readonly (string | null)[] => invocations(scenario).slice(toldOfTrials.get(scenario) ?? 0);
const pages = (scenario: Scenario): readonly string[] => scenario.alerts().filter((subject) => subject.includes(RESCUED));

/** What every rescue comes to in the end. */
async function expectRescued({ scenario, kmsKeyId, decrypts }: LateUse): Promise<void> {
  expect(keyState(scenario, kmsKeyId)).toBe('Enabled');
  expect(aliasTarget(scenario, 'alias/orders/v1')).toBe(kmsKeyId);
  expect(decrypts()).toBe(true);
  expect(await scenario.key()).toMatchObject({ hold: { by: 'rescue-version', reason: expect.stringContaining(NIGHTLY.arn) }, versions: { v1: { status: 'DEPRECATED' } }, rescues: {}, intent: null });
  expect(pages(scenario)).toHaveLength(1);
  expect(await scenario.isFrozen()).toBe(false);
  expect(scenario.violations()).toEqual([]);
}

describe('a late user, of whom only CloudTrail tells', () => {
  test.each(['DISABLED', 'REVOKED'])('of a %s version has it enabled again within minutes, and the key stays held', async (status) => {
    const use = await lateUse();
    const { scenario } = use;
    await until(scenario, `v1 ${status}`);
    // Else a consumer whose IAM knows the version by it would be refused by IAM, and nobody would be told.
    expect(aliasTarget(scenario, 'alias/orders/v1')).toBe(use.kmsKeyId);
    expect(use.decrypts()).toBe(false);
    await scenario.advance(59_000);
    expect(rescues(scenario)).toEqual([]);
    await scenario.advance(4 * MINUTE);
    expect(rescues(scenario)).toEqual([null]);
    await expectRescued(use);
    // Nothing retires it again, and the reconciliation finds nothing.
    await reconciled(scenario, 2 * HOUR);
    await scenario.pass(5 * DAY);
    await expectRescued(use);
  });

  test('who fails many times is one rescue and one alert', async () => {
    const use = await lateUse();
    await until(use.scenario, 'v1 DISABLED');
    for (let second = 0; second < 10; second++) {
      for (let time = 0; time < 3; time++) expect(use.decrypts()).toBe(false);
      await use.scenario.advance(1000);
    }
    await use.scenario.advance(10 * MINUTE);
    await reconciled(use.scenario, HOUR);
    expect(rescues(use.scenario)).toHaveLength(30);
    await expectRescued(use);
    expect((await typesOf(use.scenario)).filter((type) => type === 'RescueIntended' || type === 'VersionRescued')).toEqual(['RescueIntended', 'VersionRescued']);
  });

  test('who re-encrypts to a key of its own is found by the source', async () => {
    const use = await lateUse();
    const { CiphertextBlob } = use.scenario.world.kms.call('Encrypt', { KeyId: use.kmsKeyId, Plaintext: 'c2VjcmV0' }, NIGHTLY) as { CiphertextBlob: string };
    const DestinationKeyId = foreignKey(use.scenario);
    await until(use.scenario, 'v1 DISABLED');
    expect(() => use.scenario.world.kms.call('ReEncrypt', { CiphertextBlob, DestinationKeyId }, NIGHTLY)).toThrow(/is disabled/);
    await use.scenario.advance(10 * MINUTE);
    await expectRescued(use);
  });
});

describe('nothing is rescued', () => {
  test("by a use of somebody else's key", async () => {
    const { scenario } = await lateUse();
    await until(scenario, 'v1 DISABLED');
    const other = foreignKey(scenario);
    callKms(scenario, 'DisableKey', { KeyId: other });
    expect(() => callKms(scenario, 'Encrypt', { KeyId: other, Plaintext: 'c2VjcmV0' })).toThrow(/is disabled/);
    await scenario.advance(10 * MINUTE);
    expect(rescues(scenario)).toEqual([null]);
    expect(keyState(scenario, other)).toBe('Disabled');
    expect(await statuses(scenario)).toBe('v1 DISABLED, v2 ACTIVE');
  });

  test("by keyturn's own use of a key that somebody has disabled", async () => {
    const { scenario } = await lateUse();
    let disabled = '';
    before(scenario, 'Encrypt', () => {
      disabled = scenario.createdKeys().at(-1) ?? '';
      callKms(scenario, 'DisableKey', { KeyId: disabled });
    });
    await scenario.pass(12 * DAY);
    expect(scenario.createdKeys().indexOf(disabled)).toBe(1);
    expect(rescues(scenario)).not.toEqual([]);
    expect(rescues(scenario).every((error) => error === null)).toBe(true);
    expect(keyState(scenario, disabled)).toBe('Disabled');
    expect(pages(scenario)).toEqual([]);
  });

  test('by a rescue that fails: it is no use', async () => {
    const use = await lateUse();
    const { scenario, kmsKeyId } = use;
    await until(scenario, 'v1 DISABLED');
    // KMS refuses EnableKey of a key that is pending deletion; CloudTrail tells of that call, too.
    const scheduled = before(scenario, 'EnableKey', () => void callKms(scenario, 'ScheduleKeyDeletion', { KeyId: kmsKeyId }));
    expect(use.decrypts()).toBe(false);
    await scenario.advance(20 * MINUTE);
    expect(scheduled.hasHappened()).toBe(true);
    // The use; what the rescue's own call answered; and the rescue once more, which is what puts it right.
    expect(rescues(scenario).filter((error) => error === null)).toHaveLength(2);
    expect(rescues(scenario)).toHaveLength(3);
    await expectRescued(use);
  });
});

/** Somebody uses v1 while its owner has written down what it is about to do to it, and has not done it. */
async function usedUnderIntent(operation: 'DisableKey' | 'ScheduleKeyDeletion', fault: 'none' | 'die-before' | 'die-after'): Promise<LateUse> {
  const use = await lateUse();
  const { scenario } = use;
  let result: unknown;
  const called = before(scenario, operation, async () => {
    result = await scenario.world.invoke('rescue-version', {
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.kms',
      detail: { eventTime: '2026-06-20T00:00:00Z', eventName: 'Decrypt', errorCode: 'DisabledException', userIdentity: { arn: NIGHTLY.arn }, errorMessage: `arn:aws:kms:eu-central-1:111122223333:key/${use.kmsKeyId} is disabled.` },
    });
  });
  let isFirst = true;
  scenario.world.fault = (point) => {
    if (point.operation !== operation || !isFirst) return 'none';
    isFirst = false;
    return fault;
  };
  while (!called.hasHappened()) await scenario.pass(DAY / 2);
  expect(result).toMatchObject({ ok: false, error: 'OwnerNotSettled' });
  return use;
}

describe('a rescue while the owner is at it', () => {
  test.each([
    ['ScheduleKeyDeletion', 'none'],
    ['ScheduleKeyDeletion', 'die-before'],
    ['ScheduleKeyDeletion', 'die-after'],
    ['DisableKey', 'none'],
    ['DisableKey', 'die-before'],
    ['DisableKey', 'die-after'],
  ] as const)('is finished behind its %s, which meets %s', async (operation, fault) => {
    const use = await usedUnderIntent(operation, fault);
    const { scenario } = use;
    use.decrypts();
    await reconciled(scenario, 6 * HOUR);
    await scenario.pass(2 * DAY);
    await reconciled(scenario, 2 * HOUR);
    await expectRescued(use);
    expect((await scenario.key()).quarantine).toBeNull();
    expect(endings(scenario).length).toBeGreaterThan(1);
  });

  test('is finished by the reconciliation alone, when nobody uses the version again', async () => {
    const use = await usedUnderIntent('ScheduleKeyDeletion', 'die-after');
    const { scenario, kmsKeyId } = use;
    await scenario.advance(6 * HOUR);
    expect((await scenario.key()).rescues).toHaveProperty('v1');
    await reconciled(scenario, HOUR);
    expect(keyState(scenario, kmsKeyId)).toBe('Enabled');
    await expectRescued(use);
  });
});

test('a version that its owner has disabled, and died before saying so, is rescued', async () => {
  const use = await lateUse();
  const { scenario } = use;
  const outcomes: boolean[] = [];
  let isFirst = true;
  scenario.world.fault = ({ operation }) => {
    if (operation !== 'DisableKey' || !isFirst) return 'none';
    isFirst = false;
    scenario.world.timeline.after(1000, 'the nightly reports', () => void outcomes.push(use.decrypts()));
    return 'die-after';
  };
  while (outcomes.length === 0) await scenario.pass(DAY / 2);
  expect(outcomes).toEqual([false]);
  await reconciled(scenario, 2 * HOUR);
  await scenario.pass(3 * DAY);
  await expectRescued(use);
  expect(scenario.world.calls.filter(({ operation }) => operation === 'DisableKey')).toHaveLength(1);
});

describe('a rescue whose process dies', () => {
  test('behind any of its calls is finished, and told of', async () => {
    const use = await lateUse();
    await until(use.scenario, 'v1 REVOKED');
    const before = use.scenario.world.calls.length;
    use.decrypts();
    await use.scenario.advance(10 * MINUTE);
    const calls = use.scenario.world.calls.slice(before).filter(({ function: name }) => name === 'rescue-version');
    // Dying behind a read is dying behind the write before it.
    const writes = calls.flatMap(({ operation }, position) => (/^(Get|Describe)/.test(operation) ? [] : [position]));
    expect(writes.map((position) => calls[position]?.operation)).toEqual([
      'PutItem', 'TransactWriteItems', 'CancelKeyDeletion', 'TransactWriteItems', 'EnableKey', 'PutItem', 'Publish', 'DeleteItem', 'TransactWriteItems',
    ]);
    for (const victim of writes) {
      const again = await lateUse();
      const { scenario } = again;
      await until(scenario, 'v1 REVOKED');
      let position = 0;
      scenario.world.fault = ({ function: name }) => (name === 'rescue-version' && position++ === victim ? 'die-after' : 'none');
      again.decrypts();
      await scenario.advance(10 * MINUTE);
      await reconciled(scenario, HOUR);
      // Whoever dies between publishing an alert and striking it off has it published once more.
      expect([1, 2]).toContain(pages(scenario).length);
      expect(keyState(scenario, again.kmsKeyId)).toBe('Enabled');
      expect(await scenario.key()).toMatchObject({ hold: { by: 'rescue-version' }, versions: { v1: { status: 'DEPRECATED' } }, rescues: {} });
    }
  });
});

describe('a late user whom three tries in a row could not help', () => {
  /** The events that nobody handled. */
  const letters = (scenario: Scenario) => scenario.world.trace.events().flatMap((event) => (event.type === 'lambda.dead-letter-sent' ? [event] : []));

  async function usedWhile(failures: number): Promise<LateUse> {
    const use = await lateUse();
    await until(use.scenario, 'v1 DISABLED');
    let tries = 0;
    use.scenario.world.fault = ({ function: name, operation }) => (name === 'rescue-version' && operation === 'GetItem' && tries++ < failures ? 'die-before' : 'none');
    expect(use.decrypts()).toBe(false);
    await use.scenario.advance(10 * MINUTE);
    return use;
  }

  test('is named in the dead-letter queue, and rescued once the event is sent again', async () => {
    const use = await usedWhile(3);
    const [letter, ...others] = letters(use.scenario);
    expect([letter?.function, others]).toEqual(['rescue-version', []]);
    expect(letter?.payload).toContain(NIGHTLY.arn);
    expect(letter?.payload).toContain(use.kmsKeyId);
    // What the runbook says to do.
    await use.scenario.world.invoke('rescue-version', JSON.parse(letter?.payload ?? ''));
    await expectRescued(use);
  });

  test('is not, when the third helps', async () => {
    const use = await usedWhile(2);
    expect(letters(use.scenario)).toEqual([]);
    await expectRescued(use);
  });
});
