import { jsonProtocol } from './json-protocol';
import { lambdaProtocol } from './lambda-protocol';
import type { WireRequest } from './message';
import { mediaTypeOf, type Protocol } from './protocol';
import { queryProtocol } from './query-protocol';
import { restJsonProtocol } from './rest-json-protocol';
import { credentialScopeOf } from './scope';
import { sqsProtocol } from './sqs-protocol';

/** How one service is recognized and spoken to. Which protocol each client sends was tried with the SDKs for JavaScript and Python. */
interface Endpoint {
  /** For this request: some services speak several. */
  readonly protocol: (request: WireRequest) => Protocol;
  /** What precedes the operation in `X-Amz-Target`. */
  readonly target?: string;
  /** What the paths of a REST service begin with. */
  readonly path?: RegExp;
  /** `Version` of a service of the query protocol. */
  readonly version?: string;
  /** Signed for its own region, wherever the client is. @default false */
  readonly isGlobal?: boolean;
}

const query = (version: string, namespace: string) => {
  const protocol = queryProtocol(version, namespace);
  return { version, protocol: () => protocol };
};

const json = (target: string, protocol: Protocol) => ({ target, protocol: () => protocol });

const scheduler = restJsonProtocol('Scheduler', [
  { operation: 'ListSchedules', method: 'GET', path: '/schedules', query: { ScheduleGroup: 'GroupName', NamePrefix: 'NamePrefix', State: 'State', MaxResults: 'MaxResults', NextToken: 'NextToken' } },
  { operation: 'GetSchedule', method: 'GET', path: '/schedules/{Name}', query: { groupName: 'GroupName' } },
]);

/** By the service's name in a SigV4 credential scope. */
export const ENDPOINTS = {
  kms: json('TrentService', jsonProtocol('1.1')),
  dynamodb: json('DynamoDB_20120810', jsonProtocol('1.0', { errorNamespace: 'com.amazonaws.dynamodb.v20120810#', hasChecksum: true })),
  states: json('AWSStepFunctions', jsonProtocol('1.0', { errorNamespace: 'com.amazonaws.swf.service.v2.model#' })),
  events: json('AWSEvents', jsonProtocol('1.1')),
  tagging: json('ResourceGroupsTaggingAPI_20170126', jsonProtocol('1.1')),
  logs: json('Logs_20140328', jsonProtocol('1.1')),
  sqs: { target: 'AmazonSQS', version: '2012-11-05', protocol: sqsProtocol },
  lambda: { path: /^\/20\d\d-\d\d-\d\d\/functions(?:\/|$)/, protocol: () => lambdaProtocol },
  scheduler: { path: /^\/schedules(?:\/|$)/, protocol: () => scheduler },
  sns: query('2010-03-31', 'http://sns.amazonaws.com/doc/2010-03-31/'),
  cloudformation: query('2010-05-15', 'http://cloudformation.amazonaws.com/doc/2010-05-15/'),
  sts: { ...query('2011-06-15', 'https://sts.amazonaws.com/doc/2011-06-15/'), isGlobal: true },
  iam: { ...query('2010-05-08', 'https://iam.amazonaws.com/doc/2010-05-08/'), isGlobal: true },
} as const satisfies Record<string, Endpoint>;

export type ServiceName = keyof typeof ENDPOINTS;

const ALL = Object.entries(ENDPOINTS) as readonly (readonly [ServiceName, Endpoint])[];

/** Services that are not modelled, and that answer in XML. */
const XML_SERVICES = ['s3', 's3express', 'route53', 'cloudfront', 'ec2'];

const UNKNOWN_JSON = jsonProtocol('1.0');
const UNKNOWN_QUERY = queryProtocol('', '');
const UNKNOWN_REST = restJsonProtocol('', []);

/** Whom a request is for, as far as it says before anybody vouches for it, and how that one is answered. */
export interface Addressee {
  readonly service?: ServiceName;
  readonly protocol: Protocol;
}

/** By its target, else by the scope it was signed for, else by its path or the version in its form. */
export function addresseeOf(request: WireRequest): Addressee {
  const service = serviceNameOf(request);
  if (service !== undefined) return { service, protocol: (ENDPOINTS[service] as Endpoint).protocol(request) };
  const scope = credentialScopeOf(request)?.service ?? '';
  if (request.headers['x-amz-target'] !== undefined) return { protocol: UNKNOWN_JSON };
  if (XML_SERVICES.includes(scope) || mediaTypeOf(request) === 'application/x-www-form-urlencoded') return { protocol: UNKNOWN_QUERY };
  return { protocol: scope === '' ? UNKNOWN_JSON : UNKNOWN_REST };
}

/** Whether a service is signed for in this region whatever region the account is in. */
export function isGlobal(service: ServiceName): boolean {
  return (ENDPOINTS[service] as Endpoint).isGlobal ?? false;
}

function serviceNameOf(request: WireRequest): ServiceName | undefined {
  const target = request.headers['x-amz-target']?.split('.')[0];
  if (target !== undefined) return ALL.find(([, endpoint]) => endpoint.target === target)?.[0];
  const scope = credentialScopeOf(request)?.service;
  if (scope !== undefined) return ALL.find(([name]) => name === scope)?.[0];
  const byPath = ALL.find(([, { path }]) => path?.test(request.path) === true)?.[0];
  if (byPath !== undefined) return byPath;
  if (mediaTypeOf(request) !== 'application/x-www-form-urlencoded') return undefined;
  const version = new URLSearchParams(Buffer.from(request.body).toString('utf8')).get('Version');
  return ALL.find(([, endpoint]) => version !== null && endpoint.version === version)?.[0];
}
