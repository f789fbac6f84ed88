import type { AliasBook } from './alias-book';
import { kmsError } from './errors';
import type { KmsKey, ShownState } from './key';
import type { KeyRing } from './key-ring';
import { assertStateAllows, type KeyOperation } from './key-state-table';
import { keyArn, parseKeyReference, type Place } from './place';

const KEY_ID_PATTERN = /^(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** A key that a request named. */
export interface FoundKey {
  readonly key: KmsKey;
  /** What readers see of it now. */
  readonly shown: ShownState;
}

/** Finds keys by what a request calls them, as far as KMS shows them already. */
export class KeyDirectory {
  constructor(
    private readonly place: Place,
    private readonly keys: KeyRing,
    private readonly aliases: AliasBook,
  ) {}

  /** By id, ARN, alias or alias ARN. @throws {NotFoundException|InvalidArnException} */
  find(text: string): FoundKey {
    const reference = parseKeyReference(this.place, text);
    if (reference.kind === 'key') return this.byId(reference.keyId, reference.accountId);
    const alias = reference.accountId === this.place.accountId ? this.aliases.shown(reference.name) : undefined;
    if (alias === undefined) throw this.aliases.notFound(reference.name, reference.accountId);
    return this.byId(alias.targetKeyId);
  }

  /**
   * By id or ARN, for an operation that manages the key: it is decided by the key's true state.
   * @throws {NotFoundException|InvalidArnException|KMSInvalidStateException|DisabledException}
   */
  forManagement(operation: KeyOperation, text: string): KmsKey {
    const reference = parseKeyReference(this.place, text);
    if (reference.kind === 'alias') throw kmsError('NotFoundException', `Invalid keyId '${text}'`);
    const { key } = this.byId(reference.keyId, reference.accountId);
    assertStateAllows(operation, this.keys.stateOf(key), key.arn);
    return key;
  }

  /** The key that a ciphertext names. @throws {NotFoundException} */
  byId(keyId: string, accountId: string = this.place.accountId): FoundKey {
    const key = accountId === this.place.accountId ? this.keys.find(keyId) : undefined;
    const shown = key?.shown.read();
    if (key !== undefined && shown !== undefined) return { key, shown };
    throw KEY_ID_PATTERN.test(keyId)
      ? kmsError('NotFoundException', `Key '${keyArn({ ...this.place, accountId }, keyId)}' does not exist`)
      : kmsError('NotFoundException', `Invalid keyId '${keyId}'`);
  }
}
