import { STABILISATION_SECONDS } from '../contract/timing';
import { isBefore, plusSeconds, type Instant } from './instant';
import { reasonNotToStart, type Holder } from './lease';
import type { ManagedKey } from './managed-key';
import type { NextRun } from './next-run';
import type { Run } from './rotation-id';
import { compareWindows, nextWindow, windowAt, windowStart } from './windows';

/**
 * The run that a person may start now: the current window's, before the schedule would. A window is rotated once; what failed a moment ago is not
 * tried again before it is stable.
 */
export function rotateNow(key: ManagedKey, at: Instant, holder?: Holder): NextRun {
  if (key.lease !== null && (holder?.rotationId !== key.lease.rotationId || holder.closedAt === null)) return wait(`${key.lease.rotationId} is under way`);
  const window = windowAt(key.policy, at);
  if (key.completedWindow !== null && compareWindows(window, key.completedWindow) <= 0) {
    const next = nextWindow(key.policy, key.completedWindow);
    return wait(`window ${key.completedWindow} is completed, and a window is rotated once; the next begins at ${windowStart(next)}. For a compromised key use --emergency`);
  }
  if (key.hold !== null) return wait(`held by ${key.hold.by}: ${key.hold.reason}`);
  const failure = key.window?.id === window ? key.lastFailure : null;
  if (failure !== null) {
    const stableAt = plusSeconds(failure.at, STABILISATION_SECONDS);
    if (isBefore(at, stableAt)) return wait(`${failure.rotationId} failed at ${failure.at}; it is tried again from ${stableAt} on`);
  }
  const run: Run = { kind: 'rotation', window, number: key.window?.id === window ? key.window.attempt : 1 };
  const reason = reasonNotToStart(key, run, at);
  return reason === undefined ? { kind: 'start', run } : wait(reason);
}

function wait(reason: string): NextRun {
  return { kind: 'wait', reason };
}
