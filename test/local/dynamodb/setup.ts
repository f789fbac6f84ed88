import { Timeline } from '../../../local/kernel/clock';
import { AwsError } from '../../../local/kernel/aws-error';
import { Trace } from '../../../local/kernel/trace';
import type { AttributeValue, Item } from '../../../local/dynamodb/attribute-value';
import { DynamoDbService } from '../../../local/dynamodb/dynamodb-service';
import type { RegistryItemWritten } from '../../../lambdas/domain/trace';
import { tableOf } from '../../contracts/dynamodb-kit';

export const CALLER = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:role/writer', userId: 'AROAWRITER', traceId: 'Root=1-0' };
export const START_MS = Date.UTC(2026, 3, 1);

export interface Answer {
  readonly Attributes?: Item;
  readonly Item?: Item;
  readonly Items?: readonly Item[];
  readonly Count?: number;
  readonly ScannedCount?: number;
  readonly LastEvaluatedKey?: Item;
  readonly Responses?: readonly { readonly Item?: Item }[];
}

export const TABLE = tableOf('registry');

/** A service with the table `registry`, on a clock of its own. */
export function setUp(options: { readonly indexLagMs?: number } = {}) {
  const clock = new Timeline(START_MS);
  const trace = new Trace(clock);
  const service = new DynamoDbService({ clock, trace, accountId: '111122223333', region: 'eu-central-1', ...options });
  service.call('CreateTable', TABLE, CALLER);
  const call = (operation: string, input: object): Answer =>
    service.call(operation, { TableName: TABLE.TableName, ...input }, CALLER) as Answer;
  return {
    clock,
    service,
    call,
    /** A call whose request has no table name. */
    callBare: (operation: string, input: object): Answer => service.call(operation, input, CALLER) as Answer,
    put: (item: Item): Answer => call('PutItem', { Item: item }),
    get: (pk: string, sk: string): Item | undefined => call('GetItem', { Key: key(pk, sk) }).Item,
    written: (): readonly RegistryItemWritten[] => trace.events().filter((event) => event.type === 'dynamodb.item-written'),
  };
}

export function key(pk: string, sk: string): { readonly pk: AttributeValue; readonly sk: AttributeValue } {
  return { pk: { S: pk }, sk: { S: sk } };
}

/** The error that a call is refused with. */
export function refusal(run: () => unknown): AwsError {
  try {
    run();
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error('The call was expected to be refused, and was answered.');
}
