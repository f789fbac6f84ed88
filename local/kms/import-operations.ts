import { z } from 'zod';
import type { KeySpec } from '../../lambdas/contract/key-specs';
import { CHINA_ONLY } from './algorithms';
import { unwrap, WRAPPING_ALGORITHMS, WRAPPING_KEY_SPECS, type WrappingAlgorithm, type WrappingKeySpec } from './cryptography/key-wrapping';
import type { Secret } from './cryptography/material';
import { kmsError, unsupportedOrigin } from './errors';
import type { KmsKey } from './key';
import { type Actor, actorOf, KMS_ITSELF } from './key-ring';
import type { Rooms } from './rooms';
import { blob, choice, epochSeconds, keyIdText, operation, type Operations } from './wire';

const DAY_MS = 86_400_000;
const TOKEN_VALID_MS = DAY_MS;
const TOKEN_BYTES = 1024;
/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ImportKeyMaterial.html#KMS-ImportKeyMaterial-request-ValidTo */
const MAX_VALIDITY_MS = 365 * DAY_MS;
/** KMS knows its name and has not taken it since October 2023. */
const WITHDRAWN_ALGORITHM = 'RSAES_PKCS1_V1_5';

/** A wrapping key that was given out, and until when KMS takes what it wraps. */
export interface ImportToken {
  readonly algorithm: WrappingAlgorithm;
  readonly wrappingKey: Secret;
  /** Ms since the epoch. */
  readonly validToMs: number;
}

const materialId = z.string().min(64).max(64).regex(/^[a-f0-9]+$/);
const importInput = z.object({
  KeyId: keyIdText,
  ImportToken: blob({ min: 1, max: 6144 }),
  EncryptedKeyMaterial: blob({ min: 1, max: 6144 }),
  ValidTo: z.number().optional(),
  ExpirationModel: z.enum(['KEY_MATERIAL_EXPIRES', 'KEY_MATERIAL_DOES_NOT_EXPIRE']).optional(),
  ImportType: z.enum(['NEW_KEY_MATERIAL', 'EXISTING_KEY_MATERIAL']).optional(),
  KeyMaterialDescription: z.string().max(256).regex(/^[a-zA-Z0-9:/_\s.-]+$/).optional(),
  KeyMaterialId: materialId.optional(),
});
type ImportInput = z.output<typeof importInput>;

const getParametersForImportRequest = z.object({
  KeyId: keyIdText,
  WrappingAlgorithm: choice([WITHDRAWN_ALGORITHM, ...WRAPPING_ALGORITHMS], [CHINA_ONLY.encryption]),
  WrappingKeySpec: choice(WRAPPING_KEY_SPECS, [CHINA_ONLY.keySpec]),
});
const deleteImportedKeyMaterialRequest = z.object({ KeyId: keyIdText, KeyMaterialId: materialId.optional() });

