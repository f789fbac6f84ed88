import { constants, createHash, createPrivateKey, createPublicKey, generateKeyPairSync, privateEncrypt, publicDecrypt, sign, verify } from 'node:crypto';
import { realCryptography } from '../../../../local/kms/cryptography/cryptography';
import { encodePss, isPssOf } from '../../../../local/kms/cryptography/emsa-pss';

const { randomBytes, generate, open } = realCryptography();
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const MESSAGE = Buffer.from('a message');
const HASHES = ['sha256', 'sha384', 'sha512'] as const;
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

test.each(HASHES)('node accepts our PSS over %s', (name) => {
  const encoded = encodePss(name, createHash(name).update(MESSAGE).digest(), 256, randomBytes);
  const signature = privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, encoded);
  expect(verify(name, MESSAGE, { key: publicKey, ...pss }, signature)).toBe(true);
});

test.each(HASHES)("our PSS accepts node's over %s and nothing else", (name) => {
  const encoded = publicDecrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, sign(name, MESSAGE, { key: privateKey, ...pss }));
  expect(isPssOf(name, createHash(name).update(MESSAGE).digest(), encoded)).toBe(true);
  expect(isPssOf(name, createHash(name).update('other').digest(), encoded)).toBe(false);
});

test('refuses a PSS whose salt is not as long as the digest', () => {
  const signature = sign('sha256', MESSAGE, { key: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })), ...pss, saltLength: 20 });
  const encoded = publicDecrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, signature);
  expect(isPssOf('sha256', createHash('sha256').update(MESSAGE).digest(), encoded)).toBe(false);
});

test('refuses a PSS of which any byte was changed', () => {
  const digest = createHash('sha256').update(MESSAGE).digest();
  const encoded = encodePss('sha256', digest, 256, randomBytes);
  for (let at = 0; at < encoded.length; at++) {
    const changed = Buffer.from(encoded.map((byte, index) => (index === at ? byte ^ 2 : byte)));
    expect(isPssOf('sha256', digest, changed)).toBe(false);
  }
});

test('node verifies what an RSA key signs and reads its public key', () => {
  const material = open('RSA_2048', generate('RSA_2048'))!;
  const key = createPublicKey({ key: material.publicKey!, type: 'spki', format: 'der' });
  const pkcs1 = material.signer!.sign('RSASSA_PKCS1_V1_5_SHA_384', MESSAGE, 'RAW');
  expect(verify('sha384', MESSAGE, key, pkcs1)).toBe(true);
  expect(verify('sha512', MESSAGE, { key, ...pss }, material.signer!.sign('RSASSA_PSS_SHA_512', MESSAGE, 'RAW'))).toBe(true);
});
