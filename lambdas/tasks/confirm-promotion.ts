import { EVENTS, KEY_TAGS } from '../contract/names';
import type { Instant } from '../domain/instant';
import { versionOf, type ManagedKey } from '../domain/managed-key';
import { confirmPromotion as confirm } from '../domain/promotion';
import { drainUntil, isEmergencyWaiting } from '../domain/retirement';
import { TaskError } from '../domain/task-error';
import type { Acknowledgements } from '../ports/acknowledgements';
import type { KeyProvider } from '../ports/key-provider';
import type { EventBus } from '../ports/outside';
import type { Registry } from '../ports/registry';
import { questionTo, requiredDependents } from './acknowledgement-questions';
import { requireAsRegistered } from './comparison';
import { ownerOf, type OwnedInput } from './input';
import { readKeyForStep, requireVersion } from './reality';

interface Ports {
  readonly registry: Registry;
  readonly keys: KeyProvider;
  readonly acknowledgements: Acknowledgements;
  readonly bus: EventBus;
  readonly acknowledgeUrl: string;
}

export interface ConfirmPromotionOutput {
  /** Until when Drain waits: the deadline, and the hour that evidence needs. Our own entered time at bootstrap. */
  readonly drainUntil: Instant;
}

/** Confirm Promotion: alias, registry and a round trip through the alias agree; then the drain deadline is fixed. */
export function confirmPromotion(ports: Ports) {
  return async (input: OwnedInput): Promise<ConfirmPromotionOutput> => {
    const owner = ownerOf(input);
    const key = await readKeyForStep(ports.registry, input.key, owner);
    const version = requireVersion(key, input.version);
    if (version.status !== 'ACTIVE') throw new TaskError('LedgerMismatch', `${key.name} v${version.number} should be ACTIVE but is ${version.status}`);
    const previous = Object.values(key.versions).find((candidate) => candidate.supersededBy === input.version);
    const reality = await requireAsRegistered(ports, key, input.enteredAt, previous?.number ?? 0);
    const { spec, usage } = reality.seen(input.version);
    const usedKeyId = await ports.keys.prove(key.policy.alias, spec, usage, input.rotationId);
    if (usedKeyId !== version.kmsKeyId) {
      throw new TaskError('KmsNotConsistentYet', `${key.name}: a round trip through ${key.policy.alias} used ${usedKeyId} instead of ${version.kmsKeyId}`);
    }
    if (previous?.kmsKeyId !== undefined && previous.drainFrom === undefined) {
      // From here on IAM denies every role of keyturn an UpdateAlias back to the old key.
      await ports.keys.addTags(previous.kmsKeyId, { [KEY_TAGS.superseded]: 'true' });
      await askForRelease(ports, key, previous.number, input);
    }
    const confirmed = await ports.registry.transact(input.key, (current) => confirm(current, owner, input.version, input.enteredAt));
    const draining = previous === undefined ? undefined : versionOf(confirmed, previous.number);
    // Whoever waits with an emergency must not wait for a drain: Check Drain then ends this run.
    if (isEmergencyWaiting(confirmed)) return { drainUntil: input.enteredAt };
    return { drainUntil: (draining && drainUntil(confirmed, draining)) ?? input.enteredAt };
  };
}

/** Each dependent is told that the old version drains, and may answer `released` until the drain is checked. */
async function askForRelease(ports: Ports, key: ManagedKey, previous: number, input: OwnedInput): Promise<void> {
  const old = requireVersion(key, previous);
  const active = requireVersion(key, input.version);
  for (const dependent of requiredDependents(key.lease?.policy, key.policy)) {
    if (dependent.kind === 'probe') continue;
    const question = questionTo(dependent, key.name, previous, 'released');
    await ports.acknowledgements.open(question);
    await ports.bus.publish(EVENTS.versionPromoted, {
      key: key.name,
      alias: key.policy.alias,
      owner: key.policy.owner,
      dependent: dependent.name,
      phase: 'released',
      version: previous,
      kmsKeyArn: old.kmsKeyArn,
      activeVersion: active.number,
      activeKmsKeyArn: active.kmsKeyArn,
      rotationId: input.rotationId,
      acknowledgementId: question.id,
      acknowledgeUrl: ports.acknowledgeUrl,
    });
  }
}
