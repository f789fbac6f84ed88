import { z } from 'zod';
import { MAX_STARTS_PER_FIRING } from '../contract/timing';
import { raiseAttempt } from '../domain/failure';
import { instantOf, msOf, type Instant } from '../domain/instant';
import { isPaused } from '../domain/lease';
import type { ManagedKey } from '../domain/managed-key';
import { rotationId } from '../domain/rotation-id';
import { compareWindows, windowAt } from '../domain/windows';
import type { Executions } from '../ports/outside';
import type { Registry } from '../ports/registry';

/** The schedule's own time, never "now": a late or repeated delivery computes the same windows. */
export const startDueRotationsInput = z.strictObject({ scheduledTime: z.iso.datetime({ offset: true }) });

export interface StartDueRotationsOutput {
  readonly started: readonly string[];
  readonly running: readonly string[];
  /** Due, but not to be started now, with the reason. */
  readonly skipped: readonly { readonly key: string; readonly reason: string }[];
  /** Could not be started; the next firing tries again. */
  readonly failed: readonly { readonly key: string; readonly error: string }[];
}

type Result =
  | { readonly kind: 'started' | 'running'; readonly rotationId: string }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: string };

/** Start Due Rotations: finds due keys, re-reads each strongly, and starts one execution per key and window, by name. */
export function startDueRotations(ports: { registry: Registry; executions: Executions }) {
  return async (input: z.infer<typeof startDueRotationsInput>): Promise<StartDueRotationsOutput> => {
    // The index compares text, so the time stamp has the form that the registry writes.
    const scheduledAt: Instant = instantOf(msOf(input.scheduledTime));
    const names = await ports.registry.dueCandidates(scheduledAt);
    const output = { started: [] as string[], running: [] as string[], skipped: [] as { key: string; reason: string }[], failed: [] as { key: string; error: string }[] };
    for (const name of names) {
      // What waits for a person stays at the head of the index; it must not use up the starts of others.
      if (output.started.length >= MAX_STARTS_PER_FIRING) break;
      // One key's trouble must not keep the others from starting.
      const result = await startOne(ports, name, scheduledAt).catch((error: unknown): Result => ({ kind: 'failed', error: String(error) }));
      if (result.kind === 'skipped') output.skipped.push({ key: name, reason: result.reason });
      else if (result.kind === 'failed') output.failed.push({ key: name, error: result.error });
      else output[result.kind].push(result.rotationId);
    }
    return output;
  };
}

async function startOne(ports: { registry: Registry; executions: Executions }, name: string, scheduledAt: Instant): Promise<Result> {
  const reading = await ports.registry.read(name);
  if (reading === undefined) return { kind: 'skipped', reason: 'not in the registry' };
  const { key } = reading;
  const reason = reading.freeze === null ? reasonToWait(key, scheduledAt) : `frozen: ${reading.freeze.reason}`;
  if (reason !== undefined) return { kind: 'skipped', reason };

  const window = windowAt(key.policy, scheduledAt);
  const attempt = attemptOf(key, window);
  const id = rotationId(name, window, attempt);
  if ((await ports.executions.start(id, { key: name, window, attempt })) === 'started') return { kind: 'started', rotationId: id };
  const status = await ports.executions.status(id);
  if (status !== 'CLOSED') return { kind: 'running', rotationId: id };
  return startNextAttempt(ports, key, window, attempt, scheduledAt);
}

/** The name is burnt for 90 days once its execution is closed, so a window goes on under the next attempt's name. */
async function startNextAttempt(ports: { registry: Registry; executions: Executions }, key: ManagedKey, window: string, closed: number, at: Instant): Promise<Result> {
  const raised = await ports.registry.transact(key.name, (current) => raiseAttempt(current, window, closed, at, 'start-due-rotations'));
  const attempt = attemptOf(raised, window);
  if (attempt === closed) return { kind: 'skipped', reason: `attempt ${closed} of ${window} is closed and no further one is allowed` };
  const id = rotationId(key.name, window, attempt);
  const answer = await ports.executions.start(id, { key: key.name, window, attempt });
  return { kind: answer === 'started' ? 'started' : 'running', rotationId: id };
}

const attemptOf = (key: ManagedKey, window: string): number => (key.window?.id === window ? key.window.attempt : 1);

/** The index only finds candidates; this is the decision. */
function reasonToWait(key: ManagedKey, at: Instant): string | undefined {
  if (key.removed) return 'removed from the configuration';
  if (key.hold !== null) return `held by ${key.hold.by}: ${key.hold.reason}`;
  if (key.quarantine !== null) return `quarantined: ${key.quarantine.reason}`;
  if (isPaused(key, at)) return `paused until ${key.pause?.until}`;
  if (key.lease !== null) return `owned by ${key.lease.rotationId}`;
  if (msOf(key.dueAt) > msOf(at)) return `not due before ${key.dueAt}`;
  const window = windowAt(key.policy, at);
  if (key.completedWindow !== null && compareWindows(window, key.completedWindow) <= 0) return `window ${key.completedWindow} is completed`;
  return undefined;
}
