import { registryContract } from '../../contracts/registry';
import { REGISTRY_ID, TABLE, World } from '../../../local/simulator/world';

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
