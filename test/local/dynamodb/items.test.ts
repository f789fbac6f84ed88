import { CALLER, key, refusal, setUp, START_MS, TABLE } from './setup';

describe('an item', () => {
  test('is put, read, projected and deleted', () => {
    const { call, get, put } = setUp();
    const item = { ...key('a', 'b'), n: { N: '1.50' }, m: { M: { x: { S: 'y' }, z: { NULL: true } } } };
    const stored = { ...item, n: { N: '1.5' } };
    expect(put(item)).toEqual({});
    expect(get('a', 'b')).toEqual(stored);
    expect(call('GetItem', { Key: key('a', 'b'), ProjectionExpression: 'n, m.x', ConsistentRead: true })).toEqual({
      Item: { n: { N: '1.5' }, m: { M: { x: { S: 'y' } } } },
    });
    expect(call('PutItem', { Item: key('a', 'b'), ReturnValues: 'ALL_OLD' })).toEqual({ Attributes: stored });
    expect(call('DeleteItem', { Key: key('a', 'b'), ReturnValues: 'ALL_OLD' })).toEqual({ Attributes: key('a', 'b') });
    expect(call('DeleteItem', { Key: key('a', 'b'), ReturnValues: 'ALL_OLD' })).toEqual({});
    expect(call('GetItem', { Key: key('a', 'b') })).toEqual({});
  });

  test('cannot be changed through an answer or through the request that wrote it', () => {
    const { call, get } = setUp();
    const item = { ...key('a', 'b'), m: { M: { x: { S: 'y' } } } };
    call('PutItem', { Item: item });
    item.m.M.x.S = 'changed';
    expect(get('a', 'b')?.['m']).toEqual({ M: { x: { S: 'y' } } });
    expect(() => Object.assign(get('a', 'b')?.['m']?.M?.['x'] ?? {}, { S: 'changed' })).toThrow(TypeError);
  });

  test('is read in batches', () => {
    const { callBare, put } = setUp();
    put({ ...key('a', '1'), n: { N: '1' } });
    put({ ...key('a', '2'), n: { N: '2' } });
    const keys = [key('a', '2'), key('a', '1'), key('a', '3')];
    expect(callBare('BatchGetItem', { RequestItems: { registry: { Keys: keys, ProjectionExpression: 'n' } } })).toEqual({
      Responses: { registry: [{ n: { N: '2' } }, { n: { N: '1' } }] },
      UnprocessedKeys: {},
    });
    const twice = refusal(() => callBare('BatchGetItem', { RequestItems: { registry: { Keys: [key('a', '1'), key('a', '1')] } } }));
    expect(twice.message).toBe('Provided list of item keys contains duplicates');
  });

  const empty = { S: '' };
  test.each<[string, string, object, string]>([
    ['a missing key', 'PutItem', { Item: { pk: { S: 'a' } } }, 'One or more parameter values were invalid: Missing the key sk in the item'],
    ['a key of the wrong type', 'PutItem', { Item: { pk: { S: 'a' }, sk: { N: '1' } } }, 'One or more parameter values were invalid: Type mismatch for key sk expected: S actual: N'],
    ['an empty key value', 'PutItem', { Item: { pk: { S: 'a' }, sk: empty } }, 'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: sk'],
    ['an index key of the wrong type', 'PutItem', { Item: { ...key('a', 'b'), dueAt: { S: '1' } } }, 'One or more parameter values were invalid: Type mismatch for Index Key dueAt Expected: N Actual: S IndexName: due'],
    ['an empty index key', 'PutItem', { Item: { ...key('a', 'b'), dueShard: empty } }, 'One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: due, IndexKey: dueShard'],
    ['a key of another schema', 'GetItem', { Key: { pk: { S: 'a' } } }, 'The provided key element does not match the schema'],
    ['an empty set', 'PutItem', { Item: { ...key('a', 'b'), set: { SS: [] } } }, 'One or more parameter values were invalid: An string set  may not be empty'],
    ['two types in one value', 'PutItem', { Item: { ...key('a', 'b'), v: { S: 'a', N: '1' } } }, 'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes'],
    ['more than 400 KB', 'PutItem', { Item: { ...key('a', 'b'), v: { S: 'x'.repeat(410_000) } } }, 'Item size has exceeded the maximum allowed size'],
    ['growing over 400 KB', 'UpdateItem', { Key: key('a', 'b'), UpdateExpression: 'SET v = :v', ExpressionAttributeValues: { ':v': { S: 'x'.repeat(410_000) } } }, 'Item size to update has exceeded the maximum allowed size'],
    ['other ReturnValues than a put has', 'PutItem', { Item: key('a', 'b'), ReturnValues: 'ALL_NEW' }, 'ReturnValues can only be ALL_OLD or NONE'],
    ['an unknown choice', 'PutItem', { Item: key('a', 'b'), ReturnValues: 'SOME' }, "1 validation error detected: Value 'SOME' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"],
    ['a missing item', 'PutItem', {}, "1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null"],
  ])('is refused for %s', (_case, operation, request, message) => {
    const { call } = setUp();
    const error = refusal(() => call(operation, request));
    expect([error.code, error.message]).toEqual(['ValidationException', message]);
  });

  test('is refused when the wire types are wrong', () => {
    const { call } = setUp();
    expect(refusal(() => call('PutItem', { Item: { pk: { S: 1 }, sk: { S: 'b' } } })).code).toBe('SerializationException');
  });
});

