import { isBefore, type Instant } from './instant';
import { reasonNotToStart, retirementsLeft, type Holder } from './lease';
import type { ManagedKey, Note } from './managed-key';
import type { Run } from './rotation-id';
import { compareWindows, windowAt } from './windows';

/** What may start for a key now, or why nothing may. */
export type NextRun = { readonly kind: 'start'; readonly run: Run } | { readonly kind: 'wait'; readonly reason: string };

/**
 * An emergency before everything else, a due window before a pending retirement: what is compromised or old matters more than what is left over.
 * @param holder what is known of the execution that holds the lease; the lease of a closed one does not keep the next from starting
 */
export function nextRun(key: ManagedKey, at: Instant, holder?: Holder): NextRun {
  if (key.lease !== null && (holder?.rotationId !== key.lease.rotationId || holder.closedAt === null)) return { kind: 'wait', reason: `owned by ${key.lease.rotationId}` };
  const reasons: string[] = [];
  for (const candidate of [emergencyRun(key, at), windowRun(key, at), retirementRun(key, at)]) {
    if (typeof candidate === 'string') {
      reasons.push(candidate);
      continue;
    }
    const reason = reasonNotToStart(key, candidate, at);
    if (reason === undefined) return { kind: 'start', run: candidate };
    reasons.push(reason);
  }
  return { kind: 'wait', reason: [...new Set(reasons)].filter((reason) => reason !== NOTHING).join('; ') };
}

/** What the starter may start for a key as the registry holds it: `nextRun`, unless everything about the key stands still. */
export function startable({ key, freeze }: { readonly key: ManagedKey; readonly freeze: Note | null }, at: Instant, holder?: Holder): NextRun {
  return freeze === null ? nextRun(key, at, holder) : { kind: 'wait', reason: `frozen: ${freeze.reason}` };
}

const NOTHING = '';

function emergencyRun({ emergency }: ManagedKey, at: Instant): Run | string {
  if (emergency === null || emergency.isDone) return NOTHING;
  if (isBefore(at, emergency.dueAt)) return `emergency ${emergency.number} is not due before ${emergency.dueAt}`;
  return { kind: 'emergency', window: emergency.window, number: emergency.number };
}

function windowRun(key: ManagedKey, at: Instant): Run | string {
  if (key.hold !== null) return `held by ${key.hold.by}: ${key.hold.reason}`;
  if (isBefore(at, key.rotationDueAt)) return `not due before ${key.rotationDueAt}`;
  const window = windowAt(key.policy, at);
  if (key.completedWindow !== null && compareWindows(window, key.completedWindow) <= 0) return `window ${key.completedWindow} is completed`;
  return { kind: 'rotation', window, number: key.window?.id === window ? key.window.attempt : 1 };
}

function retirementRun(key: ManagedKey, at: Instant): Run | string {
  const left = retirementsLeft(key);
  if (left.length === 0 || key.retirementDueAt === null) return NOTHING;
  if (isBefore(at, key.retirementDueAt)) return `the retirement of v${left.join(', v')} is tried again from ${key.retirementDueAt} on`;
  return { kind: 'retirement', window: key.completedWindow ?? windowAt(key.policy, at), number: key.retirementRuns + 1 };
}
