import { abilityOf } from './abilities';
import { associatedData, packCiphertext } from './ciphertext';
import { kmsError } from './errors';
import type { KmsKey } from './key';

/** The algorithm of symmetric keys. */
export const SYMMETRIC = 'SYMMETRIC_DEFAULT';

/** A call on one key: the algorithm and the context that the ciphertext is bound to. */
export interface Terms {
  readonly algorithm: string;
  readonly encryptionContext: Readonly<Record<string, string>> | undefined;
}

/** A ciphertext, and the key that it was made with. */
export interface Located {
  readonly key: KmsKey;
  /** Of a symmetric key; others have one material. */
  readonly materialId: string | undefined;
  readonly body: Buffer;
}

/** @throws {ValidationException} for an encryption context that the algorithm has no place for. */
export function encrypt(key: KmsKey, terms: Terms, plaintext: Buffer): Buffer {
  assertContext(terms);
  const { id, material } = key.materials.open();
  const body = abilityOf(material, 'cipher').encrypt(terms.algorithm, plaintext, associatedData(terms.encryptionContext));
  return terms.algorithm === SYMMETRIC ? packCiphertext({ keyId: key.id, materialId: id, body }) : body;
}

/** @throws {InvalidCiphertextException} when it was not made with this key, algorithm and context. */
export function decrypt({ key, materialId, body }: Located, terms: Terms): Buffer {
  assertContext(terms);
  const open = materialId === undefined ? key.materials.open() : key.materials.openById(materialId);
  const plaintext = open && abilityOf(open.material, 'cipher').decrypt(terms.algorithm, body, associatedData(terms.encryptionContext));
  if (plaintext === undefined) throw kmsError('InvalidCiphertextException');
  return plaintext;
}

/** Asymmetric ciphertexts have no place for an encryption context, so KMS refuses one. */
export function assertContext({ algorithm: name, encryptionContext: context }: Terms): void {
  if (name !== SYMMETRIC && context !== undefined && Object.keys(context).length > 0) {
    throw kmsError('ValidationException', `Encryption context is not supported with algorithm ${name}.`);
  }
}

/** @param id of the material that was used; @default the current one */
export function materialMember(name: string, { spec, materials }: KmsKey, id = materials.current?.id): Readonly<Record<string, string>> {
  return spec !== 'SYMMETRIC_DEFAULT' || id === undefined || id === '' ? {} : { [name]: id };
}