describe('what is not modelled is refused by name', () => {
  test.each<[string, string, object]>([
    ['DynamoDB RestoreTableToPointInTime', 'RestoreTableToPointInTime', {}],
    ['DynamoDB DescribeEndpoints', 'DescribeEndpoints', {}],
    ['DynamoDB constructor', 'constructor', {}],
    ['the member Expected of DynamoDB PutItem', 'PutItem', { Item: key('a', 'b'), Expected: {} }],
    ['the member KeyConditions of DynamoDB Query', 'Query', { KeyConditions: {} }],
    ['a DynamoDB UpdateTable without DeletionProtectionEnabled', 'UpdateTable', {}],
    ['the member BillingMode of DynamoDB UpdateTable', 'UpdateTable', { BillingMode: 'PROVISIONED' }],
    ['an ARN as the TableName of DynamoDB GetItem', 'GetItem', { TableName: 'arn:aws:dynamodb:eu-central-1:1:table/registry' }],
    ['the member ReturnValues of Put in DynamoDB TransactWriteItems', 'TransactWriteItems', { TableName: undefined, TransactItems: [{ Put: { ReturnValues: 'NONE!' } }] }],
    ['local secondary indexes', 'CreateTable', { ...TABLE, LocalSecondaryIndexes: [] }],
    ['provisioned throughput: use BillingMode PAY_PER_REQUEST', 'CreateTable', { ...TABLE, ProvisionedThroughput: {} }],
    ['the member StreamSpecification of DynamoDB CreateTable', 'CreateTable', { ...TABLE, StreamSpecification: {} }],
    ['the member WarmThroughput of an index of DynamoDB CreateTable', 'CreateTable', { ...TABLE, GlobalSecondaryIndexes: [{ WarmThroughput: {} }] }],
  ])('%s', (what, operation, request) => {
    const { call } = setUp();
    const error = refusal(() => call(operation, request));
    expect([error.code, error.message]).toEqual(['NotModelledLocally', `The local AWS does not model ${what}. See local/SUPPORTED.md.`]);
  });

  test('and metrics of item collections, which no table here has, are no reason to refuse', () => {
    const { call } = setUp();
    expect(call('PutItem', { Item: key('a', 'b'), ReturnConsumedCapacity: 'NONE', ReturnItemCollectionMetrics: 'SIZE' })).toEqual({});
  });
});

