import { KEY_SPECS, type KeySpec, type KeyUsage } from '../../lambdas/contract/key-specs';

/** All key specs, in the order in which KMS's API names them. */
export const KEY_SPEC_NAMES = [
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'SYMMETRIC_DEFAULT',
  'HMAC_224',
  'HMAC_256',
  'HMAC_384',
  'HMAC_512',
  'ML_DSA_44',
  'ML_DSA_65',
  'ML_DSA_87',
  'ECC_NIST_EDWARDS25519',
  'ML_KEM_512',
  'ML_KEM_768',
  'ML_KEM_1024',
] as const satisfies readonly KeySpec[];
export const KEY_USAGES = ['SIGN_VERIFY', 'ENCRYPT_DECRYPT', 'GENERATE_VERIFY_MAC', 'KEY_AGREEMENT', 'ENCAPSULATE_DECAPSULATE'] as const satisfies readonly KeyUsage[];
/** Key pairs that KMS generates and does not keep. */
export const DATA_KEY_PAIR_SPECS = ['RSA_2048', 'RSA_3072', 'RSA_4096', 'ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521', 'ECC_SECG_P256K1', 'ECC_NIST_EDWARDS25519'] as const satisfies readonly KeySpec[];

const RSA_ENCRYPTION = ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'] as const;
const RSA_PKCS1 = ['RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_384', 'RSASSA_PKCS1_V1_5_SHA_512'] as const;
const RSA_PSS = ['RSASSA_PSS_SHA_256', 'RSASSA_PSS_SHA_384', 'RSASSA_PSS_SHA_512'] as const;
const RSA_SIGNING = [...RSA_PKCS1, ...RSA_PSS] as const;

export const ENCRYPTION_ALGORITHMS = ['SYMMETRIC_DEFAULT', ...RSA_ENCRYPTION] as const;
export const SIGNING_ALGORITHMS = [
  ...RSA_PSS,
  ...RSA_PKCS1,
  'ECDSA_SHA_256',
  'ECDSA_SHA_384',
  'ECDSA_SHA_512',
  'ML_DSA_SHAKE_256',
  'ED25519_SHA_512',
  'ED25519_PH_SHA_512',
] as const;
export const MAC_ALGORITHMS = ['HMAC_SHA_224', 'HMAC_SHA_256', 'HMAC_SHA_384', 'HMAC_SHA_512'] as const;
/** Legal values of AWS that this emulation refuses by name: they exist in China Regions only. */
export const CHINA_ONLY = { keySpec: 'SM2', encryption: 'SM2PKE', signing: 'SM2DSA' } as const;

const SIGNING_BY_CURVE: Readonly<Partial<Record<KeySpec, readonly string[]>>> = {
  ECC_NIST_P256: ['ECDSA_SHA_256'],
  ECC_NIST_P384: ['ECDSA_SHA_384'],
  ECC_NIST_P521: ['ECDSA_SHA_512'],
  ECC_SECG_P256K1: ['ECDSA_SHA_256'],
  ECC_NIST_EDWARDS25519: ['ED25519_PH_SHA_512', 'ED25519_SHA_512'],
};

/** How `DescribeKey` and `GetPublicKey` name the algorithms of each usage. */
const MEMBER: Readonly<Record<KeyUsage, string>> = {
  ENCRYPT_DECRYPT: 'EncryptionAlgorithms',
  SIGN_VERIFY: 'SigningAlgorithms',
  GENERATE_VERIFY_MAC: 'MacAlgorithms',
  KEY_AGREEMENT: 'KeyAgreementAlgorithms',
  ENCAPSULATE_DECAPSULATE: 'EncapsulationAlgorithms',
};

/**
 * The algorithms that a key can be used with.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
 */
export function algorithmsOf(spec: KeySpec, usage: KeyUsage): readonly string[] {
  switch (usage) {
    case 'ENCRYPT_DECRYPT':
      return spec === 'SYMMETRIC_DEFAULT' ? ['SYMMETRIC_DEFAULT'] : RSA_ENCRYPTION;
    case 'SIGN_VERIFY':
      return spec.startsWith('ML_DSA_') ? ['ML_DSA_SHAKE_256'] : (SIGNING_BY_CURVE[spec] ?? RSA_SIGNING);
    case 'GENERATE_VERIFY_MAC':
      return [spec.replace('HMAC_', 'HMAC_SHA_')];
    case 'KEY_AGREEMENT':
      return ['ECDH'];
    case 'ENCAPSULATE_DECAPSULATE':
      return ['ML_KEM'];
  }
}

/** The algorithms as a member of an answer: `{ SigningAlgorithms: [...] }`. */
export function algorithmMember(spec: KeySpec, usage: KeyUsage): Readonly<Record<string, readonly string[]>> {
  return { [MEMBER[usage]]: algorithmsOf(spec, usage) };
}

/** The type of a key, as `UpdateAlias` compares it. */
export function keyTypeOf(spec: KeySpec): 'symmetric' | 'HMAC' | 'asymmetric' {
  if (spec === 'SYMMETRIC_DEFAULT') return 'symmetric';
  return spec.startsWith('HMAC_') ? 'HMAC' : 'asymmetric';
}

export function isUsageOf(spec: KeySpec, usage: KeyUsage): boolean {
  return (KEY_SPECS[spec] as readonly KeyUsage[]).includes(usage);
}

const RSA_MODULUS_BYTES: Readonly<Partial<Record<KeySpec, number>>> = { RSA_2048: 256, RSA_3072: 384, RSA_4096: 512 };

/** The most bytes that RSAES-OAEP takes: modulus − 2 · hash − 2 (RFC 8017, section 7.1.1); `undefined` for symmetric keys. */
export function maxPlaintextBytes(spec: KeySpec, algorithm: string): number | undefined {
  const modulusBytes = RSA_MODULUS_BYTES[spec];
  if (modulusBytes === undefined) return undefined;
  const hashBytes = algorithm === 'RSAES_OAEP_SHA_1' ? 20 : 32;
  return modulusBytes - 2 * hashBytes - 2;
}
