/** What a ciphertext of a symmetric key says about itself: the key that made it, so that Decrypt needs no key id. */
export interface Ciphertext {
  readonly keyId: string;
  readonly body: Buffer;
}

const VERSION = 1;
const HEADER_BYTES = 2;

/** One byte version, one byte length of the key id, key id, body. */
export function packCiphertext({ keyId, body }: Ciphertext): Buffer {
  const id = Buffer.from(keyId);
  return Buffer.concat([Buffer.from([VERSION, id.length]), id, body]);
}

/** `undefined` for bytes that this KMS did not make. */
export function unpackCiphertext(blob: Buffer): Ciphertext | undefined {
  const [version, idLength] = blob;
  if (version !== VERSION || idLength === undefined || blob.length < HEADER_BYTES + idLength) return undefined;
  const bodyAt = HEADER_BYTES + idLength;
  return { keyId: blob.subarray(HEADER_BYTES, bodyAt).toString(), body: blob.subarray(bodyAt) };
}

/** The encryption context as bytes, the same for every order of its pairs. */
export function associatedData(encryptionContext: Readonly<Record<string, string>> = {}): Buffer {
  const pairs = Object.entries(encryptionContext).sort(([left], [right]) => (left < right ? -1 : 1));
  return Buffer.from(JSON.stringify(pairs));
}
