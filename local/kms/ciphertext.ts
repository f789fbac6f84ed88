/** What a ciphertext of a symmetric key says about itself: the key and the key material that made it, so that Decrypt needs no key id. */
export interface Ciphertext {
  readonly keyId: string;
  /** Empty for keys that have one material only. */
  readonly materialId: string;
  readonly body: Buffer;
}

const VERSION = 1;
const HEADER_BYTES = 3;

/** One byte version, one byte length of each id, key id as text, material id as the bytes that its hexadecimal digits stand for, body. */
export function packCiphertext({ keyId, materialId, body }: Ciphertext): Buffer {
  const key = Buffer.from(keyId);
  const material = Buffer.from(materialId, 'hex');
  return Buffer.concat([Buffer.from([VERSION, key.length, material.length]), key, material, body]);
}

/** `undefined` for bytes that this KMS did not make. */
export function unpackCiphertext(blob: Buffer): Ciphertext | undefined {
  const [version, keyBytes, materialBytes] = blob;
  if (version !== VERSION || keyBytes === undefined || materialBytes === undefined) return undefined;
  const materialAt = HEADER_BYTES + keyBytes;
  const bodyAt = materialAt + materialBytes;
  if (blob.length < bodyAt) return undefined;
  return {
    keyId: blob.subarray(HEADER_BYTES, materialAt).toString(),
    materialId: blob.subarray(materialAt, bodyAt).toString('hex'),
    body: blob.subarray(bodyAt),
  };
}

/** The encryption context as bytes, the same for every order of its pairs. */
export function associatedData(encryptionContext: Readonly<Record<string, string>> = {}): Buffer {
  const pairs = Object.entries(encryptionContext).sort(([left], [right]) => (left < right ? -1 : 1));
  return Buffer.from(JSON.stringify(pairs));
}
