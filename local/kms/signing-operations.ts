import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { KeySpec } from '../../lambdas/contract/key-specs';
import { ability } from './abilities';
import { CHINA_ONLY, MAC_ALGORITHMS, SIGNING_ALGORITHMS } from './algorithms';
import { HASH_BYTES, hashOfAlgorithm } from './cryptography/hashes';
import type { MessageType } from './cryptography/material';
import { kmsError } from './errors';
import { grantTokens } from './grant-token';
import { stopDryRun } from './grants';
import type { Rooms } from './rooms';
import { blob, choice, dryRun, keyIdText, operation, type Operations } from './wire';

const MAX_MESSAGE_BYTES = 4096;
const MAX_SIGNATURE_BYTES = 6144;
/** μ of FIPS 204, section 6.2. */
const EXTERNAL_MU_BYTES = 64;

const signing = z.object({
  KeyId: keyIdText,
  Message: blob({ min: 1, max: MAX_MESSAGE_BYTES }),
  MessageType: z.enum(['RAW', 'DIGEST', 'EXTERNAL_MU']).optional(),
  SigningAlgorithm: choice(SIGNING_ALGORITHMS, [CHINA_ONLY.signing]),
  GrantTokens: grantTokens,
  DryRun: dryRun,
});
const mac = z.object({
  KeyId: keyIdText,
  Message: blob({ min: 1, max: MAX_MESSAGE_BYTES }),
  MacAlgorithm: z.enum(MAC_ALGORITHMS),
  GrantTokens: grantTokens,
  DryRun: dryRun,
});

export function signingOperations({ uses }: Rooms): Operations {
  return {
    Sign: operation(signing, ({ KeyId, Message, MessageType = 'RAW', SigningAlgorithm, DryRun }, caller) =>
      uses.during('Sign', caller, (keys) => {
        const key = keys.named(KeyId, 'SIGN_VERIFY', SigningAlgorithm);
        assertMessage(key.spec, SigningAlgorithm, MessageType, Message);
        stopDryRun(DryRun);
        const signature = ability(key, 'signer').sign(SigningAlgorithm, Message, MessageType);
        return { KeyId: key.arn, Signature: signature.toString('base64'), SigningAlgorithm };
      }),
    ),

    Verify: operation(
      signing.extend({ Signature: blob({ min: 1, max: MAX_SIGNATURE_BYTES }) }),
      ({ KeyId, Message, MessageType = 'RAW', SigningAlgorithm, Signature, DryRun }, caller) =>
        uses.during('Verify', caller, (keys) => {
          const key = keys.named(KeyId, 'SIGN_VERIFY', SigningAlgorithm);
          assertMessage(key.spec, SigningAlgorithm, MessageType, Message);
          stopDryRun(DryRun);
          if (!ability(key, 'signer').verify(SigningAlgorithm, Message, MessageType, Signature)) throw kmsError('KMSInvalidSignatureException');
          return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm };
        }),
    ),

    GenerateMac: operation(mac, ({ KeyId, Message, MacAlgorithm, DryRun }, caller) =>
      uses.during('GenerateMac', caller, (keys) => {
        const key = keys.named(KeyId, 'GENERATE_VERIFY_MAC', MacAlgorithm);
        stopDryRun(DryRun);
        return { KeyId: key.arn, Mac: ability(key, 'mac').mac(Message).toString('base64'), MacAlgorithm };
      }),
    ),

    VerifyMac: operation(mac.extend({ Mac: blob({ min: 1, max: MAX_SIGNATURE_BYTES }) }), ({ KeyId, Message, MacAlgorithm, Mac, DryRun }, caller) =>
      uses.during('VerifyMac', caller, (keys) => {
        const key = keys.named(KeyId, 'GENERATE_VERIFY_MAC', MacAlgorithm);
        stopDryRun(DryRun);
        const expected = ability(key, 'mac').mac(Message);
        if (Mac.length !== expected.length || !timingSafeEqual(Mac, expected)) throw kmsError('KMSInvalidMacException');
        return { KeyId: key.arn, MacValid: true, MacAlgorithm };
      }),
    ),
  };
}

/**
 * Which message types an algorithm takes, and how long a digest is.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#KMS-Sign-request-MessageType
 */
function assertMessage(spec: KeySpec, algorithm: string, messageType: MessageType, message: Buffer): void {
  if (!messageTypesOf(algorithm).includes(messageType)) {
    throw kmsError('ValidationException', `Message type ${messageType} is incompatible with key spec ${spec}.`);
  }
  if (messageType === 'RAW') return;
  const hash = hashOfAlgorithm(algorithm);
  const expectedBytes = hash === undefined ? EXTERNAL_MU_BYTES : HASH_BYTES[hash];
  if (message.length !== expectedBytes) throw kmsError('ValidationException', `Digest is invalid length for algorithm ${algorithm}.`);
}

function messageTypesOf(algorithm: string): readonly MessageType[] {
  switch (algorithm) {
    case 'ED25519_SHA_512':
      return ['RAW'];
    case 'ED25519_PH_SHA_512':
      return ['DIGEST'];
    case 'ML_DSA_SHAKE_256':
      return ['RAW', 'EXTERNAL_MU'];
    default:
      return ['RAW', 'DIGEST'];
  }
}
