import { AwsError } from '../../local/kernel/aws-error';
import { check } from '../../lambdas/domain/checker';
import type { Approval } from '../../lambdas/domain/approval';
import { FATES, strikeOnce } from '../support/fates';
import { active, aliasTarget, callKms, edit, foreignKey, keyState, kmsChanges, setHold, traceLength } from '../support/outsider';
import { answer, approvals, BOB, reconciled } from '../support/people';
import { makeOrphan } from '../support/orphan';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

const done = (result: unknown): readonly string[] => (result as { payload: { done: { what: string }[] } }).payload.done.map(({ what }) => what);
const failed = (result: unknown): readonly { check: string }[] => (result as { payload: { failed: { check: string }[] } }).payload.failed;

async function orphaned(): Promise<{ readonly scenario: Scenario; readonly orphan: string }> {
  const scenario = await Scenario.registered();
  await makeOrphan(scenario);
  expect(scenario.createdKeys()).toHaveLength(2);
  const orphan = scenario.createdKeys()[0] ?? '';
  expect((await active(scenario)).kmsKeyId).not.toBe(orphan);
  return { scenario, orphan };
}

/** The question about it, once the reconciliation has asked. */
async function asked(scenario: Scenario): Promise<Approval | undefined> {
  await reconciled(scenario, HOUR);
  return (await approvals(scenario)).at(-1);
}

/** One deletion, by the checker's word. */
function expectConsent(scenario: Scenario): void {
  expect(check(scenario.world.trace.events()).filter(({ invariant }) => invariant.startsWith('6 an orphan'))).toMatchObject([{ status: 'held', restsOn: 1 }]);
}

/** A KMS key that carries the tags of a version's. */
async function copyOfTags(scenario: Scenario, change: Readonly<Record<string, string>> = {}): Promise<string> {
  const { kmsKeyId } = await active(scenario);
  const tags = { ...scenario.world.kms.snapshot().keys.find(({ id }) => id === kmsKeyId)?.tags, ...change };
  return foreignKey(scenario, { Tags: Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue })) });
}

test('a KMS key that a lost answer left behind is offered for deletion, and deleted only by consent', async () => {
  const { scenario, orphan } = await orphaned();
  const question = await asked(scenario);
  expect(question).toMatchObject({ purpose: 'delete-orphan', facts: { kmsKeyId: orphan }, outcome: null });
  expect(keyState(scenario, orphan)).toBe('Enabled');
  expect(scenario.alerts()).toHaveLength(1);
  expect(await answer(scenario, BOB, question?.id)).toMatchObject({ status: 'done' });
  await reconciled(scenario, HOUR);
  expect(keyState(scenario, orphan)).toBe('PendingDeletion');
  expect((await approvals(scenario))[0]).toMatchObject({ isCarriedOut: true });
  expectConsent(scenario);
  expect(aliasTarget(scenario)).toBe((await active(scenario)).kmsKeyId);
});

describe.each(FATES)('with %s', (fate) => {
  test.each(['ScheduleKeyDeletion', 'UpdateItem'])('at %s of the reconciliation an orphan is deleted once for each consent: who takes the deletion back is not asked for nothing', async (operation) => {
    const { scenario, orphan } = await orphaned();
    const question = await asked(scenario);
    await answer(scenario, BOB, question?.id);
    const from = traceLength(scenario);
    const struck = strikeOnce(scenario, 'reconcile', fate, [operation]);
    await reconciled(scenario, HOUR);
    expect([...struck]).toEqual([operation]);
    expect(keyState(scenario, orphan)).toBe('PendingDeletion');
    expect((await approvals(scenario))[0]).toMatchObject({ isCarriedOut: true });
    callKms(scenario, 'CancelKeyDeletion', { KeyId: orphan });
    await reconciled(scenario, 3 * HOUR);
    expect(keyState(scenario, orphan)).toBe('Disabled');
    const scheduled = scenario.world.trace.events().filter((event) => event.seq >= from && event.type === 'kms.key-state-changed' && event.to === 'PendingDeletion');
    expect(scheduled).toHaveLength(1);
    expectConsent(scenario);
  });
});

test.each<[string, (scenario: Scenario) => Promise<void>, (scenario: Scenario) => Promise<void>]>([
  ['held', setHold, (scenario) => edit(scenario, () => ({ hold: null }))],
  ['quarantined', (scenario) => edit(scenario, ({ dueAt }) => ({ quarantine: { by: BOB, at: dueAt, reason: 'look first' } })), (scenario) => edit(scenario, () => ({ quarantine: null }))],
])('an orphan of a key that is %s is told of once, and offered for deletion afterwards', async (_, begin, end) => {
  const { scenario, orphan } = await orphaned();
  await begin(scenario);
  await reconciled(scenario, 2 * HOUR);
  expect(await approvals(scenario)).toEqual([]);
  expect(scenario.alerts().filter((subject) => subject.includes('no version names'))).toHaveLength(1);
  await end(scenario);
  expect(await asked(scenario)).toMatchObject({ purpose: 'delete-orphan', facts: { kmsKeyId: orphan } });
  expect(keyState(scenario, orphan)).toBe('Enabled');
});

