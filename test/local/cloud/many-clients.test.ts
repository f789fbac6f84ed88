import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { ConditionalCheckFailedException, DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { deploy, type LocalCloud } from '../../../local/cloud/local-cloud';
import { assembly } from './fixture';

const CLIENTS = 100;
const TABLE = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: 'counters', BillingMode: 'PAY_PER_REQUEST', KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  },
};

let cloud: LocalCloud;

beforeAll(async () => {
  const fixture = assembly({ Table: TABLE });
  cloud = await deploy(fixture.directory);
  fixture.remove();
});

afterAll(() => cloud.close());

function config() {
  return { region: cloud.region, endpoint: cloud.endpoint, credentials: cloud.credentialsFor('arn:aws:iam::111122223333:user/many', 'admin'), maxAttempts: 1 };
}

const counter = (pk: string) => ({ TableName: 'counters', Key: { pk: { S: pk } } });

test('a hundred clients at once lose nothing: counts add up, and every secret comes back to whom it belongs', async () => {
  const { KeyMetadata } = await new KMSClient(config()).send(new CreateKeyCommand({}));
  await new DynamoDBClient(config()).send(new PutItemCommand({ TableName: 'counters', Item: { pk: { S: 'atomic' }, n: { N: '0' } } }));

  const mixed = async (client: number): Promise<string> => {
    const dynamodb = new DynamoDBClient(config());
    const kms = new KMSClient(config());
    const increment = new UpdateItemCommand({ ...counter('atomic'), UpdateExpression: 'ADD n :one', ConditionExpression: 'attribute_exists(pk)', ExpressionAttributeValues: { ':one': { N: '1' } } });
    await dynamodb.send(increment);
    const EncryptionContext = { client: String(client) };
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.from(`secret ${String(client)}`), EncryptionContext }));
    await dynamodb.send(increment);
    const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    return Buffer.from(Plaintext ?? []).toString();
  };
  const secrets = await Promise.all(Array.from({ length: CLIENTS }, (_, client) => mixed(client)));

  expect(secrets).toEqual(secrets.map((_secret, client) => `secret ${String(client)}`));
  const { Item } = await new DynamoDBClient(config()).send(new GetItemCommand(counter('atomic')));
  expect(Item?.['n']).toEqual({ N: String(2 * CLIENTS) });
});

test('of clients that count by reading and writing, each write wins once', async () => {
  const dynamodb = new DynamoDBClient(config());
  await dynamodb.send(new PutItemCommand({ TableName: 'counters', Item: { pk: { S: 'read' }, n: { N: '0' } } }));
  const increment = async (): Promise<number> => {
    for (let refused = 0; ; refused++) {
      const { Item } = await dynamodb.send(new GetItemCommand(counter('read')));
      const n = Item?.['n']?.N ?? '';
      try {
        await dynamodb.send(new PutItemCommand({ TableName: 'counters', Item: { pk: { S: 'read' }, n: { N: String(Number(n) + 1) } }, ConditionExpression: 'n = :n', ExpressionAttributeValues: { ':n': { N: n } } }));
        return refused;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    }
  };
  const refusals = await Promise.all(Array.from({ length: 10 }, increment));
  const { Item } = await dynamodb.send(new GetItemCommand(counter('read')));
  expect(Item?.['n']).toEqual({ N: '10' });
  // They did meet.
  expect(Math.max(...refusals)).toBeGreaterThan(0);
});

test('every protocol is spoken at once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => Promise.all([new SNSClient(config()).send(new ListTopicsCommand({})), new LambdaClient(config()).send(new ListFunctionsCommand({})), new CloudFormationClient(config()).send(new DescribeStacksCommand({}))])),
  );
  expect(answers.map(([topics, functions, stacks]) => [topics.Topics, functions.Functions, stacks.Stacks?.[0]?.StackName])).toEqual(answers.map(() => [[], [], 'tiny']));
});
