import { EMERGENCY_PERIOD_SECONDS, MAX_EMERGENCIES_PER_PERIOD } from '../contract/timing';
import { withUnconfirmedDrainsBegun } from './drain';
import { withDueTime } from './due-time';
import { earliest, isBefore, plusSeconds, type Instant } from './instant';
import { write, type Decision } from './ledger';
import { activeVersion, versionOf, withVersion, type Emergency, type KeyVersion, type ManagedKey } from './managed-key';
import { TaskError } from './task-error';
import { windowAt } from './windows';

/** What was approved: the emergency's request. */
export interface EmergencyRequest {
  readonly approvalId: string;
  readonly version: number;
  readonly requestedBy: string;
  readonly approvedBy: readonly string[];
  readonly at: Instant;
  readonly reason: string;
}

/**
 * Why an emergency cannot be requested now, or `undefined`. One at a time; at most {@link MAX_EMERGENCIES_PER_PERIOD} in a period, so that a stolen
 * permission does not rotate a key to death.
 */
export function emergencyBlocker(key: ManagedKey, at: Instant): string | undefined {
  if (key.removed) return 'the key was removed from the configuration';
  if (activeVersion(key) === undefined) return 'it has no ACTIVE version that could be compromised';
  if (key.quarantine !== null) return `it is quarantined: ${key.quarantine.reason}. Lift the quarantine first`;
  if (key.emergency !== null && !key.emergency.isDone) return `emergency ${key.emergency.number} is under way since ${key.emergency.at}`;
  if (!isTooFrequent(key, at)) return undefined;
  return `${MAX_EMERGENCIES_PER_PERIOD} emergencies began in the last ${EMERGENCY_PERIOD_SECONDS / 3600} hours; at most ${MAX_EMERGENCIES_PER_PERIOD} may`;
}

/** Whether as many emergencies as a period may have were approved in the last one. */
export function isTooFrequent({ emergencies }: Pick<ManagedKey, 'emergencies'>, at: Instant): boolean {
  return emergencies.filter((earlier) => isBefore(plusSeconds(at, -EMERGENCY_PERIOD_SECONDS), earlier)).length >= MAX_EMERGENCIES_PER_PERIOD;
}

/** Writes an approved emergency down. The starter starts its execution. @throws {TaskError} `RotationNotAllowed` */
export function approveEmergency(key: ManagedKey, request: EmergencyRequest): Decision {
  const blocker = emergencyBlocker(key, request.at);
  if (blocker !== undefined) throw new TaskError('RotationNotAllowed', `${key.name}: no emergency: ${blocker}.`);
  const number = (key.emergency?.number ?? 0) + 1;
  const emergency: Emergency = { ...request, number, firstNumber: number, lastNumber: number + key.policy.maxAttempts - 1, window: windowAt(key.policy, request.at), dueAt: request.at, isDone: false };
  const emergencies = [...key.emergencies, request.at].slice(-MAX_EMERGENCIES_PER_PERIOD);
  return write(
    withDueTime({ ...key, emergency, emergencies }),
    { type: 'EmergencyApproved', at: request.at, by: request.approvedBy.join(', '), facts: { emergency: emergency.number, version: request.version, requestedBy: request.requestedBy, reason: request.reason } },
  );
}

/**
 * What an emergency changes by beginning: the compromised version is marked, and if it was replaced before, its deadlines become those of an
 * emergency. A window whose rotation was stopped after its promotion counts as completed: what it left unretired is later work.
 */
export function beginEmergency(key: ManagedKey, at: Instant): ManagedKey {
  const { emergency } = key;
  const compromised = emergency === null ? undefined : versionOf(key, emergency.version);
  if (compromised === undefined) return key;
  const marked = withUnconfirmedDrainsBegun(withVersion(key, shortened({ ...compromised, compromisedAt: compromised.compromisedAt ?? at }, key, at)), at);
  const interrupted = Object.values(key.versions).find((version) => version.window === key.window?.id && version.emergency === undefined && version.activatedAt !== undefined);
  return interrupted === undefined || key.window === null ? marked : { ...marked, completedWindow: key.window.id };
}

/** Deadlines of a compromised version, and of no other, come earlier. They never go back. */
export function shortened(version: KeyVersion, key: ManagedKey, at: Instant): KeyVersion {
  if (version.compromisedAt === undefined) return version;
  const { disableNotBefore } = version;
  return {
    ...version,
    ...(disableNotBefore === undefined ? {} : { disableNotBefore: earliest(disableNotBefore, plusSeconds(at, key.policy.emergencyDrainSeconds)) }),
  };
}