/** Keys whose material comes from outside. @see https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html */
export function importOperations(rooms: Rooms): Operations {
  const { cryptography, directory, keys, options } = rooms;
  const { timeline } = options;
  return {
    GetParametersForImport: operation(
      getParametersForImportRequest,
      ({ KeyId, WrappingAlgorithm, WrappingKeySpec }) => {
        const key = directory.forManagement('GetParametersForImport', KeyId);
        assertExternal(key);
        assertSuits(key.spec, WrappingAlgorithm, WrappingKeySpec);
        for (const [token, { validToMs }] of key.importTokens) if (validToMs <= timeline.nowMs()) key.importTokens.delete(token);
        const wrappingKey = cryptography.generate(WrappingKeySpec);
        const publicKey = cryptography.open(WrappingKeySpec, wrappingKey)?.publicKey;
        const token = cryptography.randomBytes(TOKEN_BYTES).toString('base64');
        const validToMs = timeline.nowMs() + TOKEN_VALID_MS;
        key.importTokens.set(token, { algorithm: WrappingAlgorithm, wrappingKey, validToMs });
        return { KeyId: key.arn, ImportToken: token, PublicKey: publicKey?.toString('base64'), ParametersValidTo: epochSeconds(validToMs) };
      },
    ),

    ImportKeyMaterial: operation(importInput, (input, caller) => {
      const key = directory.forManagement('ImportKeyMaterial', input.KeyId);
      assertExternal(key);
      const expiresAtMs = expiryOf(input, timeline.nowMs());
      const secret = unwrapped(key, input, timeline.nowMs());
      const id = key.materials.idOf(secret);
      if (id === undefined) throw kmsError('IncorrectKeyMaterialException', `The key material is not valid for key spec ${key.spec}.`);
      assertExpected(key, id, input);
      const wasPendingImport = keys.stateOf(key) === 'PendingImport';
      keys.change([key], actorOf(caller), () => {
        key.materials.put({ id, secret, expiresAtMs, description: input.KeyMaterialDescription });
        if (wasPendingImport && key.materials.isComplete()) key.lifecycle = { phase: 'Enabled' };
      });
      armExpiry(rooms, key);
      return { KeyId: key.arn, ...materialMember(key, id) };
    }),

    DeleteImportedKeyMaterial: operation(deleteImportedKeyMaterialRequest, ({ KeyId, KeyMaterialId }, caller) => {
      const key = directory.forManagement('DeleteImportedKeyMaterial', KeyId);
      assertExternal(key);
      const id = KeyMaterialId ?? key.materials.current?.id;
      if (KeyMaterialId !== undefined && key.materials.find(KeyMaterialId) === undefined) {
        throw kmsError('NotFoundException', `Key material ${KeyMaterialId} is not associated with ${key.arn}.`);
      }
      if (id === undefined) return { KeyId: key.arn };
      forget(rooms, key, id, actorOf(caller));
      return { KeyId: key.arn, ...materialMember(key, id) };
    }),
  };
}

/** Sets when the first of a key's imported materials expires. */
export function armExpiry(rooms: Rooms, key: KmsKey): void {
  const { keys, options, timers } = rooms;
  const timer = `expiry of the key material of ${key.id}`;
  timers.clear(timer);
  const expiresAtMs = key.materials.expiresAtMs();
  if (expiresAtMs === undefined || keys.find(key.id) === undefined) return;
  timers.set(timer, expiresAtMs, () => {
    const materials = [...key.materials.all(), ...(key.materials.pending === undefined ? [] : [key.materials.pending])];
    for (const { id, expiresAtMs: atMs } of materials) {
      if (atMs === undefined || atMs > options.timeline.nowMs()) continue;
      forget(rooms, key, id, KMS_ITSELF);
      options.onEvent({ source: 'aws.kms', detailType: 'KMS Imported Key Material Expiration', detail: { 'key-id': key.id, ...(key.spec === 'SYMMETRIC_DEFAULT' && { 'key-material-id': id }) }, resources: [key.arn] });
    }
  });
}

function forget(rooms: Rooms, key: KmsKey, id: string, actor: Actor): void {
  rooms.keys.change([key], actor, () => {
    key.materials.forget(id);
  });
  armExpiry(rooms, key);
}

/** Only symmetric keys tell their material's id. */
function materialMember({ spec }: KmsKey, id: string): Readonly<Record<string, string>> {
  return spec === 'SYMMETRIC_DEFAULT' ? { KeyMaterialId: id } : {};
}

function assertExternal(key: KmsKey): void {
  if (key.origin !== 'EXTERNAL') throw unsupportedOrigin(key);
}

/**
 * Which material can be wrapped how.
 * @throws {UnsupportedOperationException}
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GetParametersForImport.html#KMS-GetParametersForImport-request-WrappingAlgorithm
 */
