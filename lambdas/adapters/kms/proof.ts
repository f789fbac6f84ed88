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

/** The first call of each round trip. */
const FIRST_USES: Readonly<Record<KeyUsage, (proof: Proof) => Promise<unknown>>> = {
  ENCRYPT_DECRYPT: encrypt,
  SIGN_VERIFY: sign,
  GENERATE_VERIFY_MAC: makeMac,
  KEY_AGREEMENT: deriveSecret,
  ENCAPSULATE_DECAPSULATE: encapsulate,
};

/** One use of the key by its usage. @throws {TaskError} as {@link proveKey}, with KMS's own error as its cause. */
export async function useKeyOnce(proof: Proof): Promise<void> {
  await FIRST_USES[proof.usage](proof);
}

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

/** What both halves of an encryption must say alike. */
function encryptionOf({ spec, context }: Proof) {
  return spec === 'SYMMETRIC_DEFAULT'
    ? { EncryptionAlgorithm: spec, EncryptionContext: { 'keyturn-proof': context } }
    : { EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' as const };
}

async function encrypt(proof: Proof): Promise<{ keyArn: string; ciphertext: Uint8Array }> {
  const { kms, key, context } = proof;
  return attempt('Encrypt', key, async () => {
    const answer = await kms.send(new EncryptCommand({ KeyId: key, Plaintext: messageOf(context), ...encryptionOf(proof) }));
    return { keyArn: present(answer.KeyId, 'KeyId'), ciphertext: present(answer.CiphertextBlob, 'CiphertextBlob') };
  });
}

async function encryptAndDecrypt(proof: Proof): Promise<Shown> {
  const encrypted = await encrypt(proof);
  const decrypted = await attempt('Decrypt', encrypted.keyArn, async () => {
    const answer = await proof.kms.send(new DecryptCommand({ KeyId: encrypted.keyArn, CiphertextBlob: encrypted.ciphertext, ...encryptionOf(proof) }));
    return { keyArn: present(answer.KeyId, 'KeyId'), plaintext: present(answer.Plaintext, 'Plaintext') };
  });
  return { usedKeys: [encrypted.keyArn, decrypted.keyArn], isRoundTrip: areEqual(decrypted.plaintext, messageOf(proof.context)) };
}

function signatureOf({ spec, context }: Proof) {
  return { Message: messageOf(context), MessageType: 'RAW', SigningAlgorithm: algorithmFor(SIGNING_ALGORITHMS, spec).name } as const;
}

async function sign(proof: Proof): Promise<{ keyArn: string; signature: Uint8Array }> {
  return attempt('Sign', proof.key, async () => {
    const answer = await proof.kms.send(new SignCommand({ KeyId: proof.key, ...signatureOf(proof) }));
    return { keyArn: present(answer.KeyId, 'KeyId'), signature: present(answer.Signature, 'Signature') };
  });
}

/** KMS verifies its own signature, and so do we with the public key, which is what the key's dependents will do. */
async function signAndVerify(proof: Proof): Promise<Shown> {
  const { kms, spec } = proof;
  const request = signatureOf(proof);
  const signed = await sign(proof);
  const verified = await attempt('Verify', signed.keyArn, async () => {
    const answer = await kms.send(new VerifyCommand({ KeyId: signed.keyArn, Signature: signed.signature, ...request }));
    return { keyArn: present(answer.KeyId, 'KeyId'), isValid: present(answer.SignatureValid, 'SignatureValid') };
  });
  const published = await publicKeyFor(kms, signed.keyArn);
  return {
    usedKeys: [signed.keyArn, verified.keyArn, published.keyArn],
    isRoundTrip: verified.isValid && hasValidSignature(algorithmFor(SIGNING_ALGORITHMS, spec), published.publicKey, request.Message, signed.signature),
  };
}

function macOf({ spec, context }: Proof) {
  return { Message: messageOf(context), MacAlgorithm: algorithmFor(MAC_ALGORITHMS, spec) };
}

async function makeMac(proof: Proof): Promise<{ keyArn: string; mac: Uint8Array }> {
  return attempt('GenerateMac', proof.key, async () => {
    const answer = await proof.kms.send(new GenerateMacCommand({ KeyId: proof.key, ...macOf(proof) }));
    return { keyArn: present(answer.KeyId, 'KeyId'), mac: present(answer.Mac, 'Mac') };
  });
}

async function makeAndVerifyMac(proof: Proof): Promise<Shown> {
  const made = await makeMac(proof);
  const verified = await attempt('VerifyMac', made.keyArn, async () => {
    const answer = await proof.kms.send(new VerifyMacCommand({ KeyId: made.keyArn, Mac: made.mac, ...macOf(proof) }));
    return { keyArn: present(answer.KeyId, 'KeyId'), isValid: present(answer.MacValid, 'MacValid') };
  });
  return { usedKeys: [made.keyArn, verified.keyArn], isRoundTrip: verified.isValid };
}

/** The partner's private key is one that everybody may know. */
function partnerOf({ spec, context }: Proof) {
  return agreementPartner(algorithmFor(CURVES, spec), messageOf(context));
}

async function deriveSecret(proof: Proof): Promise<{ keyArn: string; secret: Uint8Array }> {
  return attempt('DeriveSharedSecret', proof.key, async () => {
    const answer = await proof.kms.send(new DeriveSharedSecretCommand({ KeyId: proof.key, KeyAgreementAlgorithm: 'ECDH', PublicKey: partnerOf(proof).publicKey }));
    return { keyArn: present(answer.KeyId, 'KeyId'), secret: present(answer.SharedSecret, 'SharedSecret') };
  });
}

/** Both sides of a key agreement: KMS with its private key, and the partner. */
async function agreeOnSecret(proof: Proof): Promise<Shown> {
  const derived = await deriveSecret(proof);
  const published = await publicKeyFor(proof.kms, derived.keyArn);
  const secret = partnerOf(proof).secretWith(published.publicKey);
  return { usedKeys: [derived.keyArn, published.keyArn], isRoundTrip: secret !== undefined && areEqual(secret, derived.secret) };
}

async function encapsulate({ kms, key }: Proof): Promise<{ keyArn: string; secret: Uint8Array; ciphertext: Uint8Array }> {
  return attempt('Encapsulate', key, async () => {
    const answer = await kms.send(new EncapsulateCommand({ KeyId: key, EncapsulationAlgorithm: 'ML_KEM' }));
    return {
      keyArn: present(answer.KeyId, 'KeyId'),
      secret: present(answer.SharedSecret, 'SharedSecret'),
      ciphertext: present(answer.SharedSecretCiphertextBlob, 'SharedSecretCiphertextBlob'),
    };
  });
}

async function encapsulateAndDecapsulate(proof: Proof): Promise<Shown> {
  const encapsulated = await encapsulate(proof);
  const decapsulated = await attempt('Decapsulate', encapsulated.keyArn, async () => {
    const answer = await proof.kms.send(
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
