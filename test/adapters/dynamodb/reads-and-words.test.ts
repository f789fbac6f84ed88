import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbAcknowledgements } from '../../../lambdas/adapters/dynamodb/dynamodb-acknowledgements';
import { DynamoDbApprovals } from '../../../lambdas/adapters/dynamodb/dynamodb-approvals';
import { DynamoDbReconciliation } from '../../../lambdas/adapters/dynamodb/dynamodb-reconciliation';
import { DynamoDbRegistry } from '../../../lambdas/adapters/dynamodb/dynamodb-registry';
import { alertItem } from '../../../lambdas/adapters/dynamodb/items';
import type { Alert } from '../../../lambdas/domain/alert';
import type { Approval } from '../../../lambdas/domain/approval';
import { FIRST_PASS } from '../../../lambdas/domain/findings';
import type { Acknowledgement, AcknowledgementAnswer } from '../../../lambdas/ports/acknowledgements';
import { World } from '../../../local/simulator/world';

const NOTE = { by: 'alice', at: '2026-04-01T00:00:00.000Z', reason: 'audit' };
const ALERT: Alert = { id: 'one', key: 'orders', subject: 's', message: 'm', attributes: {} };
const APPROVAL: Approval = {
  id: 'a1', key: 'orders', purpose: 'revoke', question: 'Schedule its deletion?', rev: 7, requestedBy: 'somebody', requestedAt: NOTE.at, expiresAt: '2026-04-08T00:00:00.000Z',
  approversNeeded: 2, rotationId: null, version: 1, errorClass: null, facts: { state: 'Check Bake' }, votes: [], outcome: null,
};
const QUESTION: Omit<Acknowledgement, 'answer'> = { id: 'a1', key: 'orders', version: 2, dependent: 'orders-api', phase: 'ready', principal: 'arn:aws:iam::111122223333:role/orders-api' };
const YES: AcknowledgementAnswer = { verdict: 'yes', version: 2, by: 'somebody', at: NOTE.at };

/** Whatever is sent is written down; nothing is found. */
function recording(answer: () => unknown = () => ({})) {
  const inputs: Readonly<Record<string, unknown>>[] = [];
  const client = {
    send: async ({ input }: { readonly input: Readonly<Record<string, unknown>> }) => {
      inputs.push(input);
      return answer();
    },
  } as unknown as DynamoDBClient;
  return {
    inputs,
    registry: new DynamoDbRegistry(client, 'table'),
    approvals: new DynamoDbApprovals(client, 'table'),
    acknowledgements: new DynamoDbAcknowledgements(client, 'table'),
    reconciliation: new DynamoDbReconciliation(client, 'table'),
  };
}
type Ports = Omit<ReturnType<typeof recording>, 'inputs'>;

test.each<[string, (ports: Ports) => Promise<unknown>]>([
  ['a key', ({ registry }) => registry.read('orders')],
  ['the alerts of a key', ({ registry }) => registry.queuedAlerts('orders')],
  ['the owner of a KMS key', ({ registry }) => registry.ownerOf('k1')],
  ['terminal versions', ({ registry }) => registry.terminalVersions('orders')],
  ['the ledger', ({ registry }) => registry.ledger('orders')],
  ['an approval', ({ approvals }) => approvals.read('a1')],
  ['who waits for an approval', ({ approvals }) => approvals.waiter('a1')],
  ['an acknowledgement', ({ acknowledgements }) => acknowledgements.read('a1')],
  ['what was found at a key', ({ reconciliation }) => reconciliation.findings('orders')],
  ['a pass', ({ reconciliation }) => reconciliation.pass()],
])('%s is read strongly', async (_, read) => {
  const { inputs, ...ports } = recording();
  await read(ports);
  expect(inputs.length).toBeGreaterThan(0);
  expect(inputs.map(({ ConsistentRead }) => ConsistentRead)).toEqual(inputs.map(() => true));
});

