import { AwsError } from '../../../local/kernel/aws-error';
import type { WireRequest, WireResponse } from '../../../local/wire/message';
import { ALICE, signed, wire } from './harness';

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.1' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
const describeKey: Partial<WireRequest> = { headers: { ...JSON_TYPE, 'x-amz-target': 'TrentService.DescribeKey' }, body: Buffer.from('{"KeyId":"k"}') };
const putItem: Partial<WireRequest> = { headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.PutItem' }, body: Buffer.from('{}') };
const publish: Partial<WireRequest> = { headers: FORM_TYPE, body: Buffer.from('Action=Publish&Version=2010-03-31&Message=m') };
const listFunctions: Partial<WireRequest> = { method: 'GET', path: '/2015-03-31/functions/' };
const listSchedules: Partial<WireRequest> = { method: 'GET', path: '/schedules' };
const receive: Partial<WireRequest> = { headers: FORM_TYPE, body: Buffer.from('Action=ReceiveMessage&Version=2012-11-05&QueueUrl=q') };

const SPOKEN = [
  ['kms', describeKey], ['dynamodb', putItem], ['sns', publish], ['lambda', listFunctions], ['scheduler', listSchedules], ['sqs', receive],
] as const;

const ok = () => ({});
const all = { kms: ok, dynamodb: ok, sns: ok, lambda: ok, scheduler: ok, sqs: ok };

/** Name and HTTP status of an error, read as clients of each protocol read it; its headers are checked too. */
function errorIn({ statusCode, headers, body }: WireResponse): [code: string | undefined, status: number] {
  const text = Buffer.from(body).toString();
  expect(headers['x-amzn-requestid']).toBe('request-1');
  if (headers['content-type'] === 'text/xml') {
    expect(text).toMatch(/^<ErrorResponse xmlns=".*"><Error><Type>(Sender|Receiver)<\/Type>.*<\/Error><RequestId>request-1<\/RequestId><\/ErrorResponse>$/s);
    return [/<Code>(.*)<\/Code>/.exec(text)?.[1], statusCode];
  }
  const code = headers['x-amzn-errortype'];
  const parsed = JSON.parse(text) as { __type?: string; message: string };
  expect(parsed.message).not.toBe('');
  if (headers['content-type'] !== 'application/json') expect(parsed.__type?.split('#').pop()).toBe(code);
  return [code, statusCode];
}

async function answer(request: WireRequest | Promise<WireRequest>, overrides: Parameters<typeof wire>[1] = {}): Promise<[string | undefined, number]> {
  return errorIn(await wire(all, overrides).dispatch(await request));
}

test.each(SPOKEN)('%s answers what is signed well', async (service, request) => {
  expect((await wire(all).dispatch(await signed(request, { service }))).statusCode).toBe(200);
});

describe('what is wrong with a signature is said in the words of the service', () => {
  const STATUS: Readonly<Record<string, readonly [unsigned: string, unknown: string, wrong: string, expired: string, ...statuses: number[]]>> = {
    json: ['MissingAuthenticationTokenException', 'UnrecognizedClientException', 'InvalidSignatureException', 'ExpiredTokenException', 400, 400, 400, 400],
    query: ['MissingAuthenticationToken', 'InvalidClientTokenId', 'SignatureDoesNotMatch', 'ExpiredToken', 403, 403, 403, 403],
    rest: ['MissingAuthenticationTokenException', 'UnrecognizedClientException', 'InvalidSignatureException', 'ExpiredTokenException', 403, 403, 403, 403],
  };
  const PROTOCOLS: Readonly<Record<string, string>> = { kms: 'json', dynamodb: 'json', sns: 'query', sqs: 'query', lambda: 'rest', scheduler: 'rest' };

  test.each(SPOKEN)('of %s', async (service, request) => {
    const [missing, unknown, wrong, expired, ...statuses] = STATUS[PROTOCOLS[service] ?? '']!;
    const good = await signed(request, { service });
    const { authorization: _authorization, ...unsignedHeaders } = good.headers;
    expect(await answer({ ...good, headers: unsignedHeaders })).toEqual([missing, statuses[0]]);
    expect(await answer(signed(request, { service, identity: { ...ALICE, accessKeyId: 'AKIANOBODY' } }))).toEqual([unknown, statuses[1]]);
    expect(await answer(signed(request, { service, identity: { ...ALICE, secretAccessKey: 'guess' } }))).toEqual([wrong, statuses[2]]);
    expect(await answer(good, { credentials: { find: () => ALICE, hasExpired: () => true } })).toEqual([expired, statuses[3]]);
  });

  test('a header that is no signature is incomplete', async () => {
    const good = await signed(describeKey);
    for (const authorization of ['', 'Basic YTpi', 'AWS4-HMAC-SHA256 Credential=a', good.headers['authorization']!.replace(/Signature=.*/, 'Signature=xyz')]) {
      expect(await answer({ ...good, headers: { ...good.headers, authorization } })).toEqual(['IncompleteSignatureException', 400]);
    }
    expect(await answer({ ...good, headers: { ...good.headers, 'x-amz-date': '20261399T999999Z' } })).toEqual(['IncompleteSignatureException', 400]);
  });

  test('a signature for another service or region is not valid', async () => {
    expect(await answer(signed(describeKey, { service: 'dynamodb' }))).toEqual(['InvalidSignatureException', 400]);
    expect(await answer(signed(describeKey, { region: 'us-east-1' }), { region: 'eu-central-1' })).toEqual(['InvalidSignatureException', 400]);
    expect((await wire({ sts: ok }, { region: 'eu-central-1' }).dispatch(await signed({ headers: FORM_TYPE, body: Buffer.from('Action=GetCallerIdentity&Version=2011-06-15') }, { service: 'sts', region: 'us-east-1' }))).statusCode).toBe(200);
  });

  test.each<[string, Partial<WireRequest>, Readonly<Record<string, string>>]>([
    ['signatures in the query', { query: { 'X-Amz-Algorithm': 'AWS4-HMAC-SHA256', 'X-Amz-Signature': 'x' } }, {}],
    ['bodies that are not signed', {}, { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }],
    ['bodies in chunks', {}, { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }],
    ['signatures with elliptic curves', {}, { authorization: 'AWS4-ECDSA-P256-SHA256 Credential=a' }],
  ])('%s are refused by name', async (_case, request, headers) => {
    const good = await signed({ ...describeKey, ...request });
    const { authorization, ...rest } = { ...good.headers, ...headers };
    expect(await answer({ ...good, headers: { ...rest, ...('query' in request ? {} : { authorization: authorization! }) } })).toEqual(['NotModelledLocally', 501]);
  });

  test('a body that is signed by its hash may be no other', async () => {
    const hashed = await signed({ ...describeKey, headers: { ...describeKey.headers, 'x-amz-content-sha256': 'a'.repeat(64) } });
    expect(await answer(hashed)).toEqual(['InvalidSignatureException', 400]);
  });
});

describe('what cannot be understood is refused', () => {
  const withBody = (body: string | Uint8Array) => ({ ...describeKey, body: Buffer.from(body as string) });

  test.each<[string, Partial<WireRequest>, string, string, number]>([
    ['no JSON', withBody('{"KeyId":'), 'kms', 'SerializationException', 400],
    ['JSON that is no object', withBody('["k"]'), 'kms', 'SerializationException', 400],
    ['JSON after JSON', withBody('{}{}'), 'kms', 'SerializationException', 400],
    ['text that is not UTF-8', withBody(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), 'kms', 'SerializationException', 400],
    ['another content type', { ...describeKey, headers: { ...describeKey.headers, 'content-type': 'text/plain' } }, 'kms', 'UnknownOperationException', 404],
    ['no content type', { ...describeKey, headers: { 'x-amz-target': 'TrentService.DescribeKey' } }, 'kms', 'UnknownOperationException', 404],
    ['another method', { ...describeKey, method: 'PUT' }, 'kms', 'UnknownOperationException', 404],
    ['a target without an operation', { ...describeKey, headers: { ...JSON_TYPE, 'x-amz-target': 'TrentService' } }, 'kms', 'UnknownOperationException', 400],
    ['a target with too many parts', { ...describeKey, headers: { ...JSON_TYPE, 'x-amz-target': 'TrentService.Describe.Key' } }, 'kms', 'UnknownOperationException', 400],
    ['the target of an unknown service', { ...describeKey, headers: { ...JSON_TYPE, 'x-amz-target': 'AmazonSSM.GetParameter' } }, 'ssm', 'NotModelledLocally', 501],
    ['a form for an unknown service', publish, 'ec2', 'NotModelledLocally', 501],
    ['the path of an unknown service', { method: 'GET', path: '/bucket' }, 's3', 'NotModelledLocally', 501],
    ['a form without an action', { headers: FORM_TYPE, body: Buffer.from('Version=2010-03-31') }, 'sns', 'MissingAction', 400],
    ['an action of another version', { headers: FORM_TYPE, body: Buffer.from('Action=Publish&Version=1999-01-01') }, 'sns', 'InvalidAction', 400],
    ['an action that would be markup', { headers: FORM_TYPE, body: Buffer.from('Action=%3Cb%3E&Version=2010-03-31') }, 'sns', 'InvalidAction', 400],
    ['a form that is JSON', { headers: JSON_TYPE, body: Buffer.from('{}') }, 'sns', 'MalformedInput', 400],
    ['a parameter nested too deeply', { headers: FORM_TYPE, body: Buffer.from(`Action=Publish&Version=2010-03-31&${'a.'.repeat(50)}a=1`) }, 'sns', 'MalformedInput', 400],
    ['another operation of Lambda', { method: 'DELETE', path: '/2015-03-31/functions/f' }, 'lambda', 'NotModelledLocally', 501],
    ['another path of Scheduler', { method: 'GET', path: '/schedule-groups' }, 'scheduler', 'NotModelledLocally', 501],
  ])('%s', async (_case, request, service, code, status) => {
    expect(await answer(signed(request, { service }))).toEqual([code, status]);
  });

  test('names of parameters and members are only names', async () => {
    let seen: unknown;
    const { dispatch } = wire({ sns: (_operation, input) => { seen = input; } });
    await dispatch(await signed({ headers: FORM_TYPE, body: Buffer.from('Action=Publish&Version=2010-03-31&__proto__.x=1&constructor=2') }, { service: 'sns' }));
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    expect(Object.entries(seen as object)).toContainEqual(['constructor', '2']);
  });
});

test('DynamoDB answers with the checksum of the body, errors too', async () => {
  const found = await wire({ dynamodb: () => ({ a: 'é' }) }).dispatch(await signed(putItem, { service: 'dynamodb' }));
  expect(Buffer.from(found.body).toString()).toBe('{"a":"é"}');
  // CRC-32 of these ten bytes, by another implementation.
  expect(found.headers['x-amz-crc32']).toBe('552599717');
  const fail = () => { throw new AwsError('ValidationException', 'no'); };
  expect((await wire({ dynamodb: fail }).dispatch(await signed(putItem, { service: 'dynamodb' }))).headers['x-amz-crc32']).toMatch(/^\d+$/);
});

test('SQS answers JSON to who asks in JSON, with the name that older clients know, and a form to who asks in a form', async () => {
  const fail = () => { throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.'); };
  const asked = { headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.ReceiveMessage' }, body: Buffer.from('{}') };
  const json = await wire({ sqs: fail }).dispatch(await signed(asked, { service: 'sqs' }));
  expect([json.headers['x-amzn-query-error'], Buffer.from(json.body).toString()]).toEqual(['AWS.SimpleQueueService.NonExistentQueue;Sender', expect.stringContaining('"com.amazonaws.sqs#QueueDoesNotExist"')]);
  expect(errorIn(await wire({ sqs: fail }).dispatch(await signed(receive, { service: 'sqs' })))).toEqual(['AWS.SimpleQueueService.NonExistentQueue', 400]);

  let seen: unknown;
  const body = 'Action=SendMessage&Version=2012-11-05&QueueUrl=q&MessageBody=a%26b&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=v&AttributeName.1=All';
  const take = (_operation: string, input: unknown) => {
    seen = input;
    return { Messages: [{ Body: 'a&b', Attributes: { SenderId: 's' } }], QueueUrls: ['u'] };
  };
  const answered = await wire({ sqs: take }).dispatch(await signed({ headers: FORM_TYPE, body: Buffer.from(body) }, { service: 'sqs' }));
  expect(seen).toEqual({ QueueUrl: 'q', MessageBody: 'a&b', MessageAttributes: { n: { DataType: 'String', StringValue: 'v' } }, AttributeNames: ['All'] });
  expect(Buffer.from(answered.body).toString()).toContain('<SendMessageResult><Message><Body>a&amp;b</Body><Attribute><Name>SenderId</Name><Value>s</Value></Attribute></Message><QueueUrl>u</QueueUrl></SendMessageResult>');
});
