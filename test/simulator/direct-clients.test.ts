import type { StaticOperationSchema } from '@smithy/types';
import * as fc from 'fast-check';
import { IdentityDirectory } from '../../local/iam/identities';
import { AwsError } from '../../local/kernel/aws-error';
import { Timeline } from '../../local/kernel/clock';
import { Trace } from '../../local/kernel/trace';
import { directClients } from '../../local/simulator/direct-clients';
import { createCall, createDispatch, type DispatchOptions } from '../../local/wire/dispatch';
import { LostAnswer } from '../../local/wire/message';
import { inProcessHandler } from '../../local/wire/transport';
import { declaredErrors } from '../adapters/call-sites/declared-errors';
import { GENERIC_ANSWERS } from '../adapters/call-sites/expectations';
import { CALL_SITES, type CallSite } from '../adapters/call-sites/sites';
import { CLIENT_SIDE, valueOf, WIRE_SIDE } from './schema-arbitrary';

/** Every operation that functions call, once. */
const OPERATIONS = [...new Map(CALL_SITES.map((site) => [`${site.client} ${site.operation}`, site])).values()];

/** Those whose members travel in headers, paths, forms and names of hosts, which not every value can. */
const EXAMPLES: Readonly<Record<string, { readonly input: object; readonly output: unknown }>> = {
  Invoke: {
    input: { FunctionName: 'arn:aws:lambda:eu-central-1:111122223333:function:probe', Payload: '{"a":"ü"}', InvocationType: 'RequestResponse' },
    output: { StatusCode: 200, FunctionError: 'Unhandled', Payload: Buffer.from('{"errorType":"E"}').toString('base64') },
  },
  // An endpoint of its own is not followed.
  PutEvents: { input: { Entries: [{ Source: 'keyturn', DetailType: 'Key Version Prepared', Detail: '{"key":"orders"}', Time: new Date(0), Resources: [] }] }, output: { FailedEntryCount: 1, Entries: [{ ErrorCode: 'X' }] } },
  Publish: {
    input: { TopicArn: 'arn:aws:sns:eu-central-1:111122223333:t', Subject: 's & <t>', Message: 'm\n"ü"', MessageAttributes: { key: { DataType: 'String', StringValue: 'orders' } } },
    output: { MessageId: '00000000-0000-4000-8000-000000000001' },
  },
};

interface AnyClient {
  send(command: unknown): Promise<unknown>;
}

/** What became of one call: what the service was asked, and what the caller got or caught. */
interface Outcome {
  readonly asked: readonly unknown[];
  readonly got: unknown;
}

type Answer = () => unknown;

const CALLER = 'arn:aws:iam::111122223333:role/test';

/** Both clients of a package, in front of the same service, which does as `answer` says. */
function bothClients(site: CallSite): (input: object, answer: Answer) => Promise<{ readonly sdk: Outcome; readonly direct: Outcome }> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the client is one of several, by its name
  const { [`${site.operation}Command`]: Command, ...exported } = require(site.client) as Record<string, new (input: object) => unknown>;
  const [, Client] = Object.entries(exported).find(([name]) => /^[A-Z]\w+Client$/.test(name) && name !== '__Client') as [string, new (config: object) => AnyClient];
  const identities = new IdentityDirectory();
  identities.put(CALLER);
  const { accessKeyId, secretAccessKey, sessionToken, caller } = identities.credentialsFor(CALLER, 'session');

  return async (input, answer) => {
    const outcomeOf = async (make: (front: DispatchOptions) => AnyClient): Promise<Outcome> => {
      const asked: unknown[] = [];
      const service = { call: (operation: string, given: unknown, by: unknown) => { asked.push({ operation, given, by }); return answer(); } };
      const services = Object.fromEntries(['kms', 'dynamodb', 'states', 'events', 'tagging', 'lambda', 'sns'].map((name) => [name, service]));
      const trace = new Trace(new Timeline(0));
      let ids = 0;
      const client = make({ services, credentials: identities, authorize: () => undefined, trace, nextRequestId: () => `request-${++ids}` });
      const got = await client.send(new (Command as new (of: object) => unknown)(input)).catch(described);
      return { asked: [...asked, ...trace.events()], got };
    };
    const config = { region: 'eu-central-1', credentials: { accessKeyId, secretAccessKey, sessionToken }, maxAttempts: 1 };
    return {
      sdk: await outcomeOf((front) => new Client({ ...config, requestHandler: inProcessHandler(createDispatch(front)) })),
      direct: await outcomeOf((front) => directClients({ call: createCall(front), nextRequestId: front.nextRequestId })(() => caller)(Client, () => new Client(config))),
    };
  };
}

