import { key, refusal, setUp } from './setup';

const TABLE_ARN = 'arn:aws:dynamodb:eu-central-1:111122223333:table/registry';
const TableName = 'registry';
const condition = { ConditionExpression: 'attribute_exists(pk)' };

describe('what IAM must allow', () => {
  test.each<[string, object, readonly (readonly [string, readonly string[], string?])[]]>([
    ['GetItem', { TableName, Key: key('a', 'b') }, [['GetItem', ['a']]]],
    ['PutItem', { TableName, Item: { ...key('a', 'b'), x: { S: 'y' } } }, [['PutItem', ['a']]]],
    ['UpdateItem', { TableName, Key: key('a', 'b') }, [['UpdateItem', ['a']]]],
    ['DeleteItem', { TableName, Key: key('a', 'b') }, [['DeleteItem', ['a']]]],
    ['BatchGetItem', { RequestItems: { registry: { Keys: [key('a', '1'), key('a', '2'), key('c', '1')] } } }, [['BatchGetItem', ['a', 'c']]]],
    ['Query', { TableName, KeyConditionExpression: '#p = :p', ExpressionAttributeNames: { '#p': 'pk' }, ExpressionAttributeValues: { ':p': { S: 'a' } } }, [['Query', ['a']]]],
    ['Query', { TableName, IndexName: 'due', KeyConditionExpression: 'dueShard = :s', ExpressionAttributeValues: { ':s': { S: '7' } } }, [['Query', ['7'], '/index/due']]],
    ['Scan', { TableName }, [['Scan', []]]],
    ['Scan', { TableName, IndexName: 'due' }, [['Scan', [], '/index/due']]],
    ['DescribeTable', { TableName }, [['DescribeTable', []]]],
    ['BatchWriteItem', { RequestItems: { registry: [{ PutRequest: { Item: key('a', '1') } }, { DeleteRequest: { Key: key('c', '1') } }] } }, [['BatchWriteItem', ['a', 'c']]]],
    ['TagResource', { ResourceArn: TABLE_ARN, Tags: [{ Key: 'a', Value: 'b' }] }, [['TagResource', []]]],
    ['UpdateTimeToLive', { TableName }, [['UpdateTimeToLive', []]]],
    ['TransactGetItems', { TransactItems: [{ Get: { TableName, Key: key('a', 'b') } }] }, [['GetItem', ['a']]]],
    [
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: { TableName, Item: key('put', 'x') } },
          { Update: { TableName, Key: key('updated', 'x'), UpdateExpression: 'REMOVE y' } },
          { Delete: { TableName, Key: key('deleted', 'x') } },
          { ConditionCheck: { TableName, Key: key('checked', 'x'), ...condition } },
        ],
      },
      [
        ['PutItem', ['put']],
        ['UpdateItem', ['updated']],
        ['DeleteItem', ['deleted']],
        ['ConditionCheckItem', ['checked']],
      ],
    ],
  ])('for %s %j', (operation, input, parts) => {
    const { service } = setUp();
    expect(service.authorizationOf(operation, input)).toEqual(
      parts.map(([action, leadingKeys, path = '']) => ({ action: `dynamodb:${action}`, resourceArns: [`${TABLE_ARN}${path}`], leadingKeys })),
    );
  });

  test('for ListTables is on no table in particular', () => {
    const { service } = setUp();
    expect(service.authorizationOf('ListTables', {})).toEqual([{ action: 'dynamodb:ListTables', resourceArns: ['*'], leadingKeys: [] }]);
  });

  test('is unknown for requests that are refused anyway', () => {
    const { service } = setUp();
    expect(refusal(() => service.authorizationOf('GetItem', { TableName })).code).toBe('ValidationException');
    expect(refusal(() => service.authorizationOf('RestoreTableToPointInTime', {})).code).toBe('NotModelledLocally');
    expect(refusal(() => service.authorizationOf('Query', { TableName, KeyConditionExpression: 'sk = :x', ExpressionAttributeValues: { ':x': { S: 'a' } } })).code).toBe('ValidationException');
  });

  test('names a number as it is stored', () => {
    const { service } = setUp();
    const table = { TableName: 'numbers', BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }], KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] };
    service.call('CreateTable', table, { accountId: '', arn: '', userId: '' });
    const part = { TableName: 'numbers', Item: { id: { N: '1.0' } } };
    expect(service.authorizationOf('PutItem', part)).toMatchObject([{ leadingKeys: ['1'] }]);
    expect(service.authorizationOf('TransactWriteItems', { TransactItems: [{ Put: part }] })).toMatchObject([{ leadingKeys: ['1'] }]);
  });
});
