import { z } from 'zod';
import { MAX_STARTS_PER_FIRING } from '../contract/timing';
import { raiseRun } from '../domain/failure';
import { instantOf, msOf, type Instant } from '../domain/instant';
import { nextRun, startable } from '../domain/next-run';
import { executionInput, rotationId, type Run } from '../domain/rotation-id';
import type { Executions } from '../ports/outside';
import type { Registry } from '../ports/registry';
import { holderOf } from './holder';

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

interface Ports {
  readonly registry: Registry;
  readonly executions: Executions;
}

/** Start Due Rotations: finds due keys, re-reads each strongly, and starts one execution per key and run, by name. */
export function startDueRotations(ports: Ports) {
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

async function startOne({ registry, executions }: Ports, name: string, scheduledAt: Instant): Promise<Result> {
  const reading = await registry.read(name);
  if (reading === undefined) return { kind: 'skipped', reason: 'not in the registry' };
  const holder = reading.freeze === null ? await holderOf(executions, reading.key, scheduledAt) : undefined;
  const next = startable(reading, scheduledAt, holder);
  if (next.kind === 'wait') return { kind: 'skipped', reason: next.reason };
  const answer = await start(executions, name, next.run);
  if (answer.kind !== 'closed') return answer;

  // The name is burnt for 90 days once its execution is closed, so the work goes on under the next number.
  const raised = await registry.transact(name, (key) => raiseRun(key, next.run, scheduledAt, 'start-due-rotations', holder));
  const further = nextRun(raised, scheduledAt, holder);
  if (further.kind === 'wait') return { kind: 'skipped', reason: further.reason };
  const second = await start(executions, name, further.run);
  return second.kind === 'closed' ? { kind: 'skipped', reason: `${second.rotationId} is closed, too; the next firing goes on` } : second;
}

async function start(executions: Executions, name: string, run: Run): Promise<Exclude<Result, { kind: 'skipped' | 'failed' }> | { readonly kind: 'closed'; readonly rotationId: string }> {
  const id = rotationId(name, run);
  if ((await executions.start(id, executionInput(name, run))) === 'started') return { kind: 'started', rotationId: id };
  return { kind: (await executions.status(id)) === 'CLOSED' ? 'closed' : 'running', rotationId: id };
}
