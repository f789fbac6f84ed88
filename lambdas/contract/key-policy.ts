/**
 * What a person decides about one managed key, normalized: durations are seconds, defaults are filled in.
 * `lib/config` makes it from `keyturn.config.json` at synth; `register-keys` writes it into the registry.
 */
export interface KeyPolicy {
  /** The key's name in the registry; legal names are those of `KEY_NAME_PATTERN`. */
  readonly name: string;
  /** With its prefix: `alias/orders`. */
  readonly alias: string;
  /** The team or person who answers for the key. */
  readonly owner: string;
  readonly description: string;
  /** How a version is made. `in-place` is not built yet and refused at synth. */
  readonly strategy: 'alias-swap';
  readonly spec: string;
  readonly usage: string;
  readonly origin: 'AWS_KMS' | 'AWS_CLOUDHSM';
  /** The custom key store, for origin `AWS_CLOUDHSM`. */
  readonly keyStoreId?: string;
  /** A window starts every so many seconds, counted from the anchor. At least 86,400. */
  readonly rotateEverySeconds: number;
  /** Start of the window with k = 0: a whole minute in UTC, e.g. `2026-01-01T00:00:00Z`. */
  readonly anchor: string;
  /** Starts of keys with the same window are spread over this many seconds by a hash of the name. */
  readonly startSpreadSeconds: number;
  /** DEPRECATED for at least this long. */
  readonly drainSeconds: number;
  /** The oldest backup that may have to be restored and decrypted: the drain lasts at least this long. 0: none. */
  readonly backupRetentionSeconds: number;
  /** A compromised version's drain: backups and old data that still need it must be re-encrypted by then. */
  readonly emergencyDrainSeconds: number;
  /** Unused for this long at the end of the drain, or the drain is extended. At most `drainSeconds`. */
  readonly idleSeconds: number;
  /** DISABLED for at least this long before the revocation. */
  readonly bakeSeconds: number;
  readonly retirement: 'keep' | 'disable' | 'delete';
  /** `delete` without an approval bound to the version. */
  readonly autoDelete: boolean;
  /** KMS's own waiting period after the revocation, 7 to 30 days. */
  readonly deletionWindowDays: number;
  /** How many identities must approve what is asked about this key. */
  readonly approvers: 1 | 2;
  /** An approval that nobody answers expires after this long. */
  readonly approvalTimeoutSeconds: number;
  /** Attempts of one window before a person is needed. */
  readonly maxAttempts: number;
  readonly dependents: readonly DependentPolicy[];
  /** The person's tags for every version's KMS key, besides keyturn's own. */
  readonly tags: Readonly<Record<string, string>>;
  /** Key policy document of a bootstrapped key, as JSON text; later versions carry over what the ACTIVE key has. */
  readonly keyPolicy?: string;
  /** ARN of the KMS key that the alias already points to, when an existing key is adopted. */
  readonly adopt?: string;
}

/** A service that uses the alias and acknowledges: `ready` before promotion, `released` before retirement. */
export type DependentPolicy = EventDependent | ProbeDependent;

/** Told by an EventBridge event; answers through the acknowledge URL. */
export interface EventDependent {
  readonly name: string;
  readonly kind: 'event';
  /** IAM role or user whose answer counts. Sessions of the role are the role. */
  readonly principal: string;
  /** It answers `ready` within this long. */
  readonly acknowledgeWithinSeconds: number;
}

/** A Lambda function that is asked instead, and answers at once. */
export interface ProbeDependent {
  readonly name: string;
  readonly kind: 'probe';
  readonly functionArn: string;
  readonly acknowledgeWithinSeconds: number;
}

/** Letters, digits, `.`, `_`, `/` and `-`; starts and ends with a letter or digit; at most 128 characters. */
export const KEY_NAME_PATTERN = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?$/;

/** A Map state runs 40 iterations at a time; all dependents have their deadline from the same moment. */
export const MAX_DEPENDENTS = 40;
