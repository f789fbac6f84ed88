import { createHash } from 'node:crypto';
import {
  DecapsulateCommand,
  DecryptCommand,
  DeriveSharedSecretCommand,
  EncapsulateCommand,
  EncryptCommand,
  GenerateMacCommand,
  GetPublicKeyCommand,
  SignCommand,
  VerifyCommand,
  VerifyMacCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import type { KeyUsage } from '../../contract/key-specs';
import { TaskError } from '../../domain/task-error';
import { attempt, present } from './calls';
import type { KeyKind } from './key-kind';
import { keyIdOf } from './observed-key';
import { agreementPartner, hasValidSignature } from './local-crypto';
import { CURVES, MAC_ALGORITHMS, SIGNING_ALGORITHMS, algorithmFor } from './proof-algorithms';

/** One round trip to make. */
interface Proof extends KeyKind {
  readonly kms: KMSClient;
  /** Key id or alias. */
  readonly key: string;
  /** What makes this proof's messages its own, e.g. the rotation id and version. */
  readonly context: string;
}

/** What a round trip showed. */
interface Shown {
  /** The key ARNs that KMS says it used, call by call. */
  readonly usedKeys: readonly string[];
  /** Whether the key gave back what it had been given. */
  readonly isRoundTrip: boolean;
}

/** Each round trip resolves an alias in its first call only, so that all of it is about one key. */
const ROUND_TRIPS: Readonly<Record<KeyUsage, (proof: Proof) => Promise<Shown>>> = {
  ENCRYPT_DECRYPT: encryptAndDecrypt,
  SIGN_VERIFY: signAndVerify,
  GENERATE_VERIFY_MAC: makeAndVerifyMac,
  KEY_AGREEMENT: agreeOnSecret,
  ENCAPSULATE_DECAPSULATE: encapsulateAndDecapsulate,
};

/**
 * A real round trip by the key's usage. Its messages are functions of the context: nothing in it is secret or random.
 * @returns the bare id of the key that KMS says it used.
 * @throws {TaskError} `ProofFailed`, `KmsNotConsistentYet`, `Throttled`, `PermissionDenied`, `UnsupportedKey`.
 */
export async function proveKey(proof: Proof): Promise<string> {
  const { usedKeys, isRoundTrip } = await ROUND_TRIPS[proof.usage](proof);
  const keyIds = new Set(usedKeys.map(keyIdOf));
  if (!isAlias(proof.key)) keyIds.add(keyIdOf(proof.key));
  const [keyId, ...others] = keyIds;
  const what = `The ${proof.usage} round trip with ${proof.spec} on ${proof.key}`;
  if (keyId === undefined || others.length > 0) throw new TaskError('ProofFailed', `${what} should use one key, and used ${[...keyIds].join(', ')}`);
  if (!isRoundTrip) throw new TaskError('ProofFailed', `${what} did not give back what ${keyId} had been given`);
  return keyId;
}

function isAlias(key: string): boolean {
  return /(^|:)alias\//.test(key);
}

/** 32 bytes: short enough for every algorithm's input. */
function messageOf(context: string): Uint8Array {
  return createHash('sha256').update(`keyturn-proof:${context}`).digest();
}

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.from(left).equals(right);
}

