import type { KeySpec, KeyUsage } from '../../lambdas/contract/key-specs';
import type { Grant } from './grant';
import type { ImportToken } from './import-operations';
import type { KeyMaterials, KeyOrigin } from './key-materials';
import type { KeyState } from './key-state-table';
import type { Lagging } from './lagging';
import type { RotationSchedule } from './rotation';

/** What was done to a key by its administrators; its key state follows from this, its key material and its key store. */
export type Lifecycle = { readonly phase: 'Enabled' | 'Disabled' } | { readonly phase: 'PendingDeletion'; readonly deletionAtMs: number };

/** The part of a key that its readers see late. */
export interface ShownState {
  readonly state: KeyState;
  readonly deletionAtMs?: number | undefined;
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
  readonly origin: KeyOrigin;
  readonly keyStoreId?: string | undefined;
  /** The primary key of a multi-Region key, which has no replicas here. */
  readonly isMultiRegion: boolean;
  readonly createdAtMs: number;
  readonly materials: KeyMaterials;
  description: string;
  /** Policy document, as JSON text. */
  policy: string;
  lifecycle: Lifecycle;
  rotation: RotationSchedule;
  /** What `GetParametersForImport` gave out for this key, by the token's bytes as base64. */
  readonly importTokens: Map<string, ImportToken>;
  readonly tags: Map<string, string>;
  /** By grant id. */
  readonly grants: Map<string, Grant>;
  readonly shown: Lagging<ShownState>;
  readonly lastUse: Lagging<LastUse>;
}
