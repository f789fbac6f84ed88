import { z } from 'zod';
import type { Item } from './attribute-value';
import type { SavedTable } from './table';
import type { SavedTransactions } from './transactions';

const count = z.int().min(0);
const item = z.record(z.string(), z.record(z.string(), z.unknown())) as unknown as z.ZodType<Item>;
const change = z.strictObject({ visibleAtMs: z.int(), before: item.optional(), after: item.optional() });
const keySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));

const definition = z.strictObject({
  TableName: z.string(),
  AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) })),
  KeySchema: keySchema,
  BillingMode: z.literal('PAY_PER_REQUEST'),
  GlobalSecondaryIndexes: z
    .array(
      z.strictObject({
        IndexName: z.string(),
        KeySchema: keySchema,
        Projection: z.strictObject({ ProjectionType: z.enum(['ALL', 'INCLUDE', 'KEYS_ONLY']), NonKeyAttributes: z.array(z.string()).exactOptional() }),
      }),
    )
    .exactOptional(),
});

const settings = z.strictObject({
  tags: z.record(z.string(), z.string()),
  isDeletionProtected: z.boolean(),
  pointInTimeRecovery: z.strictObject({ sinceMs: z.int(), days: count }).nullable(),
  timeToLive: z.strictObject({ attribute: z.string().nullable(), changedAtMs: z.int().nullable() }),
});

const table: z.ZodType<SavedTable> = z.strictObject({
  definition,
  settings,
  createdAtMs: z.int(),
  items: z.array(item),
  pending: z.record(z.string(), z.array(change)),
});

const transactions: z.ZodType<SavedTransactions> = z.strictObject({
  count,
  completed: z.array(
    z.tuple([
      z.string(),
      z.strictObject({ partsJson: z.string(), validUntilMs: z.int(), sizes: z.array(z.strictObject({ tableName: z.string(), bytes: count })) }),
    ]),
  ),
});

/** What the service saves: see `DynamoDbService`. */
export const savedDynamoDb = z.strictObject({ tables: z.array(table), transactions });
