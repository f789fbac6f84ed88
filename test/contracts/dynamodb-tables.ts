import { answerOf, expectRefusal, key, refusalOf, refused, tableOf, type Case, type Fixture } from './dynamodb-kit';

const V = 'ValidationException';

const arnOf = async ({ db, TableName }: Fixture): Promise<string> => (await db.describeTable({ TableName })).Table?.TableArn ?? '';
const timeToLive = ({ db, TableName }: Fixture, AttributeName: string, Enabled: boolean) => db.updateTimeToLive({ TableName, TimeToLiveSpecification: { AttributeName, Enabled } });

export const TABLE_CASES: readonly Case[] = [
  [
    'describes a table and its index',
    async ({ db, TableName, put }) => {
      await put({ ...key('a', 'b'), dueShard: { S: '0' }, dueAt: { N: '1' } });
      const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = tableOf(TableName);
      const onDemand = { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 };
      const { Table } = await db.describeTable({ TableName });
      expect(Table).toMatchObject({
        TableName,
        AttributeDefinitions,
        KeySchema,
        TableStatus: 'ACTIVE',
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
        ProvisionedThroughput: onDemand,
        DeletionProtectionEnabled: false,
        GlobalSecondaryIndexes: [{ ...GlobalSecondaryIndexes[0], IndexStatus: 'ACTIVE', ProvisionedThroughput: onDemand }],
      });
      expect(Table?.TableArn).toMatch(new RegExp(`^arn:aws:dynamodb:[^:]+:\\d{12}:table/${TableName}$`));
      expect(Table?.GlobalSecondaryIndexes?.[0]?.IndexArn).toBe(`${Table?.TableArn ?? ''}/index/due`);
      expect(Table?.TableId).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(Table?.CreationDateTime).toBeInstanceOf(Date);
    },
  ],
  [
    'lists tables by pages',
    async ({ db, TableName }) => {
      const names = [`${TableName}-1`, `${TableName}-2`];
      for (const name of names) await db.createTable(tableOf(name));
      expect(await answerOf(db.listTables({ Limit: 1, ExclusiveStartTableName: TableName }))).toEqual({ TableNames: [names[0]], LastEvaluatedTableName: names[0] });
      expect((await db.listTables({ Limit: 1, ExclusiveStartTableName: names[0] })).TableNames).toEqual([names[1]]);
    },
  ],
  [
    'deletes a table with its items',
    async ({ db, TableName, put }) => {
      await put(key('a', 'b'));
      expect((await db.deleteTable({ TableName })).TableDescription).toMatchObject({ TableName, TableStatus: 'DELETING' });
      const error = await refusalOf(db.describeTable({ TableName }));
      expect([error.name, error.message]).toEqual(['ResourceNotFoundException', `Requested resource not found: Table: ${TableName} not found`]);
      await db.createTable(tableOf(TableName));
      expect((await db.scan({ TableName })).Items).toEqual([]);
    },
  ],
  [
    'refuses to delete a protected table',
    async ({ db, TableName }) => {
      await db.updateTable({ TableName, DeletionProtectionEnabled: true });
      expect((await db.describeTable({ TableName })).Table?.DeletionProtectionEnabled).toBe(true);
      const error = await refusalOf(db.deleteTable({ TableName }));
      expect([error.name, error.message]).toEqual([V, 'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.']);
    },
  ],
  [
    'tags a table',
    async (fixture) => {
      const { db } = fixture;
      const ResourceArn = await arnOf(fixture);
      await db.tagResource({ ResourceArn, Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] });
      await db.tagResource({ ResourceArn, Tags: [{ Key: 'b', Value: '3' }] });
      await db.untagResource({ ResourceArn, TagKeys: ['a', 'never'] });
      expect(await answerOf(db.listTagsOfResource({ ResourceArn }))).toEqual({ Tags: [{ Key: 'b', Value: '3' }] });
    },
  ],
  [
    'creates a table with tags',
    async ({ db, TableName }) => {
      const { TableDescription: table } = await db.createTable({ ...tableOf(`${TableName}-tagged`), Tags: [{ Key: 'a', Value: '1' }] });
      expect((await db.listTagsOfResource({ ResourceArn: table?.TableArn })).Tags).toEqual([{ Key: 'a', Value: '1' }]);
    },
  ],
  [
    'switches time to live on',
    async (fixture) => {
      const { db, TableName } = fixture;
      expect(await answerOf(db.describeTimeToLive({ TableName }))).toEqual({ TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } });
      expect(await answerOf(timeToLive(fixture, 'expires', true))).toEqual({ TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true } });
      expect(await answerOf(db.describeTimeToLive({ TableName }))).toEqual({ TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' } });
    },
  ],
  [
    'refuses to switch time to live on twice',
    async (fixture) => {
      await timeToLive(fixture, 'expires', true);
      await expectRefusal(fixture, timeToLive(fixture, 'expires', true), V, 'TimeToLive is already enabled');
    },
  ],
  [
    'refuses to change time to live twice within an hour',
    async (fixture) => {
      await timeToLive(fixture, 'expires', true);
      await expectRefusal(fixture, timeToLive(fixture, 'expires', false), V, 'Time to live has been modified multiple times within a fixed interval');
    },
  ],
  [
    'tells of point-in-time recovery',
    async ({ db, TableName }) => {
      expect(await answerOf(db.describeContinuousBackups({ TableName }))).toEqual({
        ContinuousBackupsDescription: { ContinuousBackupsStatus: 'ENABLED', PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' } },
      });
      await db.updateContinuousBackups({ TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } });
      const { ContinuousBackupsDescription: backups } = await db.describeContinuousBackups({ TableName });
      expect(backups?.PointInTimeRecoveryDescription).toEqual({
        PointInTimeRecoveryStatus: 'ENABLED',
        RecoveryPeriodInDays: 35,
        EarliestRestorableDateTime: expect.any(Date),
        LatestRestorableDateTime: expect.any(Date),
      });
    },
  ],
  [
    'tells the quotas of a new account',
    async ({ db }) => {
      expect(await answerOf(db.describeLimits({}))).toEqual({
        AccountMaxReadCapacityUnits: 80_000,
        AccountMaxWriteCapacityUnits: 80_000,
        TableMaxReadCapacityUnits: 40_000,
        TableMaxWriteCapacityUnits: 40_000,
      });
    },
  ],
  ...refused([
    ['refuses a table that exists already', ({ db, TableName }) => db.createTable(tableOf(TableName)), 'ResourceInUseException', /^Table already exists: /],
    ['refuses to describe a table that does not exist', ({ db }) => db.describeTable({ TableName: 'nowhere' }), 'ResourceNotFoundException', 'Requested resource not found: Table: nowhere not found'],
    ['refuses to delete a table that does not exist', ({ db }) => db.deleteTable({ TableName: 'nowhere' }), 'ResourceNotFoundException', 'Requested resource not found: Table: nowhere not found'],
    ['refuses a name of two letters', ({ db }) => db.createTable(tableOf('ab')), V, /TableName must be at least 3 characters long and at most 255 characters long/],
    ['refuses an undefined key attribute', ({ db, TableName }) => db.createTable({ ...tableOf(`${TableName}-bad`), AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }], GlobalSecondaryIndexes: undefined }), V, 'Invalid KeySchema: Some index key attribute have no definition'],
    ['refuses a definition that no key uses', ({ db, TableName }) => db.createTable({ ...tableOf(`${TableName}-bad`), GlobalSecondaryIndexes: undefined }), V, 'One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions'],
    ['refuses two partition keys', ({ db, TableName }) => db.createTable({ ...tableOf(`${TableName}-bad`), KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }, { AttributeName: 'sk', KeyType: 'HASH' }] }), V, 'Invalid KeySchema: The second KeySchemaElement is not a RANGE key type'],
    ['refuses no tags', async (fixture) => fixture.db.tagResource({ ResourceArn: await arnOf(fixture), Tags: [] }), V, 'Atleast one Tag needs to be provided as Input.'],
    ['refuses to list the tags of no table', async ({ db }) => db.listTagsOfResource({ ResourceArn: 'nonsense' }), V, 'Invalid TableArn: Invalid ResourceArn provided as input nonsense'],
    ['refuses to switch time to live off twice', (fixture) => timeToLive(fixture, 'expires', false), V, 'TimeToLive is already disabled'],
    ['refuses the backups of a table that does not exist', ({ db }) => db.describeContinuousBackups({ TableName: 'nowhere' }), 'TableNotFoundException', 'Table not found: nowhere'],
  ]),
];
