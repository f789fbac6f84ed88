import { DynamoDB, type AttributeValue, type CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

/** An implementation of DynamoDB that listens somewhere. */
export interface DynamoDbSubject {
  readonly db: DynamoDB;
  stop(): Promise<void>;
}

/** A table of its own for one case, and the client to call with. */
export interface Fixture {
  readonly db: DynamoDB;
  readonly TableName: string;
  /** Whether a refusal is known to have other words here than AWS's; its name has to be the same. */
  readonly hasOtherWords: boolean;
  /** Puts items, one after the other. */
  readonly put: (...items: readonly Item[]) => Promise<void>;
  readonly get: (pk: string, sk: string) => Promise<Item | undefined>;
}

export type Item = Record<string, AttributeValue>;
export type Case = readonly [name: string, body: (fixture: Fixture) => Promise<void>];

/** What is refused, with the name and the words of AWS. */
export type Refusal = readonly [name: string, call: (fixture: Fixture) => Promise<unknown>, code: string, message: string | RegExp];

export const key = (pk: string, sk: string): { pk: AttributeValue; sk: AttributeValue } => ({ pk: { S: pk }, sk: { S: sk } });

/** A table like keyturn's registry: a partition key, a sort key, an index by shard and time that holds `owner` too. */
export const tableOf = (TableName: string) => ({
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
    { AttributeName: 'dueShard', AttributeType: 'S' },
    { AttributeName: 'dueAt', AttributeType: 'N' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'due',
      KeySchema: [
        { AttributeName: 'dueShard', KeyType: 'HASH' },
        { AttributeName: 'dueAt', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['owner'] },
    },
  ],
}) satisfies CreateTableCommandInput;

export function fixtureOf(db: DynamoDB, TableName: string, hasOtherWords: boolean): Fixture {
  return {
    db,
    TableName,
    hasOtherWords,
    put: async (...items) => {
      for (const Item of items) await db.putItem({ TableName, Item });
    },
    get: async (pk, sk) => (await db.getItem({ TableName, Key: key(pk, sk), ConsistentRead: true })).Item,
  };
}

/** The members of an answer, without what the SDK adds. */
export async function answerOf<Output extends object>(call: Promise<Output>): Promise<Omit<Output, '$metadata'>> {
  const { $metadata: _metadata, ...members } = (await call) as Output & { $metadata: unknown };
  return members;
}

/** The error that a call is refused with. */
export async function refusalOf(call: Promise<unknown>): Promise<Error & Readonly<Record<string, unknown>>> {
  const error: unknown = await call.then(
    () => new Error('the call was answered'),
    (reason: unknown) => reason,
  );
  return error as Error & Readonly<Record<string, unknown>>;
}

export function refused(refusals: readonly Refusal[]): readonly Case[] {
  return refusals.map(([name, call, code, message]) => [name, (fixture) => expectRefusal(fixture, call(fixture), code, message)]);
}

export async function expectRefusal({ hasOtherWords }: Fixture, call: Promise<unknown>, code: string, message: string | RegExp): Promise<void> {
  const error = await refusalOf(call);
  const words: unknown = typeof message === 'string' ? message : expect.stringMatching(message);
  expect({ name: error.name, message: error.message }).toEqual({ name: code, message: hasOtherWords ? expect.not.stringMatching(exactly(message)) : words });
}

function exactly(message: string | RegExp): RegExp {
  return typeof message === 'string' ? new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`) : message;
}

/** A client that tries once, and never leaves the loopback interface. */
export function clientFor(endpoint: string, credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }): DynamoDB {
  return new DynamoDB({ endpoint, region: 'eu-central-1', credentials, maxAttempts: 1 });
}

/** A text of so many bytes in UTF-8: the letter é has two. */
export const bytesOfText = (bytes: number): string => 'é'.repeat(bytes / 2);
