import { createHash, createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { KEY_SPECS, type KeySpec } from '../../../../lambdas/contract/key-specs';
import { realCryptography } from '../../../../local/kms/cryptography/cryptography';
import type { KeyMaterial, RandomBytes } from '../../../../local/kms/cryptography/material';

/** Bytes that are a function of a seed. */
function seeded(seed: string): (length: number) => Buffer {
  let calls = 0;
  return (length) => createHash('shake256', { outputLength: length }).update(`${seed}/${calls++}`).digest();
}

function newKey(spec: KeySpec, randomBytes?: RandomBytes): KeyMaterial {
  const { generate, open } = realCryptography(randomBytes);
  return open(spec, generate(spec))!;
}

const SEEDABLE = (Object.keys(KEY_SPECS) as KeySpec[]).filter((spec) => !spec.startsWith('RSA_') && spec !== 'SYMMETRIC_DEFAULT' && !spec.startsWith('HMAC_'));

test.each(SEEDABLE)('the same randomness makes the same %s key', (spec) => {
  const make = (seed: string) => newKey(spec, seeded(seed)).publicKey;
  expect(make('one')).toEqual(make('one'));
  expect(make('one')).not.toEqual(make('two'));
});

test.each([
  ['ECC_NIST_P256', 'ECDSA_SHA_256', 'sha256'],
  ['ECC_NIST_P384', 'ECDSA_SHA_384', 'sha384'],
  ['ECC_NIST_P521', 'ECDSA_SHA_512', 'sha512'],
  ['ECC_SECG_P256K1', 'ECDSA_SHA_256', 'sha256'],
  ['ECC_NIST_EDWARDS25519', 'ED25519_SHA_512', null],
] as const)('node verifies the signatures of %s', (spec, algorithm, hash) => {
  const { publicKey, signer } = newKey(spec);
  const message = Buffer.from('a message');
  const key = createPublicKey({ key: publicKey!, type: 'spki', format: 'der' });
  expect(verify(hash, message, key, signer!.sign(algorithm, message, 'RAW'))).toBe(true);
});

test('a symmetric ciphertext opens with its own associated data only, whatever was sealed', () => {
  const cipher = newKey('SYMMETRIC_DEFAULT').cipher!;
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), fc.string(), fc.string(), (plaintext, context, other) => {
      const sealed = cipher.encrypt('SYMMETRIC_DEFAULT', Buffer.from(plaintext), Buffer.from(context));
      expect(cipher.decrypt('SYMMETRIC_DEFAULT', sealed, Buffer.from(context))).toEqual(Buffer.from(plaintext));
      if (context !== other) expect(cipher.decrypt('SYMMETRIC_DEFAULT', sealed, Buffer.from(other))).toBeUndefined();
    }),
  );
});

test('bytes that are too short for a ciphertext are none', () => {
  expect(newKey('SYMMETRIC_DEFAULT').cipher!.decrypt('SYMMETRIC_DEFAULT', Buffer.from('short'), Buffer.alloc(0))).toBeUndefined();
});
