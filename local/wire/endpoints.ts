import { jsonProtocol } from './json-protocol';
import { lambdaProtocol } from './lambda-protocol';
import type { WireRequest } from './message';
import type { Protocol } from './protocol';
import { queryProtocol } from './query-protocol';

/** How one service is recognized and spoken to. Which protocol each client sends was tried with the installed SDK clients. */
interface Endpoint {
  readonly protocol: Protocol;
  /** What precedes the operation in `X-Amz-Target`. */
  readonly target?: string;
}

/** By the service's name in a SigV4 credential scope. */
export const ENDPOINTS = {
  kms: { target: 'TrentService', protocol: jsonProtocol('1.1') },
  dynamodb: { target: 'DynamoDB_20120810', protocol: jsonProtocol('1.0', 'com.amazonaws.dynamodb.v20120810#') },
  states: { target: 'AWSStepFunctions', protocol: jsonProtocol('1.0', 'com.amazonaws.swf.service.v2.model#') },
  events: { target: 'AWSEvents', protocol: jsonProtocol('1.1') },
  tagging: { target: 'ResourceGroupsTaggingAPI_20170126', protocol: jsonProtocol('1.1') },
  sqs: { target: 'AmazonSQS', protocol: jsonProtocol('1.0', 'com.amazonaws.sqs#') },
  lambda: { protocol: lambdaProtocol },
  sns: { protocol: queryProtocol('2010-03-31', 'http://sns.amazonaws.com/doc/2010-03-31/') },
  cloudformation: { protocol: queryProtocol('2010-05-15', 'http://cloudformation.amazonaws.com/doc/2010-05-15/') },
} as const satisfies Record<string, Endpoint>;

export type ServiceName = keyof typeof ENDPOINTS;

const NAMES_BY_TARGET: ReadonlyMap<string, ServiceName> = new Map(
  (Object.entries(ENDPOINTS) as [ServiceName, Endpoint][]).flatMap(([name, { target }]) => (target === undefined ? [] : [[target, name] as const])),
);

/** The service that a request is for: by its target, else by the scope it was signed for. */
export function serviceNameOf(request: WireRequest, signedFor: string): ServiceName | undefined {
  const target = request.headers['x-amz-target'];
  if (target !== undefined) return NAMES_BY_TARGET.get(target.split('.')[0] ?? '');
  return signedFor in ENDPOINTS ? (signedFor as ServiceName) : undefined;
}
