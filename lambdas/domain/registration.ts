import type { KeyPolicy } from '../contract/key-policy';
import { withDueTime } from './due-time';
import type { Instant } from './instant';
import { canonicalJson, DONE, GENESIS_HASH, write, type Decision } from './ledger';
import type { KeyVersion, ManagedKey } from './managed-key';
import { TaskError } from './task-error';
import { dueAt, nextWindow, windowAt } from './windows';

export interface Registration {
  readonly registryId: string;
  readonly at: Instant;
  readonly by: string;
  /** The existing KMS key that becomes version 1, for a policy with `adopt`. */
  readonly adopted?: { readonly keyId: string; readonly keyArn: string };
}

/**
 * Writes a policy, and nothing else about a key that is registered already.
 * @throws {TaskError} `RotationNotAllowed` when the change cannot be made on a living key.
 */
export function register(key: ManagedKey | undefined, policy: KeyPolicy, registration: Registration): Decision {
  return key === undefined ? begin(policy, registration) : change(key, policy, registration);
}

function begin(policy: KeyPolicy, { registryId, at, by, adopted }: Registration): Decision {
  const window = windowAt(policy, at);
  const versions: Record<string, KeyVersion> =
    adopted === undefined
      ? {}
      : {
          v1: {
            number: 1,
            status: 'ACTIVE',
            rotationId: 'adopted',
            window: 'adopted',
            kmsKeyId: adopted.keyId,
            kmsKeyArn: adopted.keyArn,
            createdAt: at,
            createIntents: 0,
            activatedAt: at,
            retirement: 'keep',
          },
        };
  const firstDueAt = adopted === undefined ? at : dueAt(policy, nextWindow(policy, window));
  const key: ManagedKey = {
    schema: 1,
    name: policy.name,
    registryId,
    policy,
    removed: false,
    hold: null,
    pause: null,
    quarantine: null,
    versions,
    lastVersion: adopted === undefined ? 0 : 1,
    intent: null,
    lease: null,
    fence: 0,
    window: null,
    // An adopted key is fresh enough until its next anchor; a missing one is bootstrapped at once.
    completedWindow: adopted === undefined ? null : window,
    dueAt: firstDueAt,
    rotationDueAt: firstDueAt,
    retirementDueAt: null,
    retirementRuns: 0,
    emergency: null,
    emergencies: [],
    abortRequest: null,
    rescues: {},
    repair: null,
    approvals: [],
    answeredApprovals: [],
    lastFailure: null,
    retirementPending: [],
    rev: 0,
    seq: 0,
    head: GENESIS_HASH,
  };
  const facts = adopted === undefined ? { owner: policy.owner } : { owner: policy.owner, adopted: adopted.keyArn };
  return write(key, { type: adopted === undefined ? 'KeyRegistered' : 'VersionAdopted', at, by, facts });
}

function change(key: ManagedKey, policy: KeyPolicy, { at, by }: Registration): Decision {
  if (!key.removed && canonicalJson(key.policy) === canonicalJson(policy)) return DONE;
  for (const field of ['alias', 'spec', 'usage'] as const) {
    if (key.policy[field] !== policy[field]) {
      throw new TaskError(
        'RotationNotAllowed',
        `keys.${policy.name}.${field}: a registered key keeps its ${field}: it is ${key.policy[field]}, the configuration says ${policy[field]}. ` +
          `Give the new ${field} a key of its own.`,
      );
    }
  }
  const adopted = Object.values(key.versions).find((version) => version.rotationId === 'adopted' && version.status === 'ACTIVE');
  if (adopted !== undefined && policy.adopt !== key.policy.adopt) {
    throw new TaskError(
      'RotationNotAllowed',
      `keys.${policy.name}.adopt: keyturn's permissions on the adopted key come from this field; it stays ${key.policy.adopt ?? ''} until the key was rotated once.`,
    );
  }
  const isRescheduled = key.policy.rotateEverySeconds !== policy.rotateEverySeconds || key.policy.anchor !== policy.anchor;
  const next: ManagedKey = {
    ...key,
    policy,
    removed: false,
    rotationDueAt: isRescheduled && key.completedWindow !== null ? dueAt(policy, nextWindow(policy, key.completedWindow)) : key.rotationDueAt,
  };
  return write(withDueTime(next), { type: 'PolicyChanged', at, by, facts: { owner: policy.owner } });
}

/** The key left the configuration: it stops starting and stops retiring. */
export function remove(key: ManagedKey, at: Instant, by: string): Decision {
  return key.removed ? DONE : write({ ...key, removed: true }, { type: 'KeyRemoved', at, by });
}
