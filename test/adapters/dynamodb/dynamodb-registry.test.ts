import { registryContract } from '../../contracts/registry';
import { withDueTime } from '../../../lambdas/domain/due-time';
import { firstBreak } from '../../../lambdas/domain/ledger';
import { setHold } from '../../../lambdas/domain/operations';
import { REGISTRY_ID, TABLE } from '../../../local/simulator/deployment';
import { World } from '../../../local/simulator/world';
import { policyOf } from '../../support/policies';

const caller = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/test', userId: 'test' };

registryContract('DynamoDbRegistry on the local DynamoDB', () => {
  const world = new World();
  return {
    registry: world.composition('claim-rotation').registry(),
    registryId: REGISTRY_ID,
    failNextWrite: (failure) => {
      let isPending = true;
      world.interceptAll = async (call, next) => {
        if (!isPending || call.operation !== 'TransactWriteItems') return next();
        isPending = false;
        return failure(next);
      };
    },
    changeItem: (name, attribute, value) => {
      world.dynamodb.call(
        'UpdateItem',
        {
          TableName: TABLE,
          Key: { pk: { S: `KEY#${name}` }, sk: { S: 'META' } },
          UpdateExpression: 'SET #attribute = :value',
          ExpressionAttributeNames: { '#attribute': attribute },
          ExpressionAttributeValues: { ':value': { S: value } },
        },
        caller,
      );
    },
    readAttribute: (name, attribute) => {
      const { Item: item } = world.dynamodb.call('GetItem', { TableName: TABLE, Key: { pk: { S: `KEY#${name}` }, sk: { S: 'META' } } }, caller) as {
        Item?: Record<string, { S?: string }>;
      };
      return item?.[attribute]?.S;
    },
  };
});

/** Attributes that the release before did not write. */
const LATER = ['rotationDueAt', 'retirementDueAt', 'retirementRuns', 'emergency', 'emergencies', 'abortRequest', 'rescues', 'repair', 'approvals', 'answeredApprovals'];

test('an item of the release before is read with what its silence means, also after it was written', async () => {
  const world = new World({ startMs: Date.UTC(2026, 5, 1) });
  await world.register([policyOf()]);
  const registry = world.composition('claim-rotation').registry();
  const whole = (await registry.read('orders'))!.key;
  const names = Object.fromEntries([...LATER, 'policy', 'approvers', 'approvalTimeoutSeconds', 'emergencyDrainSeconds'].map((name) => [`#${name}`, name]));
  const paths = [...LATER.map((name) => `#${name}`), ...['approvers', 'approvalTimeoutSeconds', 'emergencyDrainSeconds'].map((name) => `#policy.#${name}`)];
  world.dynamodb.call('UpdateItem', { TableName: TABLE, Key: { pk: { S: 'KEY#orders' }, sk: { S: 'META' } }, UpdateExpression: `REMOVE ${paths.join(', ')}`, ExpressionAttributeNames: names }, caller);
  expect((await registry.read('orders'))?.key).toEqual(whole);
  expect(whole).toMatchObject({ emergency: null, retirementRuns: 0, rescues: {}, rotationDueAt: whole.dueAt, policy: { approvers: 1 } });
  // Something is due before the next window from now on, which must not become the window's own due time.
  const sooner = '2026-01-01T00:00:00.000Z';
  const held = await registry.transact('orders', (key) => {
    const decision = setHold(key, { by: 'a person', at: whole.dueAt, reason: 'audit' });
    return decision.kind === 'done' ? decision : { ...decision, next: withDueTime({ ...decision.next, retirementDueAt: sooner }) };
  });
  expect(held).toMatchObject({ dueAt: sooner, rotationDueAt: whole.dueAt });
  expect((await registry.read('orders'))?.key).toEqual(held);
  expect(firstBreak(await registry.ledger('orders'))).toBeUndefined();
});
