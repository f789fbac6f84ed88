import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Bundle } from './function';

/** Bundles never change, and have megabytes. */
const digests = new WeakMap<Bundle, Buffer>();

export function sha256Of(bundle: Bundle): Buffer {
  const digest = digests.get(bundle) ?? createHash('sha256').update(bundle.source).digest();
  digests.set(bundle, digest);
  return digest;
}

/**
 * Reads a function's code again from where it was. Code that is gone, or another one now, becomes a bundle that fails when it
 * is loaded, with the reason: other functions work on, and a deployment replaces it.
 * @param sha256 in hex
 */
export function readBundle(filename: string, sha256: string): Bundle {
  try {
    const bundle = { filename, source: readFileSync(filename, 'utf8') };
    return sha256Of(bundle).toString('hex') === sha256 ? bundle : failing(filename, `The code of this version is no longer in ${filename}: the file was changed since`);
  } catch (error) {
    return failing(filename, `The code of this version cannot be read: ${String(error)}`);
  }
}

function failing(filename: string, reason: string): Bundle {
  return { filename, source: `throw Object.assign(new Error(${JSON.stringify(reason)}), { name: 'Runtime.ImportModuleError' });` };
}
