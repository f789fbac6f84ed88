import type { KeySpec } from '../../../lambdas/contract/key-specs';

export type RandomBytes = (length: number) => Buffer;

/** Where key material and randomness come from: the one seam between the KMS emulation and cryptography. */
export interface Cryptography {
  readonly randomBytes: RandomBytes;
  /** The secret of a new key. Slow for RSA, so the service asks at the key's first use. */
  readonly generate: (spec: KeySpec) => Secret;
  /** What a key with this secret can do; `undefined` for bytes that are no secret of a key of this spec. */
  readonly open: (spec: KeySpec, secret: Secret) => KeyMaterial | undefined;
}

/**
 * The bytes that make a key: PKCS#8 (DER) for RSA and elliptic curves, the seed for post-quantum keys (FIPS 203 and 204), the key itself
 * for symmetric and HMAC keys. Key material is imported and data key pairs are given out in the same form.
 */
export type Secret = Buffer;

/** How the keys of one spec, or of a family of them, are made and opened. */
export interface KeyFamily {
  generate(randomBytes: RandomBytes): Secret;
  open(secret: Secret, randomBytes: RandomBytes): KeyMaterial | undefined;
}

/** What a key can do; a spec has exactly the abilities that one of its usages needs. */
export interface KeyMaterial {
  /** DER of the X.509 SubjectPublicKeyInfo, for asymmetric keys. */
  readonly publicKey?: Buffer;
  readonly cipher?: Cipher;
  readonly signer?: Signer;
  readonly mac?: MacGenerator;
  readonly agreement?: KeyAgreement;
  readonly encapsulation?: Encapsulation;
}

export interface Cipher {
  /** `associatedData` is bound to the ciphertext by symmetric keys; asymmetric keys have no use for it. */
  encrypt(algorithm: string, plaintext: Buffer, associatedData: Buffer): Buffer;
  /** `undefined` when the ciphertext was not made by this key, algorithm and associated data. */
  decrypt(algorithm: string, ciphertext: Buffer, associatedData: Buffer): Buffer | undefined;
}

/** What the message of a signature is: the text, its digest, or the representative μ of FIPS 204 section 6.2. */
export type MessageType = 'RAW' | 'DIGEST' | 'EXTERNAL_MU';

export interface Signer {
  sign(algorithm: string, message: Buffer, messageType: MessageType): Buffer;
  verify(algorithm: string, message: Buffer, messageType: MessageType, signature: Buffer): boolean;
}

export interface MacGenerator {
  mac(message: Buffer): Buffer;
}

export interface KeyAgreement {
  /** The raw shared secret with the owner of `publicKey` (DER), or `undefined` when that is no key of the same curve. */
  deriveSharedSecret(publicKey: Buffer): Buffer | undefined;
}

export interface Encapsulation {
  readonly ciphertextLength: number;
  encapsulate(): { readonly sharedSecret: Buffer; readonly ciphertext: Buffer };
  /** A ciphertext of the right length always gives a secret; for a foreign one, a wrong secret (FIPS 203, implicit rejection). */
  decapsulate(ciphertext: Buffer): Buffer;
}
