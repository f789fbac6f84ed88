import { DynamoDbService } from '../../../local/dynamodb/dynamodb-service';
import { Timeline } from '../../../local/kernel/clock';
import { Trace } from '../../../local/kernel/trace';
import { createDispatch } from '../../../local/wire/dispatch';
import { startServer } from '../../../local/wire/server';
import { dynamoDbContract } from '../../contracts/dynamodb';
import { clientFor, type DynamoDbSubject } from '../../contracts/dynamodb-kit';
import { CALLER, START_MS } from './setup';

const IDENTITY = { accessKeyId: 'AKIACONTRACT', secretAccessKey: 'contract', caller: CALLER };

async function start(): Promise<DynamoDbSubject> {
  const clock = new Timeline(START_MS);
  const trace = new Trace(clock);
  let requests = 0;
  const dispatch = createDispatch({
    services: { dynamodb: new DynamoDbService({ clock, trace, accountId: CALLER.accountId, region: 'eu-central-1' }) },
    credentials: { find: (id) => (id === IDENTITY.accessKeyId ? IDENTITY : undefined) },
    authorize: () => undefined,
    trace,
    nextRequestId: () => `request-${String(++requests)}`,
  });
  const server = await startServer({ dispatch, clock });
  const db = clientFor(server.endpoint, IDENTITY);
  return {
    db,
    stop: async () => {
      db.destroy();
      await server.close();
    },
  };
}

dynamoDbContract('The local DynamoDB', start);