describe('an orphan whose deletion a person has approved stays', () => {
  test.each<[string, (scenario: Scenario, orphan: string) => unknown]>([
    ['once the key has changed since', async (scenario) => {
      await setHold(scenario);
      await edit(scenario, () => ({ hold: null }));
    }],
    ['while the key is held', (scenario) => setHold(scenario)],
    ['while the key is quarantined', (scenario) => edit(scenario, ({ dueAt }) => ({ quarantine: { by: BOB, at: dueAt, reason: 'look first' } }))],
    ['once the alias points to it', (scenario, orphan) => callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: orphan })],
    ['when a look-up fails', (scenario) => {
      scenario.world.fault = ({ function: name, operation }) => (name === 'reconcile' && operation === 'GetKeyLastUsage' ? new AwsError('KMSInternalException', 'simulated', 500) : 'none');
    }],
    ['once another key shows that the registry went back', (scenario) => copyOfTags(scenario, { 'keyturn:rotation': 'orders-20990101T0000Z-a1' })],
  ])('%s', async (_, change) => {
    const { scenario, orphan } = await orphaned();
    const question = await asked(scenario);
    expect(await answer(scenario, BOB, question?.id)).toMatchObject({ status: 'done' });
    const from = traceLength(scenario);
    await change(scenario, orphan);
    await reconciled(scenario, HOUR);
    expect(keyState(scenario, orphan)).toBe('Enabled');
    expect(kmsChanges(scenario, from)).toEqual([]);
  });
});

test.each<[string, (scenario: Scenario) => Promise<string>, string]>([
  ['that somebody has used', async (scenario) => {
    const orphan = await copyOfTags(scenario);
    callKms(scenario, 'Encrypt', { KeyId: orphan, Plaintext: Buffer.from('secret').toString('base64') });
    return orphan;
  }, 'somebody used it'],
  ['that no rotation has meant to make', (scenario) => copyOfTags(scenario, { 'keyturn:version': '7' }), 'the ledger knows no intent to make it'],
])('an orphan %s is not offered for deletion', async (_, make, reason) => {
  const scenario = await Scenario.bootstrapped();
  const orphan = await make(scenario);
  await scenario.advance(4 * HOUR);
  await reconciled(scenario, HOUR);
  expect(await approvals(scenario)).toEqual([]);
  expect(scenario.alerts()).toEqual(['keyturn: orders: a KMS key of keyturn that no version names']);
  const [message] = scenario.world.trace.events().flatMap((event) => (event.type === 'sns.published' ? [event.message] : []));
  expect(message).toContain(reason);
  expect(keyState(scenario, orphan)).toBe('Enabled');
});

test('keys that carry the tag of another registry are left alone, whatever else they carry', async () => {
  const scenario = await Scenario.bootstrapped();
  foreignKey(scenario, { Tags: [{ TagKey: 'keyturn:registry', TagValue: '111122223333:eu-central-1:other' }, { TagKey: 'keyturn:rotation', TagValue: 'unknown' }] });
  await copyOfTags(scenario, { 'keyturn:registry': '111122223333:eu-central-1:other' });
  await scenario.advance(4 * HOUR);
  expect(done(await scenario.world.reconcile())).toEqual([]);
  expect(scenario.alerts()).toEqual([]);
});

test('a failed look-up ends the search for orphans, and cleans up nothing', async () => {
  const scenario = await Scenario.bootstrapped();
  scenario.world.fault = ({ function: name, service }) => (name === 'reconcile' && service === 'tagging' ? new AwsError('InternalServiceException', 'simulated', 500) : 'none');
  expect(failed(await scenario.world.reconcile())).toMatchObject([{ check: 'orphans' }]);
  expect((await scenario.key()).quarantine).toBeNull();
});

describe('a registry that went back', () => {
  test('is noticed also when an orphan cannot be looked at, and one key that cannot be quarantined keeps no other from it', async () => {
    const scenario = new Scenario();
    await scenario.world.register([scenario.policy, policyOf({ ...SHORT, name: 'invoices', alias: 'alias/invoices' })]);
    await scenario.world.fireSchedule();
    await scenario.advance(HOUR);
    const orphan = await copyOfTags(scenario);
    await copyOfTags(scenario, { 'keyturn:rotation': 'orders-20990101T0000Z-a1' });
    await scenario.advance(HOUR);
    scenario.world.fault = ({ function: name, operation, input }) => {
      const isOrphan = operation === 'DescribeKey' && JSON.stringify(input).includes(orphan);
      const isInvoices = operation === 'TransactWriteItems' && JSON.stringify(input).includes('KEY#invoices');
      return name === 'reconcile' && (isOrphan || isInvoices) ? new AwsError('InternalServerError', 'simulated', 500) : 'none';
    };
    const registry = scenario.world.composition('reconcile').registry();
    const quarantined = async () => Promise.all(['invoices', 'orders'].map(async (name) => (await registry.read(name))?.key.quarantine?.by ?? null));
    expect(failed(await scenario.world.reconcile())).toMatchObject([{ check: 'orphans' }]);
    expect(await quarantined()).toEqual([null, 'reconcile']);
    scenario.world.fault = () => 'none';
    await scenario.world.reconcile();
    expect(await quarantined()).toEqual(['reconcile', 'reconcile']);
    await scenario.pass(2 * DAY);
  });
});
