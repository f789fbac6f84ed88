import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbAcknowledgements } from '../../../lambdas/adapters/dynamodb/dynamodb-acknowledgements';
import { DynamoDbApprovals } from '../../../lambdas/adapters/dynamodb/dynamodb-approvals';
import { DynamoDbRegistry } from '../../../lambdas/adapters/dynamodb/dynamodb-registry';
import type { Alert } from '../../../lambdas/domain/alert';

const NOTE = { by: 'alice', at: '2026-04-01T00:00:00.000Z', reason: 'audit' };
const ALERT: Alert = { id: 'one', key: 'orders', subject: 's', message: 'm', attributes: {} };

/** Whatever is sent is written down; nothing is found. */
function recording(answer: () => unknown = () => ({})) {
  const inputs: Readonly<Record<string, unknown>>[] = [];
  const client = {
    send: async ({ input }: { readonly input: Readonly<Record<string, unknown>> }) => {
      inputs.push(input);
      return answer();
    },
  } as unknown as DynamoDBClient;
  return { inputs, registry: new DynamoDbRegistry(client, 'table'), approvals: new DynamoDbApprovals(client, 'table'), acknowledgements: new DynamoDbAcknowledgements(client, 'table') };
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
  ['mark approval a1 as carried out', ({ approvals }) => approvals.markCarriedOut('a1')],
  ['read acknowledgement a1', ({ acknowledgements }) => acknowledgements.read('a1')],
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
