import type { KeyPolicy } from '../contract/key-policy';
import type { ObservedKey } from '../ports/key-provider';

/** What speaks against taking an existing KMS key as a version, or `undefined`. */
export function misfitOf(observed: ObservedKey, policy: KeyPolicy): string | undefined {
  if (observed.isMultiRegion) return 'is a multi-Region key, which keyturn does not rotate yet';
  if (!observed.isCustomerManaged) return 'is managed by AWS, and so is its rotation';
  if (observed.keyState !== 'Enabled') return `is ${observed.keyState}; it must be Enabled`;
  for (const [field, actual] of [['spec', observed.spec], ['usage', observed.usage], ['origin', observed.origin]] as const) {
    if (actual !== policy[field]) return `has ${field} ${actual}, the configuration says ${policy[field]}`;
  }
  if (observed.keyStoreId !== policy.keyStoreId) return `is in key store ${observed.keyStoreId ?? 'none'}, the configuration says ${policy.keyStoreId ?? 'none'}`;
  return undefined;
}
