import { z } from 'zod';

/**
 * What may be done to a frozen key. Each is approved, and in the ledger; afterwards registry, alias and key states are compared, and the freeze ends
 * only if they agree.
 */
export const repairSchema = z.discriminatedUnion('kind', [
  /** Nothing is changed: whoever caused the difference has taken it back. */
  z.strictObject({ kind: z.literal('compare') }),
  /** Points the alias to the ACTIVE version's key; makes it if it is gone. */
  z.strictObject({ kind: z.literal('repoint-alias') }),
  /** Enables the KMS key of an ACTIVE or DEPRECATED version that somebody disabled. */
  z.strictObject({ kind: z.literal('enable'), version: z.int().positive() }),
  /** Cancels a deletion that somebody else scheduled. The key is enabled again if its version is ACTIVE or DEPRECATED. */
  z.strictObject({ kind: z.literal('cancel-deletion'), version: z.int().positive() }),
  /** Accepts the KMS key that the alias points to as the new ACTIVE version. */
  z.strictObject({ kind: z.literal('accept-key'), keyArn: z.string().regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/) }),
  /** Goes on from the registry's item where the ledger's chain is broken. The broken part stays as it is, for whoever looks into it. */
  z.strictObject({ kind: z.literal('rebaseline-ledger') }),
]);
export type Repair = z.infer<typeof repairSchema>;

/** The repair in words, for the question and the ledger. */
export function describeRepair(repair: Repair): string {
  switch (repair.kind) {
    case 'compare':
      return 'compare registry and KMS, change nothing, and end the freeze if they agree';
    case 'repoint-alias':
      return 'point the alias to the ACTIVE version again';
    case 'enable':
      return `enable the KMS key of v${repair.version}`;
    case 'cancel-deletion':
      return `cancel the deletion of the KMS key of v${repair.version}`;
    case 'accept-key':
      return `accept ${repair.keyArn}, which keyturn did not make, as the ACTIVE version`;
    case 'rebaseline-ledger':
      return 'start the ledger anew from the registry as it stands';
  }
}