test.each<[string, (ports: Ports) => Promise<unknown>]>([
  ['read KEY#orders/META', ({ registry }) => registry.read('orders')],
  ['freeze orders', ({ registry }) => registry.freeze('orders', NOTE)],
  ['queue alert one', ({ registry }) => registry.queueAlert(ALERT)],
  ['forget alert one', ({ registry }) => registry.forgetAlert(ALERT)],
  ['query the registry', ({ registry }) => registry.ledger('orders')],
  ['read approval a1', ({ approvals }) => approvals.read('a1')],
  ['read who waits for approval a1', ({ approvals }) => approvals.waiter('a1')],
  ['ask for approval a1', ({ approvals }) => approvals.open(APPROVAL)],
  ['answer approval a1', ({ approvals }) => approvals.record(APPROVAL, APPROVAL)],
  ['mark approval a1 as carried out', ({ approvals }) => approvals.markCarriedOut('a1')],
  ['read acknowledgement a1', ({ acknowledgements }) => acknowledgements.read('a1')],
  ['open acknowledgement a1', ({ acknowledgements }) => acknowledgements.open(QUESTION)],
  ['answer acknowledgement a1', ({ acknowledgements }) => acknowledgements.answer('a1', YES)],
  ['read what was reconciled', ({ reconciliation }) => reconciliation.pass()],
  ['remember what was reconciled', ({ reconciliation }) => reconciliation.rememberPass(FIRST_PASS)],
])('an error says what was to be done: %s', async (words, act) => {
  const { inputs: _inputs, ...ports } = recording(() => {
    throw Object.assign(new Error('no such table'), { name: 'ResourceNotFoundException' });
  });
  await expect(act(ports)).rejects.toMatchObject({ message: expect.stringContaining(words) as unknown });
});

test.each(['transact', 'transactFrozen'] as const)('%s of a key that is not there says what to do', async (method) => {
  const { registry } = recording();
  await expect(registry[method]('orders', () => ({ kind: 'done' }))).rejects.toMatchObject({ name: 'KeyNotRegistered', message: 'orders is not in the registry. Add it to keyturn.config.json and deploy.' });
});

test('a registration of nothing registers nothing', async () => {
  const { registry } = recording();
  await expect(registry.register('orders', () => ({ kind: 'done' }))).rejects.toMatchObject({ name: 'KeyNotRegistered', message: 'orders is not in the registry' });
});

test('what comes on several pages is read to its end', async () => {
  const next = { pk: { S: 'ALERT#orders' }, sk: { S: 'one' } };
  const pages = [{ Items: [alertItem(ALERT)], LastEvaluatedKey: next }, { LastEvaluatedKey: next }, { Items: [alertItem({ ...ALERT, id: 'two' })] }];
  const { inputs, registry } = recording(() => pages[inputs.length - 1]);
  expect(await registry.queuedAlerts('orders')).toEqual([ALERT, { ...ALERT, id: 'two' }]);
  expect(inputs.map(({ ExclusiveStartKey }) => ExclusiveStartKey)).toEqual([undefined, next, next]);
});

describe('a member that is undefined is left out of', () => {
  const NOTHING = undefined as unknown as string;

  test('an answer to a dependent', async () => {
    const acknowledgements = new World().composition('notify-dependent').acknowledgements();
    await acknowledgements.open(QUESTION);
    await acknowledgements.answer('a1', { ...YES, reason: NOTHING });
    expect(await acknowledgements.read('a1')).toStrictEqual({ ...QUESTION, answer: YES });
  });

  test('an approval and a vote', async () => {
    const approvals = new World().composition('decide').approvals();
    expect(await approvals.open({ ...APPROVAL, facts: { state: 'Check Bake', subject: NOTHING } })).toStrictEqual(APPROVAL);
    const vote = { answer: 'approve', by: 'alice', at: NOTE.at, reason: 'nobody needs it' } as const;
    await approvals.record(APPROVAL, { ...APPROVAL, votes: [{ ...vote, ...{ more: NOTHING } }] });
    expect(await approvals.read('a1')).toStrictEqual({ ...APPROVAL, votes: [vote] });
  });

  test('what is remembered of a pass', async () => {
    const reconciliation = new World().composition('reconcile').reconciliation();
    await reconciliation.rememberPass({ ...FIRST_PASS, afterKey: NOTHING });
    expect(await reconciliation.pass()).toStrictEqual(FIRST_PASS);
  });
});
