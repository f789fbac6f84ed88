import { FIRST_PASS, NO_FINDINGS, NOTHING_COUNTED } from '../../../lambdas/domain/findings';
import { AwsError } from '../../../local/kernel/aws-error';
import { World } from '../../../local/simulator/world';

const findings = { difference: { what: 'alias', since: '2026-06-01T00:00:00.000Z' }, ledger: { seq: 3, hash: 'h', wholeAt: '2026-06-01T00:00:00.000Z' }, alerted: ['a1'] };
const pass = { afterKey: 'orders', afterKmsKey: null, totals: { ...NOTHING_COUNTED, frozenKeys: 1 }, alerted: [] };

test('nothing is remembered at first', async () => {
  const reconciliation = new World().composition('reconcile').reconciliation();
  expect(await reconciliation.findings('orders')).toEqual(NO_FINDINGS);
  expect(await reconciliation.pass()).toEqual(FIRST_PASS);
});

test('what was remembered comes back, each key and the pass by itself', async () => {
  const reconciliation = new World().composition('reconcile').reconciliation();
  await reconciliation.remember('orders', findings);
  await reconciliation.rememberPass(pass);
  expect(await reconciliation.findings('orders')).toEqual(findings);
  expect(await reconciliation.findings('invoices')).toEqual(NO_FINDINGS);
  expect(await reconciliation.pass()).toEqual(pass);
});

test('failures have the names of the contract', async () => {
  const world = new World();
  world.interceptAll = async () => {
    throw new AwsError('InternalServerError', 'simulated', 500);
  };
  const reconciliation = world.composition('reconcile').reconciliation();
  await expect(reconciliation.findings('orders')).rejects.toMatchObject({ name: 'RegistryBusy' });
  await expect(reconciliation.remember('orders', findings)).rejects.toMatchObject({ name: 'RegistryOutcomeUnknown' });
});
