import type { Instant } from '../domain/instant';

/** A KMS key as KMS describes it. */
export interface ObservedKey {
  readonly keyId: string;
  readonly keyArn: string;
  /** AWS's own word: `Enabled`, `Disabled`, `PendingDeletion`, `Unavailable`… */
  readonly keyState: string;
  readonly description: string;
  readonly spec: string;
  readonly usage: string;
  readonly origin: string;
  readonly keyStoreId?: string;
  readonly isMultiRegion: boolean;
  readonly isCustomerManaged: boolean;
  readonly createdAt: Instant;
  readonly deletionAt?: Instant;
}

export interface NewKeyRequest {
  readonly spec: string;
  readonly usage: string;
  readonly origin: 'AWS_KMS' | 'AWS_CLOUDHSM';
  readonly keyStoreId?: string;
  readonly description: string;
  /** Policy document as JSON text. */
  readonly policy: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A KMS key as the tag index has it. */
export interface TaggedKey {
  readonly keyId: string;
  readonly keyArn: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Evidence of use. `lastUsedAt` is `null` when KMS has seen no use since `trackedSince`. Up to 1 hour late. */
export interface KeyUsage {
  readonly lastUsedAt: Instant | null;
  readonly trackedSince: Instant;
}

/** A grant that can be carried to another key, or one that an AWS service made and that cannot. */
export interface ObservedGrant {
  readonly grantId: string;
  readonly name?: string;
  readonly granteePrincipal: string;
  readonly isMadeByService: boolean;
}

/**
 * KMS and CloudHSM key stores in the words of the domain. Mutations are sent once (no SDK retry): a lost answer is
 * `KmsOutcomeUnknown`, and the caller's intent resolves it.
 *
 * Every method may throw {TaskError}: `Throttled`, `PermissionDenied`, `UnclassifiedServiceError`.
 */
export interface KeyProvider {
  /** The KMS key id behind an alias, or `undefined` when there is no such alias (or none yet). Needs `kms:DescribeKey` on the key. */
  aliasTarget(alias: string): Promise<string | undefined>;
  /** The key, or the one behind an alias; `undefined` when KMS does not know it (or not yet: KMS is eventually consistent). */
  describe(keyIdOrAlias: string): Promise<ObservedKey | undefined>;
  /** All keys with all of these tags; the tag index is eventually consistent, so an empty answer proves nothing yet. */
  findByTags(tags: Readonly<Record<string, string>>): Promise<readonly ObservedKey[]>;

  /** All keys with all of these tags, with their tags and nothing else: as the tag index has them, which may be minutes late. */
  taggedKeys(tags: Readonly<Record<string, string>>): Promise<readonly TaggedKey[]>;

  /**
   * Calls `CreateKey` once.
   * @throws {TaskError} `CreateOutcomeUnknown` when a key may exist; `Throttled`, `KeyStoreNotReady`, `QuotaExceeded`, `UnusablePolicy`,
   *   `UnsupportedKey`, `PermissionDenied` when surely none was made.
   */
  createKey(request: NewKeyRequest): Promise<ObservedKey>;
  /** @throws {TaskError} `ObservedMismatch` when the alias exists and points elsewhere. An alias that is there already is fine. */
  ensureAlias(alias: string, keyId: string): Promise<void>;
  /** `UpdateAlias`, once. @throws {TaskError} `KmsOutcomeUnknown`. */
  moveAlias(alias: string, keyId: string): Promise<void>;

  keyPolicy(keyId: string): Promise<string>;
  /** `PutKeyPolicy`: on a version that is not promoted yet. */
  putKeyPolicy(keyId: string, policy: string): Promise<void>;
  tags(keyId: string): Promise<Readonly<Record<string, string>>>;
  addTags(keyId: string, tags: Readonly<Record<string, string>>): Promise<void>;
  grants(keyId: string): Promise<readonly ObservedGrant[]>;
  /** Makes the grants of one key on another, by name, so that a repetition makes none twice. Grants of AWS services are left out. */
  carryGrants(fromKeyId: string, toKeyId: string): Promise<void>;
  /** Grants of one key that `carryGrants` has not made on the other yet; those of AWS services are not among them. */
  uncarriedGrants(fromKeyId: string, toKeyId: string): Promise<readonly ObservedGrant[]>;
  /** DER of the public key, base64, for keys that have one. */
  publicKey(keyId: string): Promise<string | undefined>;

  /**
   * A real round trip by usage, on a key id or an alias. Nothing in it is secret or random.
   * @returns the key id that KMS says it used.
   * @throws {TaskError} `ProofFailed`, `KmsNotConsistentYet` while KMS does not know the key everywhere.
   */
  prove(keyIdOrAlias: string, spec: string, usage: string, context: string): Promise<string>;

  /**
   * Uses a Disabled key, which KMS refuses: CloudTrail tells of the refusal, if it tells of any.
   * @throws {TaskError} `KmsNotConsistentYet` while KMS lets it be used.
   */
  tryDisabled(keyId: string, spec: string, usage: string, context: string): Promise<void>;

  /** `DisableKey`: idempotent in KMS. */
  disable(keyId: string): Promise<void>;
  /** `ScheduleKeyDeletion`. A key that is pending deletion already is success. @returns when KMS will delete it. */
  scheduleDeletion(keyId: string, windowDays: number): Promise<Instant>;
  /** `CancelKeyDeletion`: the key is Disabled afterwards. One that is not pending deletion is fine. */
  cancelDeletion(keyId: string): Promise<void>;
  /** `EnableKey`: idempotent in KMS. */
  enable(keyId: string): Promise<void>;
  lastUsage(keyId: string): Promise<KeyUsage>;
  /** Connection state of a custom key store: `CONNECTED` or KMS's other words. */
  keyStoreState(keyStoreId: string): Promise<string>;
}

