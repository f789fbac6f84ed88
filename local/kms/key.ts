import type { KeySpec, KeyUsage } from '../../lambdas/contract/key-specs';
import type { KeyMaterial } from './cryptography/material';
import type { Grant } from './grants';
import type { KeyState } from './key-state-table';
import type { Lagging } from './lagging';

/** What was done to a key by its administrators; its key state follows from this and from its key store. */
export type Lifecycle =
  | { readonly phase: 'Enabled' | 'Disabled' }
  | { readonly phase: 'PendingDeletion'; readonly deletionAtMs: number; readonly cancelTimer: () => void };

/** The part of a key that its readers see late. */
export interface ShownState {
  readonly state: KeyState;
  readonly deletionAtMs?: number;
}

/** A successful cryptographic operation, as `GetKeyLastUsage` tells it. */
export interface LastUse {
  readonly operation: string;
  readonly atMs: number;
  readonly cloudTrailEventId: string;
  readonly requestId: string;
}

/** A customer managed key. */
export interface KmsKey {
  readonly id: string;
  readonly arn: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly origin: 'AWS_KMS' | 'AWS_CLOUDHSM';
  readonly keyStoreId?: string;
  readonly createdAtMs: number;
  /** Id of the key material, for symmetric keys of origin AWS_KMS. */
  readonly materialId?: string;
  /** Made at the first call and kept. */
  readonly material: () => KeyMaterial;
  description: string;
  /** Policy document, as JSON text. */
  policy: string;
  lifecycle: Lifecycle;
  readonly tags: Map<string, string>;
  /** By grant id. */
  readonly grants: Map<string, Grant>;
  readonly shown: Lagging<ShownState>;
  readonly lastUse: Lagging<LastUse>;
}
