import fc from 'fast-check';
import type { Json } from '../../../lambdas/domain/trace';
import { DynamoDbService } from '../../../local/dynamodb/dynamodb-service';
import { Timeline } from '../../../local/kernel/clock';
import { Trace } from '../../../local/kernel/trace';
import { AwsError } from '../../../local/kernel/aws-error';
import { CALLER, key, refusal, START_MS, TABLE } from './setup';

const LAG_MS = 1000;
const TableName = TABLE.TableName;

/** A service that can be replaced by what it saved, at any time. */
class Life {
  readonly clock = new Timeline(START_MS);
  readonly trace = new Trace(this.clock);
  private service = this.fresh();

  constructor() {
    this.call('CreateTable', { ...TABLE, Tags: [{ Key: 'team', Value: 'keys' }], DeletionProtectionEnabled: true });
  }

  call(operation: string, input: object): Record<string, unknown> {
    return this.service.call(operation, input, CALLER) as Record<string, unknown>;
  }

  saveAndLoad(): void {
    const saved = JSON.parse(JSON.stringify(this.service.save())) as Json;
    this.service = this.fresh();
    this.service.load(saved);
    expect(JSON.parse(JSON.stringify(this.service.save()))).toEqual(saved);
  }

  private fresh(): DynamoDbService {
    return new DynamoDbService({ clock: this.clock, trace: this.trace, accountId: '111122223333', region: 'eu-central-1', indexLagMs: LAG_MS });
  }
}

type Step =
  | { readonly kind: 'put'; readonly sk: string; readonly dueAt: number | undefined }
  | { readonly kind: 'delete'; readonly sk: string }
  | { readonly kind: 'transact'; readonly sk: string; readonly token: string }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'look' };

const sk = fc.constantFrom('a', 'b', 'c');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('put' as const), sk, dueAt: fc.option(fc.nat(3), { nil: undefined }) }),
    fc.record({ kind: fc.constant('delete' as const), sk }),
    fc.record({ kind: fc.constant('transact' as const), sk, token: fc.constantFrom('t1', 't2') }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, LAG_MS / 2, LAG_MS, 10 * 60_000) }),
    fc.constant({ kind: 'look' as const }),
  ),
  { maxLength: 15 },
);

async function live(life: Life, step: Step): Promise<unknown> {
  try {
    switch (step.kind) {
      case 'put':
        return life.call('PutItem', { TableName, Item: { ...key('p', step.sk), ...(step.dueAt !== undefined && { dueShard: { S: '0' }, dueAt: { N: String(step.dueAt) } }) } });
      case 'delete':
        return life.call('DeleteItem', { TableName, Key: key('p', step.sk) });
      case 'transact':
        return life.call('TransactWriteItems', {
          TransactItems: [{ Update: { TableName, Key: key('p', step.sk), UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': { N: '1' } } } }],
          ClientRequestToken: step.token,
          ReturnConsumedCapacity: 'INDEXES',
        });
      case 'wait':
        await life.clock.runUntil(life.clock.nowMs() + step.ms);
        return undefined;
      case 'look':
        return [life.call('Scan', { TableName }), life.call('Scan', { TableName, IndexName: 'due' })];
    }
  } catch (error) {
    if (error instanceof AwsError) return [error.code, error.message, error.members];
    throw error;
  }
}

test('whatever is done, a service that is saved and loaded in between answers as one that is not', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.array(fc.boolean(), { maxLength: 15 }), async (all, stops) => {
      const [whole, broken] = [new Life(), new Life()];
      for (const [index, step] of [...all, { kind: 'look' } as const].entries()) {
        if (stops[index] === true) broken.saveAndLoad();
        expect(await live(broken, step)).toEqual(await live(whole, step));
      }
      expect(broken.trace.events()).toEqual(whole.trace.events());
    }),
    { numRuns: 150 },
  );
});

test('settings of a table are saved', () => {
  const life = new Life();
  life.call('UpdateTimeToLive', { TableName, TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true } });
  life.call('UpdateContinuousBackups', { TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7 } });
  const ResourceArn = 'arn:aws:dynamodb:eu-central-1:111122223333:table/registry';
  const look = () => ['DescribeTable', 'DescribeTimeToLive', 'DescribeContinuousBackups'].map((operation) => life.call(operation, { TableName })).concat(life.call('ListTagsOfResource', { ResourceArn }));
  const before = look();
  life.saveAndLoad();
  expect(look()).toEqual(before);
  expect(before).toMatchObject([{ Table: { DeletionProtectionEnabled: true } }, { TimeToLiveDescription: { AttributeName: 'expires' } }, { ContinuousBackupsDescription: {} }, { Tags: [{ Key: 'team' }] }]);
});

test('what no service has saved is refused', () => {
  const service = new DynamoDbService({ clock: new Timeline(START_MS), trace: new Trace(new Timeline(START_MS)), accountId: '1', region: 'eu-central-1' });
  expect(() => { service.load({ tables: [{ name: 'registry' }], transactions: { count: 0, completed: [] } }); }).toThrow(/definition/);
  expect(refusal(() => service.call('DescribeTable', { TableName }, CALLER)).code).toBe('ResourceNotFoundException');
});
