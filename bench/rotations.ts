import type { TraceEvent } from '../lambdas/domain/trace';
import { registeredPolicies } from '../local/cloud/configured-keys';
import { deploy } from '../local/cloud/local-cloud';
import { World } from '../local/simulator/world';
import { BOOTSTRAPPED_MS, END_MS, SCHEDULE_EVERY_MS, START_MS } from './workload';

/** How many of something were done in how long. */
export interface Rate {
  readonly count: number;
  readonly seconds: number;
  readonly perSecond: number;
}

export async function rateOf(count: () => number | Promise<number>): Promise<Rate> {
  const startedAt = performance.now();
  const done = await count();
  const seconds = (performance.now() - startedAt) / 1000;
  return { count: done, seconds: Math.round(seconds * 1000) / 1000, perSecond: Math.round((done / seconds) * 100) / 100 };
}

/** Full rotations in the simulator: handlers from source, no sockets. */
export async function worldRotations(assembly: string): Promise<Rate> {
  const cloud = await deploy(assembly, { startMs: START_MS });
  const policies = await registeredPolicies(cloud);
  await cloud.close();
  const world = new World({ startMs: START_MS });
  await world.register(policies);
  const passUntil = async (untilMs: number): Promise<void> => {
    while (world.timeline.nowMs() < untilMs) {
      await world.fireSchedule();
      await world.timeline.runUntil(Math.min(untilMs, world.timeline.nowMs() + SCHEDULE_EVERY_MS));
    }
  };
  await passUntil(BOOTSTRAPPED_MS);
  const bootstraps = completed(world.trace.events());
  return rateOf(async () => {
    await passUntil(END_MS);
    return completed(world.trace.events()) - bootstraps;
  });
}

/** Full rotations in the local cloud: the synthesized bundles, which talk HTTP. */
export async function localRotations(assembly: string): Promise<Rate> {
  const cloud = await deploy(assembly, { startMs: START_MS });
  try {
    await cloud.advanceTo(BOOTSTRAPPED_MS);
    const bootstraps = completed(cloud.trace.events());
    return await rateOf(async () => {
      await cloud.advanceTo(END_MS);
      return completed(cloud.trace.events()) - bootstraps;
    });
  } finally {
    await cloud.close();
  }
}

function completed(trace: readonly TraceEvent[]): number {
  return trace.filter((event) => event.type === 'states.execution-ended' && (event.output as { readonly outcome?: unknown } | null)?.outcome === 'completed').length;
}