async function encryptAndDecrypt({ kms, key, spec, context }: Proof): Promise<Shown> {
  const plaintext = messageOf(context);
  const algorithm =
    spec === 'SYMMETRIC_DEFAULT'
      ? { EncryptionAlgorithm: spec, EncryptionContext: { 'keyturn-proof': context } }
      : { EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' as const };

  const encrypted = await attempt('Encrypt', key, async () => {
    const answer = await kms.send(new EncryptCommand({ KeyId: key, Plaintext: plaintext, ...algorithm }));
    return { keyArn: present(answer.KeyId, 'KeyId'), ciphertext: present(answer.CiphertextBlob, 'CiphertextBlob') };
  });
  const decrypted = await attempt('Decrypt', encrypted.keyArn, async () => {
    const answer = await kms.send(new DecryptCommand({ KeyId: encrypted.keyArn, CiphertextBlob: encrypted.ciphertext, ...algorithm }));
    return { keyArn: present(answer.KeyId, 'KeyId'), plaintext: present(answer.Plaintext, 'Plaintext') };
  });
  return { usedKeys: [encrypted.keyArn, decrypted.keyArn], isRoundTrip: areEqual(decrypted.plaintext, plaintext) };
}

/** KMS verifies its own signature, and so do we with the public key, which is what the key's dependents will do. */
async function signAndVerify({ kms, key, spec, context }: Proof): Promise<Shown> {
  const algorithm = algorithmFor(SIGNING_ALGORITHMS, spec);
  const request = { Message: messageOf(context), MessageType: 'RAW', SigningAlgorithm: algorithm.name } as const;

  const signed = await attempt('Sign', key, async () => {
    const answer = await kms.send(new SignCommand({ KeyId: key, ...request }));
    return { keyArn: present(answer.KeyId, 'KeyId'), signature: present(answer.Signature, 'Signature') };
  });
  const verified = await attempt('Verify', signed.keyArn, async () => {
    const answer = await kms.send(new VerifyCommand({ KeyId: signed.keyArn, Signature: signed.signature, ...request }));
    return { keyArn: present(answer.KeyId, 'KeyId'), isValid: present(answer.SignatureValid, 'SignatureValid') };
  });
  const published = await publicKeyFor(kms, signed.keyArn);
  return {
    usedKeys: [signed.keyArn, verified.keyArn, published.keyArn],
    isRoundTrip: verified.isValid && hasValidSignature(algorithm, published.publicKey, request.Message, signed.signature),
  };
}

async function makeAndVerifyMac({ kms, key, spec, context }: Proof): Promise<Shown> {
  const request = { Message: messageOf(context), MacAlgorithm: algorithmFor(MAC_ALGORITHMS, spec) };

  const made = await attempt('GenerateMac', key, async () => {
    const answer = await kms.send(new GenerateMacCommand({ KeyId: key, ...request }));
    return { keyArn: present(answer.KeyId, 'KeyId'), mac: present(answer.Mac, 'Mac') };
  });
  const verified = await attempt('VerifyMac', made.keyArn, async () => {
    const answer = await kms.send(new VerifyMacCommand({ KeyId: made.keyArn, Mac: made.mac, ...request }));
    return { keyArn: present(answer.KeyId, 'KeyId'), isValid: present(answer.MacValid, 'MacValid') };
  });
  return { usedKeys: [made.keyArn, verified.keyArn], isRoundTrip: verified.isValid };
}

/** Both sides of a key agreement: KMS with its private key, and a partner whose private key everybody may know. */
async function agreeOnSecret({ kms, key, spec, context }: Proof): Promise<Shown> {
  const partner = agreementPartner(algorithmFor(CURVES, spec), messageOf(context));

  const derived = await attempt('DeriveSharedSecret', key, async () => {
    const answer = await kms.send(new DeriveSharedSecretCommand({ KeyId: key, KeyAgreementAlgorithm: 'ECDH', PublicKey: partner.publicKey }));
    return { keyArn: present(answer.KeyId, 'KeyId'), secret: present(answer.SharedSecret, 'SharedSecret') };
  });
  const published = await publicKeyFor(kms, derived.keyArn);
  const secret = partner.secretWith(published.publicKey);
  return { usedKeys: [derived.keyArn, published.keyArn], isRoundTrip: secret !== undefined && areEqual(secret, derived.secret) };
}

async function encapsulateAndDecapsulate({ kms, key }: Proof): Promise<Shown> {
  const encapsulated = await attempt('Encapsulate', key, async () => {
    const answer = await kms.send(new EncapsulateCommand({ KeyId: key, EncapsulationAlgorithm: 'ML_KEM' }));
    return {
      keyArn: present(answer.KeyId, 'KeyId'),
      secret: present(answer.SharedSecret, 'SharedSecret'),
      ciphertext: present(answer.SharedSecretCiphertextBlob, 'SharedSecretCiphertextBlob'),
    };
  });
  const decapsulated = await attempt('Decapsulate', encapsulated.keyArn, async () => {
    const answer = await kms.send(
      new DecapsulateCommand({ KeyId: encapsulated.keyArn, EncapsulationAlgorithm: 'ML_KEM', SharedSecretCiphertextBlob: encapsulated.ciphertext }),
    );
    return { keyArn: present(answer.KeyId, 'KeyId'), secret: present(answer.SharedSecret, 'SharedSecret') };
  });
  return { usedKeys: [encapsulated.keyArn, decapsulated.keyArn], isRoundTrip: areEqual(encapsulated.secret, decapsulated.secret) };
}

async function publicKeyFor(kms: KMSClient, keyArn: string): Promise<{ keyArn: string; publicKey: Uint8Array }> {
  return attempt('GetPublicKey', keyArn, async () => {
    const answer = await kms.send(new GetPublicKeyCommand({ KeyId: keyArn }));
    return { keyArn: present(answer.KeyId, 'KeyId'), publicKey: present(answer.PublicKey, 'PublicKey') };
  });
}
