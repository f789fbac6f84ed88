import type { Caller } from '../kernel/service';

/** One HTTP request as it is signed: the path as on the request line (escaped), header names in lower case. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Aborted when the client has gone before it was answered. @default it stays */
  readonly abandoned?: AbortSignal;
}

export interface WireResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * Answers one request; errors of services are answers.
 * @throws {LostAnswer} when the interceptor lost the answer: the transport breaks the connection.
 */
export type Dispatch = (request: WireRequest) => Promise<WireResponse>;

/** One call of one service, decoded: input and output are the service's wire JSON. */
export interface ServiceCall {
  /** Name of the service in a SigV4 credential scope: `kms`, `dynamodb`, `states`… */
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
  readonly caller: Caller;
}

/**
 * Stands between the wire and the services, so that tests and the simulator can crash a caller before or after a call,
 * lose an answer ({@link LostAnswer}), delay, throttle (an `AwsError`). `next` checks IAM and calls the service.
 */
export type Interceptor = (call: ServiceCall, next: () => Promise<unknown>) => Promise<unknown>;

/** Thrown by an interceptor: the caller sees a broken connection, whatever the service has applied. */
export class LostAnswer extends Error {
  override readonly name = 'LostAnswer';

  constructor(message = 'The answer was lost on the way') {
    super(message);
  }
}
