import { type TransactWriteItem, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDbRegistry } from '../../../lambdas/adapters/dynamodb/dynamodb-registry';
import { LEDGER_PART } from '../../../lambdas/adapters/dynamodb/items';
import { GENESIS_HASH, write } from '../../../lambdas/domain/ledger';
import type { Replacements } from '../world';
import type { Plant } from './plant';
import { changed, withHandler } from './replace';

/** How the registry writes: on conditions, in one transaction, in one chain. */
export const RECORDS: readonly Plant[] = [
  {
    name: 'unconditional-writes',
    off: 'the registry is written without conditions on sequence, fencing token and statuses',
    replacements: withTransactions((parts) => [parts.map(unconditional)]),
  },
  {
    name: 'ledger-outside-the-transaction',
    off: 'a ledger event is written after its transition, and not with it',
    replacements: withTransactions((parts) => [parts.filter((_part, index) => index !== LEDGER_PART), parts.filter((_part, index) => index === LEDGER_PART)]),
  },
  {
    name: 'ledger-not-chained',
    off: 'a ledger event does not name the hash of the one before it',
    replacements: withTransactions((parts) => [parts.map((part, index) => (index === LEDGER_PART ? withoutPrevious(part) : part))]),
  },
  {
    name: 'freeze-ends-by-itself',
    off: 'a freeze ends without an approved repair: whoever looks for due keys lifts it',
    replacements: withHandler((handle, composition) => async (event, context) => {
      const registry = composition.registry();
      const { scheduledTime: at } = event as { readonly scheduledTime: string };
      for (const name of await registry.allNames()) {
        const reading = await registry.read(name);
        if (reading?.freeze != null) await registry.liftFreeze(name, (key) => write(key, { type: 'FreezeLifted', at, by: 'start-due-rotations' }));
      }
      return handle(event, context);
    }, 'start-due-rotations'),
  },
];

/** Makes other transactions of each transition's, one after the other. */
function withTransactions(change: (parts: readonly TransactWriteItem[]) => readonly TransactWriteItem[][]): Replacements {
  return {
    composition: (composition) => {
      // Private, but the one place to change what the registry sends without writing it anew.
      const registry = composition.registry();
      const [client, table] = [registry['client'], registry['table']];
      const send = async (command: unknown): Promise<unknown> => {
        if (!(command instanceof TransactWriteItemsCommand)) return (client.send as (command: unknown) => Promise<unknown>)(command);
        for (const TransactItems of change(command.input.TransactItems ?? [])) await client.send(new TransactWriteItemsCommand({ ...command.input, TransactItems }));
        return {};
      };
      return changed(composition, { registry: () => new DynamoDbRegistry(changed(client, { send }), table) });
    },
  };
}

/** A write that happens whatever stands there. DynamoDB refuses names and values that no expression uses: those of the condition go with it. */
function unconditional({ Put: put, Update: update, ConditionCheck: check }: TransactWriteItem): TransactWriteItem {
  if (check !== undefined) return { ConditionCheck: check };
  if (put !== undefined) return { Put: { TableName: put.TableName, Item: put.Item } };
  const { TableName, Key, UpdateExpression = '', ExpressionAttributeNames, ExpressionAttributeValues } = update ?? {};
  const used = new Set(UpdateExpression.match(/[#:]\w+/g));
  const onlyUsed = <Value>(all: Record<string, Value> = {}): Record<string, Value> => Object.fromEntries(Object.entries(all).filter(([name]) => used.has(name)));
  return { Update: { TableName, Key, UpdateExpression, ExpressionAttributeNames: onlyUsed(ExpressionAttributeNames), ExpressionAttributeValues: onlyUsed(ExpressionAttributeValues) } };
}

function withoutPrevious({ Put: put }: TransactWriteItem): TransactWriteItem {
  return { Put: { ...put, TableName: put?.TableName, Item: { ...put?.Item, previousHash: { S: GENESIS_HASH } } } };
}
