import { DUE_INDEX } from '../../lambdas/contract/names';
import { Chaos } from '../../local/simulator/run/chaos';
import type { Step } from '../../local/simulator/run/plan';
import { World } from '../../local/simulator/world';

const STALE: Step = { at: 'call', fault: 'dynamodb-stale-index', function: 'reconcile', service: 'dynamodb', operation: 'Query', nth: 2, ms: 60_000 };

test('a stale index gives the answer that the same question had before, and none that it never had', async () => {
  const world = new World({ wire: 'direct' });
  const chaos = new Chaos(world, [STALE], 1);
  const ask = (partition: string, answer: string): Promise<unknown> =>
    world.interceptAll(
      {
        service: 'dynamodb',
        operation: 'Query',
        input: { IndexName: DUE_INDEX.name, KeyConditionExpression: '#pk = :pk', ExpressionAttributeValues: { ':pk': { S: partition } } },
        caller: { accountId: '1', arn: 'arn:reconcile', userId: 'u', traceId: 'Root=1' },
      },
      () => Promise.resolve({ Items: [answer] }),
    );
  expect([await ask('KEYS', 'old'), await ask('ALERTS', 'alert')]).toEqual([{ Items: ['old'] }, { Items: ['alert'] }]);
  expect([await ask('KEYS', 'new'), await ask('ALERTS', 'new'), await ask('OTHERS', 'new')]).toEqual([{ Items: ['old'] }, { Items: ['alert'] }, { Items: [], Count: 0, ScannedCount: 0 }]);
  chaos.end();
  expect(await ask('KEYS', 'new')).toEqual({ Items: ['new'] });
});
