import { constants, createCipheriv, createPublicKey, generateKeyPairSync, publicEncrypt, randomBytes } from 'node:crypto';
import type { Kit } from './kit';

const CURVES: Readonly<Record<string, string>> = { ECC_NIST_P256: 'prime256v1', ECC_NIST_P384: 'secp384r1', ECC_NIST_P521: 'secp521r1', ECC_SECG_P256K1: 'secp256k1' };

/** Key material for a spec, as OpenSSL makes it. */
export function newMaterial(spec: string): Buffer {
  const [, bits = '256'] = /_(\d{3,4})$/.exec(spec) ?? [];
  if (spec.startsWith('HMAC_')) return randomBytes(Number(bits) / 8);
  if (spec.startsWith('RSA_')) return generateKeyPairSync('rsa', { modulusLength: Number(bits) }).privateKey.export({ type: 'pkcs8', format: 'der' });
  if (spec === 'ECC_NIST_EDWARDS25519') return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' });
  const namedCurve = CURVES[spec];
  return namedCurve === undefined ? randomBytes(32) : generateKeyPairSync('ec', { namedCurve }).privateKey.export({ type: 'pkcs8', format: 'der' });
}

/** Wraps key material as AWS's guide tells one to, with node's own cryptography. */
export function wrap(material: Buffer, publicKey: string, algorithm: string): string {
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' });
  const oaep = (bytes: Buffer): Buffer => publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256' }, bytes);
  if (algorithm.startsWith('RSAES')) return oaep(material).toString('base64');
  const aesKey = randomBytes(32);
  const cipher = createCipheriv('id-aes256-wrap-pad', aesKey, Buffer.from('a65959a6', 'hex'));
  return Buffer.concat([oaep(aesKey), cipher.update(material), cipher.final()]).toString('base64');
}

/**
 * Asks for the parameters of an import and wraps the material with them.
 * @param material its bytes, or the spec of a key to make
 */
export function wrapped(kit: Kit, KeyId: string, material: Buffer | string, WrappingAlgorithm?: string) {
  const isEcc = typeof material === 'string' && material.startsWith('ECC');
  const algorithm = WrappingAlgorithm ?? (isEcc ? 'RSA_AES_KEY_WRAP_SHA_256' : 'RSAES_OAEP_SHA_256');
  const { ImportToken, PublicKey } = kit.call('GetParametersForImport', { KeyId, WrappingAlgorithm: algorithm, WrappingKeySpec: 'RSA_2048' });
  const bytes = typeof material === 'string' ? newMaterial(material) : material;
  return { KeyId, ImportToken, EncryptedKeyMaterial: wrap(bytes, PublicKey, algorithm) };
}
