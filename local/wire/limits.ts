import { addresseeOf, type ServiceName } from './endpoints';
import type { WireRequest } from './message';

const MIB = 1_048_576;

/** 16 MB is what DynamoDB's largest requests have; services with smaller limits refuse the rest themselves, in their own words. */
const MAX_BODY_BYTES = 16 * MIB;

/** Whole requests that AWS refuses before it looks at them. */
const MAX_BODY_BYTES_OF: Readonly<Partial<Record<ServiceName, number>>> = {
  /** @see https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-general */
  states: MIB,
  /** Not documented; no member of a KMS request may have more than some kilobytes. */
  kms: MIB,
};

/** How many bytes of a request's body are read, by what its headers say. */
export function maxBodyBytesOf(head: Omit<WireRequest, 'body'>): number {
  const { service } = addresseeOf({ ...head, body: new Uint8Array() });
  return (service === undefined ? undefined : MAX_BODY_BYTES_OF[service]) ?? MAX_BODY_BYTES;
}

/** Of a body over the limit so many bytes are read and thrown away before it is answered; the connection of a longer one is closed at once. */
export const MAX_DISCARDED_BYTES = 64 * MIB;

/** How long a client may take, in real ms. */
export interface Patience {
  /** For the headers of a request. @default 10,000 */
  readonly headersMs: number;
  /** For a whole request. @default 60,000 */
  readonly requestMs: number;
}

export const DEFAULT_PATIENCE: Patience = { headersMs: 10_000, requestMs: 60_000 };