function assertSuits(spec: KeySpec, algorithm: WrappingAlgorithm | typeof WITHDRAWN_ALGORITHM, wrappingKeySpec: WrappingKeySpec): asserts algorithm is WrappingAlgorithm {
  const isKeyWrap = algorithm.startsWith('RSA_AES_');
  const isSuitable = spec.startsWith('RSA_') ? isKeyWrap : spec.startsWith('ECC_') || !isKeyWrap;
  const isTooLarge = spec === 'ECC_NIST_P521' && wrappingKeySpec === 'RSA_2048' && !isKeyWrap;
  if (algorithm === WITHDRAWN_ALGORITHM || !isSuitable || isTooLarge) {
    throw kmsError('UnsupportedOperationException', `Wrapping algorithm ${algorithm} with wrapping key spec ${wrappingKeySpec} is not supported for key spec ${spec}.`);
  }
}

/** @throws {ValidationException} when model and date do not go together, or the date is not within a year from now. */
function expiryOf({ ExpirationModel = 'KEY_MATERIAL_EXPIRES', ValidTo }: ImportInput, nowMs: number): number | undefined {
  const isExpiring = ExpirationModel === 'KEY_MATERIAL_EXPIRES';
  if (isExpiring !== (ValidTo !== undefined)) {
    throw kmsError('ValidationException', isExpiring ? 'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES' : 'A validTo date cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE');
  }
  if (ValidTo === undefined) return undefined;
  const expiresAtMs = ValidTo * 1_000;
  if (expiresAtMs <= nowMs || expiresAtMs > nowMs + MAX_VALIDITY_MS) throw kmsError('ValidationException', 'ValidTo must be a future date and time at most 365 days from now.');
  return expiresAtMs;
}

/** @throws {InvalidImportTokenException|ExpiredImportTokenException|InvalidCiphertextException} */
function unwrapped({ importTokens }: KmsKey, { ImportToken, EncryptedKeyMaterial }: ImportInput, nowMs: number): Secret {
  const token = importTokens.get(ImportToken.toString('base64'));
  if (token === undefined) throw kmsError('InvalidImportTokenException');
  if (token.validToMs <= nowMs) throw kmsError('ExpiredImportTokenException');
  const secret = unwrap(EncryptedKeyMaterial, token.algorithm, token.wrappingKey);
  if (secret === undefined) throw kmsError('InvalidCiphertextException');
  return secret;
}

/** Whether this material may come in: the same as before, or a new one for a rotation. @throws {IncorrectKeyMaterialException|KMSInvalidStateException|ValidationException|UnsupportedOperationException} */
function assertExpected({ arn, spec, materials }: KmsKey, id: string, { ImportType, KeyMaterialId, KeyMaterialDescription }: ImportInput): void {
  const isSymmetric = spec === 'SYMMETRIC_DEFAULT';
  if (!isSymmetric && (ImportType ?? KeyMaterialId ?? KeyMaterialDescription) !== undefined) {
    throw kmsError('UnsupportedOperationException', 'ImportType, KeyMaterialId and KeyMaterialDescription are for symmetric encryption keys only.');
  }
  if (ImportType === 'NEW_KEY_MATERIAL' && KeyMaterialId !== undefined) throw kmsError('ValidationException', 'KeyMaterialId cannot be specified when ImportType is NEW_KEY_MATERIAL.');
  const isKnown = materials.find(id) !== undefined;
  const isFirst = materials.current === undefined;
  const type = ImportType ?? (isFirst ? 'NEW_KEY_MATERIAL' : 'EXISTING_KEY_MATERIAL');
  if (KeyMaterialId !== undefined && KeyMaterialId !== id) throw kmsError('IncorrectKeyMaterialException');
  if (isKnown !== (type === 'EXISTING_KEY_MATERIAL')) throw kmsError('IncorrectKeyMaterialException');
  if (type === 'NEW_KEY_MATERIAL' && materials.pending !== undefined) {
    throw kmsError('KMSInvalidStateException', `New key material (id: ${id}) cannot be imported into KMS key ${arn}, because another key material (id: ${materials.pending.id}) is pending rotation.`);
  }
}
