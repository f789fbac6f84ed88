import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { STACK_OUTPUTS } from '../lambdas/contract/names';
import { deploy, type LocalCloud } from '../local/cloud/local-cloud';
import { inProcessHandler } from '../local/wire/transport';
import { type Rate, rateOf } from './rotations';
import { START_MS } from './workload';

/** Calls of each kind that are measured, and before them, while code gets warm. */
const MEASURED = 2000;
const WARM_UP = 400;

/** SDK calls one after the other, half KMS Encrypt, half DynamoDB GetItem: in-process, and over HTTP on kept connections with client and server in this process. */
export async function measureCalls(assembly: string): Promise<{ readonly inProcess: Rate; readonly http: Rate }> {
  const cloud = await deploy(assembly, { startMs: START_MS });
  try {
    return { inProcess: await callRate(cloud, { requestHandler: inProcessHandler(cloud.dispatch) }), http: await callRate(cloud, { endpoint: cloud.endpoint }) };
  } finally {
    await cloud.close();
  }
}

async function callRate(cloud: LocalCloud, transport: object): Promise<Rate> {
  const options = { region: cloud.region, credentials: cloud.credentialsFor(`arn:aws:iam::${cloud.accountId}:user/bench`, 'admin'), maxAttempts: 1, ...transport };
  const kms = new KMSClient(options);
  const dynamodb = new DynamoDBClient(options);
  const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({}));
  const encrypt = new EncryptCommand({ KeyId: key?.KeyId, Plaintext: new Uint8Array(32) });
  const get = new GetItemCommand({ TableName: cloud.outputs[STACK_OUTPUTS.table], Key: { pk: { S: 'KEY#bench-0' }, sk: { S: 'META' } } });
  const call = async (count: number): Promise<number> => {
    for (let pair = 0; pair < count / 2; pair++) {
      await kms.send(encrypt);
      await dynamodb.send(get);
    }
    return count;
  };
  await call(WARM_UP);
  const rate = await rateOf(() => call(MEASURED));
  kms.destroy();
  dynamodb.destroy();
  return rate;
}
