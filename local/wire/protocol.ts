import type { AwsError } from '../kernel/aws-error';
import type { WireRequest, WireResponse } from './message';

/** A request decoded far enough to call a service. */
export interface DecodedCall {
  readonly operation: string;
  readonly input: unknown;
}

/** One way in which AWS services speak HTTP. */
export interface Protocol {
  /** @throws {AwsError} when the request cannot be understood. */
  decode(request: WireRequest): DecodedCall;
  encode(operation: string, output: unknown, requestId: string): WireResponse;
  encodeError(error: AwsError, requestId: string): WireResponse;
  /** How services of this protocol name errors that come before the service: by the names of JSON services. @default the same names */
  readonly commonErrors?: Readonly<Record<string, readonly [code: string, httpStatus: number]>>;
}

/** Requests and answers carry JSON objects; anything else is malformed. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as text: text as it is, numbers and booleans as JSON writes them. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The media type of a body, without its parameters. */
export function mediaTypeOf({ headers }: Pick<WireRequest, 'headers'>): string {
  return (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}
