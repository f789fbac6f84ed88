import { z } from 'zod';
import { enumList, encryptionContext } from './wire';

/** Operations that a grant may allow, by the usage of the key. @see https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#terms-grant-operations */
export const FOR_EVERY_KEY = ['CreateGrant', 'DescribeKey', 'RetireGrant'] as const;
export const OF_SYMMETRIC_KEYS = [
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
] as const;
export const BY_USAGE = {
  ENCRYPT_DECRYPT: ['Decrypt', 'Encrypt', 'GetPublicKey', 'ReEncryptFrom', 'ReEncryptTo'],
  SIGN_VERIFY: ['GetPublicKey', 'Sign', 'Verify'],
  GENERATE_VERIFY_MAC: ['GenerateMac', 'VerifyMac'],
  KEY_AGREEMENT: ['DeriveSharedSecret', 'GetPublicKey'],
  ENCAPSULATE_DECAPSULATE: ['Decapsulate', 'Encapsulate', 'GetPublicKey'],
} as const;
export const GRANT_OPERATIONS = [...new Set([...FOR_EVERY_KEY, ...OF_SYMMETRIC_KEYS, ...Object.values(BY_USAGE).flat()])];

export const principal = z.string().min(1).max(256).regex(/^[\w+=,.@:/-]+$/).optional();

/** What a grant says; two requests with the same name and the same terms are the same grant. */
export const grantTerms = z.object({
  Name: z.string().min(1).max(256).regex(/^[a-zA-Z0-9:/_-]+$/).optional(),
  GranteePrincipal: principal,
  GranteeServicePrincipal: principal,
  RetiringPrincipal: principal,
  RetiringServicePrincipal: principal,
  Operations: enumList(GRANT_OPERATIONS),
  Constraints: z
    .object({ EncryptionContextSubset: encryptionContext, EncryptionContextEquals: encryptionContext, SourceArn: z.string().optional() })
    .optional(),
});
export type GrantTerms = z.output<typeof grantTerms>;

export interface Grant {
  readonly id: string;
  readonly terms: GrantTerms;
  readonly createdAtMs: number;
  /** From when it allows what it allows without a grant token, ms since the epoch. */
  readonly activeAtMs: number;
}
