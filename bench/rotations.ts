import type { TraceEvent } from '../lambdas/domain/trace';
import { registeredPolicies } from '../local/cloud/configured-keys';
import { deploy } from '../local/cloud/local-cloud';
import { World, type WorldOptions } from '../local/simulator/world';
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
  return rate(done, performance.now() - startedAt);
}

function rate(done: number, ms: number): Rate {
  const seconds = ms / 1000;
  return { count: done, seconds: Math.round(seconds * 1000) / 1000, perSecond: Math.round((done / seconds) * 100) / 100 };
}

type Wire = NonNullable<WorldOptions['wire']>;

/** What a simulated life costs: of a whole world from its construction until its keys have their first versions, and of what follows. */
export interface WorldRates {
  readonly bootstraps: Rate;
  readonly rotations: Rate;
  /** SDK calls, in bootstraps and rotations. */
  readonly calls: Rate;
}

/** Full rotations in the simulator: handlers from source, no sockets; once to get warm, once to be measured. */
export async function worldRotations(assembly: string, wire: Wire): Promise<WorldRates> {
  const cloud = await deploy(assembly, { startMs: START_MS });
  const policies = await registeredPolicies(cloud);
  await cloud.close();
  await worldLife(policies, wire);
  return worldLife(policies, wire);
}

async function worldLife(policies: Parameters<World['register']>[0], wire: Wire): Promise<WorldRates> {
  const startedAt = performance.now();
  const world = new World({ startMs: START_MS, wire });
  await world.register(policies);
  const passUntil = async (untilMs: number): Promise<void> => {
    while (world.timeline.nowMs() < untilMs) {
      await world.fireSchedule();
      await world.timeline.runUntil(Math.min(untilMs, world.timeline.nowMs() + SCHEDULE_EVERY_MS));
    }
  };
  await passUntil(BOOTSTRAPPED_MS);
  const bootstraps = completed(world.trace.events());
  const bootstrappedAt = performance.now();
  await passUntil(END_MS);
  const endedAt = performance.now();
  return {
    bootstraps: rate(bootstraps, bootstrappedAt - startedAt),
    rotations: rate(completed(world.trace.events()) - bootstraps, endedAt - bootstrappedAt),
    calls: rate(world.calls.length, endedAt - startedAt),
  };
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
