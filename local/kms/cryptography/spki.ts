/** Object identifiers of FIPS 203 and 204 under `2.16.840.1.101.3.4`, as DER. node's OpenSSL knows none of them yet. */
const NIST_ALGORITHMS = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04] as const;
const OBJECT_IDENTIFIERS = {
  ML_DSA_44: [...NIST_ALGORITHMS, 0x03, 0x11],
  ML_DSA_65: [...NIST_ALGORITHMS, 0x03, 0x12],
  ML_DSA_87: [...NIST_ALGORITHMS, 0x03, 0x13],
  ML_KEM_512: [...NIST_ALGORITHMS, 0x04, 0x01],
  ML_KEM_768: [...NIST_ALGORITHMS, 0x04, 0x02],
  ML_KEM_1024: [...NIST_ALGORITHMS, 0x04, 0x03],
} as const;

const TAG = { bitString: 0x03, objectIdentifier: 0x06, sequence: 0x30 } as const;

function der(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

/** SubjectPublicKeyInfo of a post-quantum key: its algorithm has no parameters, its key is the raw bytes. */
export function subjectPublicKeyInfo(spec: keyof typeof OBJECT_IDENTIFIERS, publicKey: Uint8Array): Buffer {
  const algorithm = der(TAG.sequence, der(TAG.objectIdentifier, Buffer.from(OBJECT_IDENTIFIERS[spec])));
  const noUnusedBits = Buffer.from([0]);
  return der(TAG.sequence, algorithm, der(TAG.bitString, noUnusedBits, Buffer.from(publicKey)));
}
