import { z } from 'zod';
import { ability } from './abilities';
import { algorithmMember } from './algorithms';
import { kmsError } from './errors';
import { grantTokens } from './grant-token';
import { stopDryRun } from './grants';
import { assertStateAllows } from './key-state-table';
import type { Rooms } from './rooms';
import { blob, dryRun, keyIdText, operation, type Operations, refused } from './wire';

const recipient = refused('attested enclaves as recipients');
const encapsulation = z.object({ KeyId: keyIdText, EncapsulationAlgorithm: z.enum(['ML_KEM']), GrantTokens: grantTokens, DryRun: dryRun });

const getPublicKeyRequest = z.object({ KeyId: keyIdText, GrantTokens: grantTokens });
const deriveSharedSecretRequest = z.object({
  KeyId: keyIdText,
  KeyAgreementAlgorithm: z.enum(['ECDH']),
  PublicKey: blob({ min: 1, max: 8192 }),
  GrantTokens: grantTokens,
  DryRun: dryRun,
  Recipient: recipient,
});
const generateRandomRequest = z.object({
  NumberOfBytes: z.number().int().min(1).max(1024).optional(),
  CustomKeyStoreId: z.string().min(1).max(64).optional(),
  Recipient: recipient,
});

/** Shared secrets, public keys and random bytes. */
export function secretOperations({ cryptography, directory, keyStores, uses }: Rooms): Operations {
  return {
    GetPublicKey: operation(getPublicKeyRequest, ({ KeyId }) => {
      const { key, shown } = directory.find(KeyId);
      assertStateAllows('GetPublicKey', shown.state, key.arn);
      const { publicKey } = key.materials.open().material;
      if (publicKey === undefined) {
        throw kmsError('UnsupportedOperationException', `${key.arn} key spec ${key.spec} is not valid for GetPublicKey.`);
      }
      return {
        KeyId: key.arn,
        PublicKey: publicKey.toString('base64'),
        CustomerMasterKeySpec: key.spec,
        KeySpec: key.spec,
        KeyUsage: key.usage,
        ...algorithmMember(key.spec, key.usage),
      };
    }),

    DeriveSharedSecret: operation(
      deriveSharedSecretRequest,
      ({ KeyId, KeyAgreementAlgorithm, PublicKey, DryRun }, caller) =>
        uses.during('DeriveSharedSecret', caller, (keys) => {
          const key = keys.named(KeyId, 'KEY_AGREEMENT', KeyAgreementAlgorithm);
          stopDryRun(DryRun);
          const secret = ability(key, 'agreement').deriveSharedSecret(PublicKey);
          if (secret === undefined) throw kmsError('ValidationException', `The public key is not a key of spec ${key.spec}.`);
          return { KeyId: key.arn, SharedSecret: secret.toString('base64'), KeyAgreementAlgorithm, KeyOrigin: key.origin };
        }),
    ),

    Encapsulate: operation(encapsulation, ({ KeyId, EncapsulationAlgorithm, DryRun }, caller) =>
      uses.during('Encapsulate', caller, (keys) => {
        const key = keys.named(KeyId, 'ENCAPSULATE_DECAPSULATE', EncapsulationAlgorithm);
        stopDryRun(DryRun);
        const { sharedSecret, ciphertext } = ability(key, 'encapsulation').encapsulate();
        return {
          KeyId: key.arn,
          SharedSecret: sharedSecret.toString('base64'),
          SharedSecretCiphertextBlob: ciphertext.toString('base64'),
          EncapsulationAlgorithm,
        };
      }),
    ),

    Decapsulate: operation(
      encapsulation.extend({ SharedSecretCiphertextBlob: blob({ min: 1, max: 6144 }) }),
      ({ KeyId, EncapsulationAlgorithm, SharedSecretCiphertextBlob, DryRun }, caller) =>
        uses.during('Decapsulate', caller, (keys) => {
          const key = keys.named(KeyId, 'ENCAPSULATE_DECAPSULATE', EncapsulationAlgorithm);
          const material = ability(key, 'encapsulation');
          if (SharedSecretCiphertextBlob.length !== material.ciphertextLength) throw kmsError('InvalidCiphertextException');
          stopDryRun(DryRun);
          return { KeyId: key.arn, SharedSecret: material.decapsulate(SharedSecretCiphertextBlob).toString('base64'), EncapsulationAlgorithm };
        }),
    ),

    GenerateRandom: operation(
      generateRandomRequest,
      ({ NumberOfBytes, CustomKeyStoreId }) => {
        if (CustomKeyStoreId !== undefined && !keyStores.isConnected(CustomKeyStoreId)) {
          throw kmsError('CustomKeyStoreInvalidStateException', `Custom key store ${CustomKeyStoreId} is not connected.`);
        }
        if (NumberOfBytes === undefined) throw kmsError('ValidationException', 'NumberOfBytes is required.');
        return { Plaintext: cryptography.randomBytes(NumberOfBytes).toString('base64') };
      },
    ),
  };
}
