import { isBefore, type Instant } from '../domain/instant';
import type { KeyVersion, ManagedKey } from '../domain/managed-key';
import { drainUntil, extendDrain, hasTimeToAsk, hasTimeToExtend, idleSince, retirementBlocker } from '../domain/retirement';
import { versionOf } from '../domain/managed-key';
import type { Acknowledgements } from '../ports/acknowledgements';
import type { KeyProvider } from '../ports/key-provider';
import type { Probes } from '../ports/outside';
import type { Registry } from '../ports/registry';
import { acknowledgementId, requiredDependents, verdictOn } from './acknowledgement-questions';
import { requireAsRegistered } from './comparison';
import { ownerOf, type RetirementInput } from './input';
import { questionAbout, type Question } from './question';
import { readKeyForStep, requireVersion } from './reality';

interface Ports {
  readonly registry: Registry;
  readonly keys: KeyProvider;
  readonly acknowledgements: Acknowledgements;
  readonly probes: Probes;
}

export type CheckDrainOutput =
  | { readonly decision: 'idle' }
  | { readonly decision: 'extended'; readonly drainUntil: Instant; readonly reason: string }
  /** The evidence is not good enough and no time is left for better: a person decides. */
  | { readonly decision: 'ask'; readonly question: Question; readonly reason: string }
  | { readonly decision: 'pending'; readonly reason: string };

/** Check Drain: evidence that the old version is idle; else the drain is extended, bounded, and then left for a person. */
export function checkDrain(ports: Ports) {
  return async (input: RetirementInput): Promise<CheckDrainOutput> => {
    const owner = ownerOf(input);
    const key = await readKeyForStep(ports.registry, input.key, owner);
    const version = requireVersion(key, input.previous);
    // A later attempt finds what an earlier one has done.
    if (version.status === 'DISABLED' || version.status === 'REVOKED') return { decision: 'idle' };
    const blocker = retirementBlocker(key, version, 'disable');
    if (blocker !== undefined) return { decision: 'pending', reason: blocker };
    await requireAsRegistered(ports, key, input.enteredAt, version.number);
    // The evidence was good when the disable was intended, and it may have happened: Disable Previous Version goes on with it.
    if (key.intent?.kind === 'disable' && key.intent.version === version.number) return { decision: 'idle' };

    const until = drainUntil(key, version);
    if (until === undefined) return { decision: 'pending', reason: `v${version.number} was replaced while versions were kept, and has no drain deadline` };
    if (isBefore(input.enteredAt, until)) return { decision: 'extended', drainUntil: until, reason: 'the deadline has not passed' };

    const reason = (await stillInUse(ports, key, version, input.enteredAt)) ?? (await notReleased(ports, key, version));
    if (reason === undefined) return { decision: 'idle' };
    if (!hasTimeToExtend(key, version, input.enteredAt)) {
      if (!hasTimeToAsk(key, input.enteredAt, 'disable')) return { decision: 'pending', reason };
      return { decision: 'ask', question: questionAbout(key, 'disable', input.enteredAt), reason };
    }
    const extended = await ports.registry.transact(input.key, (current) => extendDrain(current, owner, version.number, input.enteredAt, reason));
    const next = versionOf(extended, version.number);
    return { decision: 'extended', drainUntil: (next && drainUntil(extended, next)) ?? until, reason };
  };
}

/** Why KMS's own record of use does not show the version idle, or `undefined`. A record that does not reach back far enough shows nothing. */
async function stillInUse({ keys }: Ports, key: ManagedKey, version: KeyVersion & { kmsKeyId: string }, at: Instant): Promise<string | undefined> {
  const since = idleSince(key, version, at);
  const { lastUsedAt, trackedSince } = await keys.lastUsage(version.kmsKeyId);
  if (isBefore(since, trackedSince)) return `KMS records the use of v${version.number} only since ${trackedSince}; ${since} is needed`;
  if (lastUsedAt !== null && !isBefore(lastUsedAt, since)) return `v${version.number} was used at ${lastUsedAt}, after ${since}`;
  return undefined;
}

/** Which dependent has not released the version, or `undefined`. */
async function notReleased(ports: Ports, key: ManagedKey, version: KeyVersion & { kmsKeyArn: string }): Promise<string | undefined> {
  for (const dependent of requiredDependents(key.lease?.policy, key.policy)) {
    if (dependent.kind === 'probe') {
      const question = { key: key.name, phase: 'released', version: version.number, kmsKeyArn: version.kmsKeyArn };
      const answer = await ports.probes.ask(dependent.functionArn, question);
      if (answer.verdict !== 'yes' || answer.version !== version.number) return `${dependent.name} has not released v${version.number}`;
    } else {
      const acknowledgement = await ports.acknowledgements.read(acknowledgementId(key.name, version.number, dependent.name, 'released'));
      if (verdictOn(acknowledgement, version.number) !== 'yes') return `${dependent.name} has not released v${version.number}`;
    }
  }
  return undefined;
}
