import type { AwsError } from '../kernel/aws-error';
import { kmsError } from './errors';

/** AWS's own words. The last two are of the moments when a multi-Region key gets a replica or another primary key, which this emulation refuses. */
export const KEY_STATES = ['Enabled', 'Disabled', 'PendingDeletion', 'Unavailable', 'PendingImport', 'Creating', 'Updating'] as const;
export type KeyState = (typeof KEY_STATES)[number];

type Refusal = (keyArn: string) => AwsError;
type Row = Readonly<Partial<Record<KeyState, Refusal>>>;

const invalidState = (what: string): Refusal => (keyArn) => kmsError('KMSInvalidStateException', `${keyArn} ${what}.`);
const disabled: Refusal = (keyArn) => kmsError('DisabledException', `${keyArn} is disabled.`);
const pendingDeletion = invalidState('is pending deletion');
const notPendingDeletion = invalidState('is not pending deletion');
const pendingImport = invalidState('is pending import');
const unavailable = invalidState('is unavailable');
const creating = invalidState('is creating');
const updating = invalidState('is updating');

const ALWAYS: Row = {};
const NOT_WHILE_PENDING_DELETION: Row = { PendingDeletion: pendingDeletion };
/** On an Unavailable key the call succeeds; its effect shows once the key is available. */
const SWITCHING: Row = { PendingDeletion: pendingDeletion, PendingImport: pendingImport, Creating: creating, Updating: updating };
/** For a key pending deletion AWS answers DisabledException or KMSInvalidStateException; this is the one seen in practice. */
const USABLE_BUT_FOR_ITS_STORE: Row = { Disabled: disabled, PendingDeletion: pendingDeletion, PendingImport: pendingImport, Creating: creating };
const ROTATABLE: Row = { Disabled: disabled, PendingDeletion: pendingDeletion, Creating: creating, Updating: updating };
const IMPORTABLE: Row = { PendingDeletion: pendingDeletion, Creating: creating, Updating: updating };
const USABLE: Row = { ...USABLE_BUT_FOR_ITS_STORE, Unavailable: unavailable };

/**
 * Which operation a key's state refuses, and how. A state that a row does not name allows the operation.
 * `UpdateAlias` is about the new target; the state of the current one does not matter.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
 */
export const KEY_STATE_TABLE = {
  DescribeKey: ALWAYS,
  DeleteAlias: ALWAYS,
  GetKeyLastUsage: ALWAYS,
  GetKeyPolicy: ALWAYS,
  GetKeyRotationStatus: ALWAYS,
  ListGrants: ALWAYS,
  ListKeyPolicies: ALWAYS,
  ListKeyRotations: ALWAYS,
  ListResourceTags: ALWAYS,
  PutKeyPolicy: ALWAYS,
  RetireGrant: ALWAYS,
  RevokeGrant: ALWAYS,

  CreateAlias: NOT_WHILE_PENDING_DELETION,
  UpdateAlias: NOT_WHILE_PENDING_DELETION,
  TagResource: NOT_WHILE_PENDING_DELETION,
  UntagResource: NOT_WHILE_PENDING_DELETION,
  UpdateKeyDescription: NOT_WHILE_PENDING_DELETION,

  EnableKey: SWITCHING,
  DisableKey: SWITCHING,
  ScheduleKeyDeletion: { PendingDeletion: pendingDeletion, Updating: updating },
  CancelKeyDeletion: {
    Enabled: notPendingDeletion,
    Disabled: notPendingDeletion,
    Unavailable: notPendingDeletion,
    PendingImport: notPendingDeletion,
    Creating: notPendingDeletion,
    Updating: notPendingDeletion,
  },

  // A key in a key store, or one that waits for its import, is refused automatic rotation for its origin.
  EnableKeyRotation: ROTATABLE,
  DisableKeyRotation: ROTATABLE,
  RotateKeyOnDemand: { ...ROTATABLE, PendingImport: pendingImport },
  GetParametersForImport: IMPORTABLE,
  ImportKeyMaterial: IMPORTABLE,
  DeleteImportedKeyMaterial: { Creating: creating, Updating: updating },
  ReplicateKey: { ...ROTATABLE, PendingImport: pendingImport },
  UpdatePrimaryRegion: { ...ROTATABLE, PendingImport: pendingImport },

  CreateGrant: USABLE_BUT_FOR_ITS_STORE,
  Decapsulate: USABLE,
  Decrypt: USABLE,
  DeriveSharedSecret: USABLE,
  Encapsulate: USABLE,
  Encrypt: USABLE,
  GenerateDataKey: USABLE,
  GenerateDataKeyWithoutPlaintext: USABLE,
  GenerateDataKeyPair: USABLE,
  GenerateDataKeyPairWithoutPlaintext: USABLE,
  GenerateMac: USABLE,
  GetPublicKey: USABLE,
  ReEncrypt: USABLE,
  Sign: USABLE,
  Verify: USABLE,
  VerifyMac: USABLE,
} as const satisfies Record<string, Row>;

/** An operation on an existing key. */
export type KeyOperation = keyof typeof KEY_STATE_TABLE;

/** @throws {KMSInvalidStateException|DisabledException} when `state` refuses `operation`. */
export function assertStateAllows(operation: KeyOperation, state: KeyState, keyArn: string): void {
  const row: Row = KEY_STATE_TABLE[operation];
  const refusal = row[state];
  if (refusal !== undefined) throw refusal(keyArn);
}
