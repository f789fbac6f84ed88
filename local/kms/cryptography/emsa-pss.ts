import { hash, HASH_BYTES, type HashName } from './hashes';
import type { RandomBytes } from './material';

const TRAILER = 0xbc;

/** MGF1 of RFC 8017, appendix B.2.1. */
function mask(name: HashName, seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0; counter * HASH_BYTES[name] < length; counter++) {
    const suffix = Buffer.alloc(4);
    suffix.writeUInt32BE(counter);
    blocks.push(hash(name, Buffer.concat([seed, suffix])));
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)));
}

function saltedHash(name: HashName, digest: Buffer, salt: Buffer): Buffer {
  return hash(name, Buffer.concat([Buffer.alloc(8), digest, salt]));
}

/**
 * EMSA-PSS of RFC 8017, section 9.1, for a digest: node:crypto applies PSS to messages only, and KMS signs digests too.
 * The salt is as long as the digest, as KMS has it. Moduli are whole bytes, so exactly one leading bit is cleared.
 */
export function encodePss(name: HashName, digest: Buffer, modulusBytes: number, randomBytes: RandomBytes): Buffer {
  const salt = randomBytes(HASH_BYTES[name]);
  const hashed = saltedHash(name, digest, salt);
  const padding = Buffer.alloc(modulusBytes - 2 * HASH_BYTES[name] - 2);
  const block = Buffer.concat([padding, Buffer.from([1]), salt]);
  const masked = xor(block, mask(name, hashed, block.length));
  masked.writeUInt8(masked.readUInt8(0) & 0x7f, 0);
  return Buffer.concat([masked, hashed, Buffer.from([TRAILER])]);
}

/** Whether `encoded` is an EMSA-PSS encoding of `digest` with a salt as long as the digest. */
export function isPssOf(name: HashName, digest: Buffer, encoded: Buffer): boolean {
  const hashBytes = HASH_BYTES[name];
  const blockBytes = encoded.length - hashBytes - 1;
  if (encoded.readUInt8(encoded.length - 1) !== TRAILER || encoded.readUInt8(0) > 0x7f) return false;
  const hashed = encoded.subarray(blockBytes, blockBytes + hashBytes);
  const block = xor(encoded.subarray(0, blockBytes), mask(name, hashed, blockBytes));
  block.writeUInt8(block.readUInt8(0) & 0x7f, 0);
  const paddingBytes = blockBytes - hashBytes - 1;
  const isPadded = block.subarray(0, paddingBytes).every((byte) => byte === 0) && block[paddingBytes] === 1;
  return isPadded && saltedHash(name, digest, block.subarray(paddingBytes + 1)).equals(hashed);
}
