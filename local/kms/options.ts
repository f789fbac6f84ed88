import type { Json } from '../../lambdas/domain/trace';
import type { Timeline } from '../kernel/clock';
import type { Caller } from '../kernel/service';
import type { Trace } from '../kernel/trace';
import type { Cryptography } from './cryptography/material';

/** What KMS tells EventBridge. */
export interface KmsEvent {
  readonly source: 'aws.kms';
  readonly detailType: 'KMS CMK Deletion' | 'KMS CMK Rotation' | 'KMS Imported Key Material Expiration';
  readonly detail: Json;
  /** ARNs of the keys that the event is about. */
  readonly resources: readonly string[];
}

/** One call that KMS has answered. */
export interface KmsCall {
  readonly operation: string;
  readonly input: unknown;
  readonly caller: Caller;
  readonly answer?: unknown;
  /** Its refusal, if it was one. */
  readonly error?: { readonly code: string; readonly message: string };
  /** ARNs of the keys that it touches, as they are now. */
  readonly keyArns: () => readonly string[];
}

/** What its readers see late: a new key, a changed key state, a changed alias; what a new grant allows. */
export const LAGGING_THINGS = ['key', 'key-state', 'alias', 'grant'] as const;
export type LaggingThing = (typeof LAGGING_THINGS)[number];

/** What goes on between a request and its effect, in ms. */
export interface Durations {
  /** How long after its deletion date a key is deleted; AWS takes up to 24 h. @default 0 */
  readonly deletionDelayMs?: number;
  /** How long a custom key store is CONNECTING; AWS takes up to 20 minutes. @default 0 */
  readonly keyStoreConnectMs?: number;
  /** How long a custom key store is DISCONNECTING. @default 0 */
  readonly keyStoreDisconnectMs?: number;
  /** How long a rotation on demand takes. @default 0 */
  readonly onDemandRotationMs?: number;
}

/** What a KMS is made with; most of it can be switched later. */
export interface KmsOptions extends Durations {
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly accountId: string;
  readonly region: string;
  /** A new UUID with every call. */
  readonly newId: () => string;
  readonly onEvent: (event: KmsEvent) => void;
  /** Told of every call that was answered, refusals too. @default nobody is */
  readonly onCall?: (call: KmsCall) => void;
  /** @default the real algorithms with the process's secure randomness */
  readonly cryptography?: Cryptography;
  /**
   * How long readers do not see a write, in ms; asked once per write.
   * @param name key id, alias with its prefix, or grant id
   * @default 0: everything is seen at once
   * @see https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency
   */
  readonly visibilityDelayMs?: (what: LaggingThing, name: string) => number;
  /**
   * Requests per second by operation; see DEFAULT_REQUEST_QUOTAS.
   * @default nothing is throttled
   */
  readonly requestQuotas?: Readonly<Record<string, number>>;
  /** Customer managed keys in any state. @default 100,000 */
  readonly maxKeys?: number;
}