describe('a table', () => {
  test('is described', () => {
    const { call, put } = setUp();
    put(key('a', 'b'));
    const onDemand = { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 };
    expect(call('DescribeTable', {})).toEqual({
      Table: {
        TableName: 'registry',
        AttributeDefinitions: TABLE.AttributeDefinitions,
        KeySchema: TABLE.KeySchema,
        GlobalSecondaryIndexes: [
          {
            ...TABLE.GlobalSecondaryIndexes[0],
            IndexStatus: 'ACTIVE',
            IndexArn: 'arn:aws:dynamodb:eu-central-1:111122223333:table/registry/index/due',
            ProvisionedThroughput: onDemand,
            ItemCount: 0,
            IndexSizeBytes: 0,
          },
        ],
        TableId: expect.stringMatching(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
        ProvisionedThroughput: onDemand,
        DeletionProtectionEnabled: false,
        TableArn: 'arn:aws:dynamodb:eu-central-1:111122223333:table/registry',
        TableStatus: 'ACTIVE',
        CreationDateTime: START_MS / 1000,
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST', LastUpdateToPayPerRequestDateTime: START_MS / 1000 },
        ItemCount: 1,
        TableSizeBytes: 6,
      },
    });
  });

  test('is listed by pages', () => {
    const { callBare } = setUp();
    callBare('CreateTable', { ...TABLE, TableName: 'another' });
    expect(callBare('ListTables', { Limit: 1 })).toEqual({ TableNames: ['another'], LastEvaluatedTableName: 'another' });
    expect(callBare('ListTables', { ExclusiveStartTableName: 'another' })).toEqual({ TableNames: ['registry'] });
  });

  test('is created from what CloudFormation says of it', () => {
    const { call } = setUp();
    const properties = {
      ...TABLE,
      TableName: 'deployed',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
      DeletionProtectionEnabled: true,
      Tags: [{ Key: 'a', Value: 'b' }],
    };
    expect(call('CreateTable', properties)).toMatchObject({ TableDescription: { TableName: 'deployed', DeletionProtectionEnabled: true } });
  });

  test.each<[string, string, object, string, string]>([
    ['that does not exist', 'GetItem', { TableName: 'nowhere', Key: key('a', 'b') }, 'ResourceNotFoundException', 'Requested resource not found'],
    ['that does not exist, when described', 'DescribeTable', { TableName: 'nowhere' }, 'ResourceNotFoundException', 'Requested resource not found: Table: nowhere not found'],
    ['that exists already', 'CreateTable', TABLE, 'ResourceInUseException', 'Table already exists: registry'],
    ['whose keys are not defined', 'CreateTable', { ...TABLE, TableName: 'bad', AttributeDefinitions: [], GlobalSecondaryIndexes: undefined }, 'ValidationException', 'Invalid KeySchema: Some index key attribute have no definition'],
  ])('%s is refused', (_case, operation, request, code, message) => {
    const { call } = setUp();
    const error = refusal(() => call(operation, request));
    expect([error.code, error.message]).toEqual([code, message]);
  });
});

describe('the trace', () => {
  test('shows each changed item as plain JSON, before and after', () => {
    const { call, clock, put, written } = setUp();
    put({ ...key('a', 'b'), n: { N: '1.5' }, big: { N: '12345678901234567890' }, bytes: { B: 'aGk=' }, s: { SS: ['b', 'a'] }, ns: { NS: ['10', '9'] }, l: { L: [{ M: { x: { NULL: true } } }] } });
    const first = { pk: 'a', sk: 'b', n: 1.5, big: 12345678901234567890, bytes: 'aGk=', s: ['a', 'b'], ns: [9, 10], l: [{ x: null }] };
    call('UpdateItem', { Key: key('a', 'b'), UpdateExpression: 'REMOVE big, bytes, s, ns, l' });
    call('DeleteItem', { Key: key('a', 'b') });
    const base = { type: 'dynamodb.item-written', actor: CALLER.arn, traceId: CALLER.traceId, table: 'registry', pk: 'a', sk: 'b', atMs: clock.nowMs() };
    const second = { pk: 'a', sk: 'b', n: 1.5 };
    expect(written()).toEqual([
      { ...base, seq: 0, before: null, after: first },
      { ...base, seq: 1, before: first, after: second },
      { ...base, seq: 2, before: second, after: null },
    ]);
  });

  test('shows nothing of writes that change nothing', () => {
    const { call, put, written } = setUp();
    put({ ...key('a', 'b'), s: { SS: ['x', 'y'] } });
    put({ ...key('a', 'b'), s: { SS: ['y', 'x'] } });
    call('DeleteItem', { Key: key('a', 'c') });
    call('UpdateItem', { Key: key('a', 'b'), UpdateExpression: 'REMOVE absent' });
    expect(written()).toHaveLength(1);
  });
});

test.each<[string, object]>([
  ['PutItem', { Item: { ...key('a', 'b'), deep: deep(20_000) } }],
  ['UpdateItem', { Key: key('a', 'b'), UpdateExpression: 'SET x = :x', ExpressionAttributeValues: { ':x': deep(20_000) } }],
  ['GetItem', { Key: { pk: deep(20_000), sk: { S: 'b' } } }],
])('%s refuses values that are nested so deep that looking at them would need no end of stack', (operation, input) => {
  const { call, service } = setUp();
  const refused = { code: 'ValidationException', message: expect.stringMatching(/^Nesting Levels have exceeded supported limits/) as string };
  expect(refusal(() => call(operation, input))).toMatchObject(refused);
  expect(refusal(() => service.authorizationOf(operation, { TableName: TABLE.TableName, ...input }))).toMatchObject(refused);
});

function deep(levels: number): object {
  let value: object = { S: 'x' };
  for (let level = 0; level < levels; level++) value = { L: [value] };
  return value;
}