/** An error with all that its catcher can see. */
function described(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { $response } = error as { readonly $response?: { readonly statusCode: number } };
  return { class: error.constructor, name: error.name, message: error.message, members: Object.fromEntries(Object.entries(error)), status: $response?.statusCode };
}

const schemaOf = (site: CallSite): StaticOperationSchema => {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the client is one of several, by its name
  const commands = require(site.client) as Record<string, new (input: object) => { readonly schema: StaticOperationSchema }>;
  return new (commands[`${site.operation}Command`] as new (input: object) => { readonly schema: StaticOperationSchema })({}).schema;
};

/** Members that errors have beside their message. */
const MEMBERS = {
  Item: { pk: { S: 'KEY#orders' }, versions: { L: [{ M: { n: { N: '1' } } }] } },
  CancellationReasons: [{ Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', Item: { pk: { S: 'KEY#orders' } } }, { Code: 'None' }],
};

describe.each(OPERATIONS.map((site) => [site.operation, site] as const))('%s', (operation, site) => {
  const call = bothClients(site);
  const [, , , , inputSchema, outputSchema] = schemaOf(site);
  const example = EXAMPLES[operation];
  const inputs = example === undefined ? valueOf(inputSchema, CLIENT_SIDE) : fc.constant(example.input);
  const outputs = example === undefined ? valueOf(outputSchema, WIRE_SIDE) : fc.constant(example.output);

  test('asks the service the same, and gives its caller the same', async () => {
    await fc.assert(
      fc.asyncProperty(inputs, outputs, async (input, output) => {
        const { sdk, direct } = await call(input as object, () => structuredClone(output));
        expect(direct).toEqual(sdk);
        expect(direct.got).toHaveProperty('$metadata.httpStatusCode', 200);
      }),
      { numRuns: example === undefined ? 40 : 1, seed: 5 },
    );
  });

  test('throws the same', async () => {
    const [input = {}] = fc.sample(inputs, { numRuns: 1, seed: 7 }) as object[];
    const generic = Object.entries(GENERIC_ANSWERS).map(([name, status]) => new AwsError(name.includes(' ') ? '' : name, 'as AWS says it', status));
    const declared = declaredErrors(site).map(({ code, httpStatus }) => new AwsError(code, 'as AWS says it', httpStatus, MEMBERS));
    const broken = [new LostAnswer(), Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })];
    for (const error of [...generic, ...declared, ...broken]) {
      const { sdk, direct } = await call(input, () => {
        throw error;
      });
      expect(direct).toEqual(sdk);
      expect(direct.got).toHaveProperty('members.$metadata.attempts', 1);
    }
  });
});

test('every operation of the functions is looked at', () => {
  expect(OPERATIONS.length).toBeGreaterThan(35);
});

test('a value of a client is not the value of a service: neither sees what the other changes later', async () => {
  const site = OPERATIONS.find(({ operation }) => operation === 'PutItem') as CallSite;
  const item = { pk: { S: 'a' } };
  const { direct } = await bothClients(site)({ TableName: 't', Item: item }, () => ({ Attributes: item }));
  const [{ given }] = direct.asked as [{ readonly given: { readonly Item: object } }];
  expect(given.Item).toEqual(item);
  expect(given.Item).not.toBe(item);
  expect((direct.got as { readonly Attributes: object }).Attributes).not.toBe(item);
});
