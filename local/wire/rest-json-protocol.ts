import { notModelled } from '../kernel/aws-error';
import type { WireRequest, WireResponse } from './message';
import type { Protocol } from './protocol';

/** An operation whose whole input stands in its path and query, as all but Lambda's Invoke do that are modelled. */
export interface RestRoute {
  readonly operation: string;
  readonly method: 'GET';
  /** `/schedules/{Name}`: each name in braces is one member of the input. */
  readonly path: string;
  /** Members by their names in the query. @default none */
  readonly query?: Readonly<Record<string, string>>;
}

/**
 * `restJson1`: the operation is a method and a path, the output JSON.
 * @see https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
 */
export function restJsonProtocol(service: string, routes: readonly RestRoute[]): Protocol {
  const compiled = routes.map((route) => ({ ...route, pattern: new RegExp(`^${route.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`) }));
  return {
    decode(request) {
      for (const { operation, method, pattern, query = {} } of compiled) {
        const groups = method === request.method ? pattern.exec(request.path)?.groups : undefined;
        if (groups !== undefined || (method === request.method && pattern.test(request.path))) return { operation, input: { ...inPath(groups), ...inQuery(request, query) } };
      }
      throw notModelled(`${service} ${request.method} ${request.path}`);
    },
    encode: (_operation, output, requestId) => restAnswer(200, output ?? {}, requestId),
    encodeError: (error, requestId) => restAnswer(error.httpStatus, { ...error.members, Type: error.httpStatus < 500 ? 'User' : 'Service', message: error.message }, requestId, { 'x-amzn-errortype': error.code }),
    commonErrors: FORBIDDEN,
  };
}

/** Services of this protocol answer 403 where JSON services answer 400. */
const FORBIDDEN: NonNullable<Protocol['commonErrors']> = {
  MissingAuthenticationTokenException: ['MissingAuthenticationTokenException', 403],
  IncompleteSignatureException: ['IncompleteSignatureException', 403],
  InvalidSignatureException: ['InvalidSignatureException', 403],
  UnrecognizedClientException: ['UnrecognizedClientException', 403],
  ExpiredTokenException: ['ExpiredTokenException', 403],
};

export function restAnswer(statusCode: number, value: unknown, requestId: string, headers: Readonly<Record<string, string>> = {}): WireResponse {
  return { statusCode, headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId, ...headers }, body: Buffer.from(JSON.stringify(value)) };
}

function inPath(groups: Readonly<Record<string, string>> | undefined): object {
  return Object.fromEntries(Object.entries(groups ?? {}).map(([name, value]) => [name, unescaped(value)]));
}

function inQuery({ query }: WireRequest, names: Readonly<Record<string, string>>): object {
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, member]) => {
      const value = query[name];
      return typeof value === 'string' ? [[member, value] as const] : [];
    }),
  );
}

/** A segment of a path; one with a broken escape as it is, for no name has a percent sign. */
export function unescaped(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
