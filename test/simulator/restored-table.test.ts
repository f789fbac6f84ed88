import { AwsError } from '../../local/kernel/aws-error';
import { itemsOf, restore } from '../../local/simulator/run/moments';
import { aliasTarget, endings, keyState, kmsChanges, traceLength } from '../support/outsider';
import { isKeyturnRole } from '../../lambdas/domain/checker/options';
import type { KeyReading } from '../../lambdas/ports/registry';
import { approvals, reconciled } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

const MINUTE = 60_000;
const KEYS = ['orders', 'invoices'];
const policy = (name: string) => policyOf({ ...SHORT, name, alias: `alias/${name}`, dependents: [] });

async function begun(): Promise<Scenario> {
  const scenario = new Scenario(policy('orders'));
  await scenario.world.register(KEYS.map(policy));
  await scenario.world.fireSchedule();
  await scenario.advance(HOUR);
  return scenario;
}

async function readings(scenario: Scenario): Promise<readonly (KeyReading | undefined)[]> {
  const registry = scenario.world.composition('reconcile').registry();
  return Promise.all(KEYS.map((name) => registry.read(name)));
}

/** Goes on until keyturn has called an operation for every key, and puts the table back to minutes before the first of these calls. @param days in which nothing of it happens yet */
async function lose(scenario: Scenario, operation: string, days: number): Promise<void> {
  await scenario.pass(days * DAY);
  const calls = (): number => scenario.world.trace.events().filter((event) => event.type === 'sdk.call' && event.operation === operation && event.error === null && isKeyturnRole(event.actor)).length;
  const before = calls();
  let snapshot = itemsOf(scenario.world);
  for (let step = 0; calls() < before + KEYS.length; step++) {
    if (step > 1000) throw new Error(`${operation} was not called`);
    if (calls() === before) snapshot = itemsOf(scenario.world);
    if (step % 180 === 0) await scenario.world.fireSchedule();
    await scenario.advance(4 * MINUTE);
  }
  restore(scenario.world, snapshot);
}

/** Schedule and reconciliation go on for weeks; what keyturn changes in KMS meanwhile. */
async function afterwards(scenario: Scenario): Promise<readonly string[]> {
  const from = traceLength(scenario);
  await reconciled(scenario, 3 * HOUR);
  for (let day = 0; day < 25; day++) {
    await scenario.world.reconcile();
    await scenario.pass(DAY);
  }
  return kmsChanges(scenario, from);
}

const states = (scenario: Scenario) => scenario.world.kms.snapshot().keys.map(({ id }) => keyState(scenario, id));
const aliases = (scenario: Scenario) => KEYS.map((name) => aliasTarget(scenario, `alias/${name}`));
const told = (scenario: Scenario, headline: string): number => scenario.alerts().filter((subject) => subject.includes(headline)).length;

test('a restore to before a creation quarantines every key, deletes nothing, and moves nothing', async () => {
  const scenario = await begun();
  await lose(scenario, 'CreateKey', 8);
  const [keys, targets] = [states(scenario), aliases(scenario)];
  expect(keys).toEqual(['Enabled', 'Enabled', 'Enabled', 'Enabled']);
  await scenario.world.reconcile();
  for (const reading of await readings(scenario)) expect(reading?.key.quarantine?.reason).toContain('the registry went back');
  expect(await afterwards(scenario)).toEqual([]);
  expect(states(scenario)).toEqual(keys);
  expect(aliases(scenario)).toEqual(targets);
  expect(told(scenario, 'THE REGISTRY WENT BACK')).toBe(1);
  expect(await approvals(scenario)).toEqual([]);
});

test.each<[string, string, number, readonly string[]]>([
  ['a promotion', 'UpdateAlias', 8, ['Enabled', 'Enabled', 'Enabled', 'Enabled']],
  ['a disable', 'DisableKey', 12, ['Disabled', 'Disabled', 'Enabled', 'Enabled']],
  ['a revocation', 'ScheduleKeyDeletion', 14, ['PendingDeletion', 'PendingDeletion', 'Enabled', 'Enabled']],
])('a restore to before %s freezes every key that it concerns, and nothing is made of it', async (_, operation, days, expected) => {
  const scenario = await begun();
  await lose(scenario, operation, days);
  const targets = aliases(scenario);
  expect(states(scenario)).toEqual(expected);
  await reconciled(scenario, HOUR);
  for (const reading of await readings(scenario)) expect(reading?.freeze).not.toBeNull();
  expect(await afterwards(scenario)).toEqual([]);
  expect(aliases(scenario)).toEqual(targets);
  expect(states(scenario).filter((state) => state === 'Enabled')).toEqual(expected.filter((state) => state === 'Enabled'));
  // By the reconciliation, or by the execution that found it first.
  for (const name of KEYS) expect(told(scenario, `keyturn: ${name}: `)).toBeGreaterThan(0);
  expect(told(scenario, 'THE REGISTRY WENT BACK')).toBe(0);
});

test('a restore to an hour ago, in which nothing happened to the keys, is no finding', async () => {
  const scenario = await begun();
  await scenario.pass(2 * DAY);
  const snapshot = itemsOf(scenario.world);
  await scenario.advance(HOUR);
  restore(scenario.world, snapshot);
  await reconciled(scenario, HOUR);
  expect(scenario.alerts()).toEqual([]);
  await scenario.pass(20 * DAY);
  expect((await readings(scenario)).map((reading) => reading?.key.lastVersion)).toEqual([2, 2]);
});

test('a registry that knows no key any more is told of, once, and so are its failed rotations, although the topic was away', async () => {
  const scenario = await begun();
  const { world } = scenario;
  let isAway = true;
  world.fault = ({ operation }) => (isAway && operation === 'Publish' ? new AwsError('InternalErrorException', 'away') : 'none');
  world.trace.onEvent((event) => {
    if (event.type === 'states.state-entered' && event.state === 'Create Key Version') restore(scenario.world, []);
  });
  await scenario.pass(9 * DAY + HOUR);
  const failed = endings(scenario).filter((line) => !line.endsWith('completed'));
  expect(failed).not.toEqual([]);
  expect(scenario.alerts()).toEqual([]);
  isAway = false;
  await reconciled(scenario, HOUR);
  const told = (words: string): number => scenario.alerts().filter((subject) => subject.includes(words)).length;
  expect(told('THE REGISTRY WENT BACK: it knows no key')).toBe(1);
  for (const line of failed) expect(scenario.alerts()).toContainEqual(expect.stringMatching(new RegExp(`keyturn: ${line.split('-2026')[0] ?? ''}: .*failure in`)));
  const all = scenario.alerts().length;
  await reconciled(scenario, 3 * HOUR);
  expect(scenario.alerts()).toHaveLength(all);
  expect(itemsOf(scenario.world).filter(({ pk }) => JSON.stringify(pk).includes('ALERT#'))).toEqual([]);
});
