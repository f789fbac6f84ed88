import { LAST_USAGE_LAG_SECONDS } from '../contract/timing';
import { isBefore, plusSeconds, type Instant } from '../domain/instant';
import type { KeyVersion } from '../domain/managed-key';
import { bakeDeadline, hasTimeToAsk, reasonToAskForRevocation, retirementBlocker } from '../domain/retirement';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { requireAsRegistered } from './comparison';
import { ownerOf, type RetirementInput } from './input';
import { questionAbout, type Question } from './question';
import { readKeyForStep, requireVersion } from './reality';

export type CheckBakeOutput =
  | { readonly decision: 'clean' }
  /** The policy was tightened: the bake goes on. */
  | { readonly decision: 'extended'; readonly bakeUntil: Instant }
  /** A person has to approve the deletion of this version. */
  | { readonly decision: 'ask'; readonly question: Question; readonly reason: string }
  | { readonly decision: 'pending'; readonly reason: string };

/** Check Bake: the version stayed DISABLED, nobody used it, and somebody's failed use would have been told of. */
export function checkBake(ports: { registry: Registry; keys: KeyProvider }) {
  return async (input: RetirementInput): Promise<CheckBakeOutput> => {
    const key = await readKeyForStep(ports.registry, input.key, ownerOf(input));
    const version = requireVersion(key, input.previous);
    if (version.status === 'REVOKED') return { decision: 'clean' };
    const blocker = retirementBlocker(key, version, 'revoke') ?? (version.status === 'DISABLED' ? undefined : `v${version.number} is ${version.status} again`);
    if (blocker !== undefined) return { decision: 'pending', reason: blocker };
    await requireAsRegistered(ports, key, input.enteredAt, version.number);
    const until = bakeDeadline(key, version);
    if (until !== undefined && isBefore(input.enteredAt, until)) return { decision: 'extended', bakeUntil: until };
    const used = await usedAfterDisable(ports.keys, version);
    if (used !== undefined) return { decision: 'pending', reason: used };
    // Under an open intent the answer was given before the intent; what came of the call is found out, not asked again.
    const reason = reasonToAskForRevocation(key, version);
    if (reason === undefined || key.intent?.kind === 'revoke') return { decision: 'clean' };
    if (!hasTimeToAsk(key, input.enteredAt, 'revoke')) return { decision: 'pending', reason };
    return { decision: 'ask', question: questionAbout(key, 'revoke', input.enteredAt), reason };
  };
}

/** A successful use after the disable was seen means that KMS applied it late or someone lifted it meanwhile. */
async function usedAfterDisable(keys: KeyProvider, version: KeyVersion & { kmsKeyId: string }): Promise<string | undefined> {
  const { lastUsedAt } = await keys.lastUsage(version.kmsKeyId);
  if (version.disabledAt === undefined || lastUsedAt === null) return undefined;
  const settledAt = plusSeconds(version.disabledAt, LAST_USAGE_LAG_SECONDS);
  return isBefore(lastUsedAt, settledAt) ? undefined : `v${version.number} was used at ${lastUsedAt}, after it was disabled`;
}
