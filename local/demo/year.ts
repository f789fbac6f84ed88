import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { check, type Verdict } from '../../lambdas/domain/checker';
import type { TraceEvent } from '../../lambdas/domain/trace';
import { deploy, type LocalCloud } from '../cloud/local-cloud';
import { kmsOf, pictureOf, registryOf, type Run, runsIn } from './account';
import { consumerOf } from './consumers';
import { listen } from './dependents';
import type { KeyPicture } from './picture';
import { Tally } from './tally';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** KMS records the use of keys since 2026-04-23; a year that begins later has evidence from its first day. */
export const START_MS = Date.UTC(2027, 0, 1);

/** How often each consumer uses its key. */
const CONSUMER_EVERY_MS = 24 * HOUR_MS;

/** How long, after the year, the last rotations may take to end. */
const MAX_AFTERMATH_DAYS = 120;

export interface YearOptions {
  readonly days: number;
  /** Called after each virtual day. */
  readonly onDay: (progress: Progress) => void;
}

export interface Progress {
  readonly day: number;
  readonly nowMs: number;
  readonly ended: number;
  readonly running: number;
  readonly calls: number;
  readonly failed: number;
}

export interface YearResult {
  readonly keys: readonly KeyPicture[];
  readonly executions: readonly Run[];
  readonly verdicts: readonly Verdict[];
  readonly tally: Tally;
  readonly trace: readonly TraceEvent[];
  readonly virtualDays: number;
  readonly endMs: number;
}

/** A year of one account: two pools' schedules, consumers and dependents, on the synthesized stack. */
export async function liveAYear(assembly: string, options: YearOptions): Promise<YearResult> {
  const cloud = await deploy(assembly, { startMs: START_MS });
  try {
    return await liveOn(cloud, options);
  } finally {
    await cloud.close();
  }
}

async function liveOn(cloud: LocalCloud, options: YearOptions): Promise<YearResult> {
  const tally = new Tally();
  const registry = registryOf(cloud);
  const policies = await Promise.all((await registry.allNames()).map(async (name) => (await registry.read(name))?.key.policy));
  const known = policies.filter((policy) => policy !== undefined);
  for (const { keyStoreId } of known) if (keyStoreId !== undefined) cloud.kms.addKeyStore(keyStoreId);
  // Four looks an hour, of both pools, would take most of the demo's time; nobody meddles with these keys.
  cloud.reschedule('ReconcileSchedule', 'rate(1 day)');
  cloud.addSecondPool();
  for (const policy of known) settleIn(cloud, policy, tally);

  let days = 0;
  const passOneDay = async (): Promise<void> => {
    await cloud.advanceTo(START_MS + ++days * DAY_MS);
    const ended = count(cloud, 'states.execution-ended');
    options.onDay({ day: days, nowMs: cloud.timeline.nowMs(), ended, running: count(cloud, 'states.execution-started') - ended, calls: tally.calls, failed: tally.failures.length });
  };
  while (days < options.days) await passOneDay();
  // Nothing new is started; what runs comes to its end.
  cloud.stopSchedules();
  while (running(cloud) > 0 && days < options.days + MAX_AFTERMATH_DAYS) await passOneDay();

  const trace = cloud.trace.events();
  return {
    keys: await Promise.all(known.map(async ({ name }) => pictureOf(cloud, registry, name))),
    executions: runsIn(trace),
    verdicts: check(trace, { isConsumer: (actor) => actor.includes(CONSUMER_SUFFIX), untilMs: START_MS + options.days * DAY_MS }),
    tally,
    trace,
    virtualDays: days,
    endMs: cloud.timeline.nowMs(),
  };
}

const CONSUMER_SUFFIX = '-consumer';

/** The services that use a key move in: they work from the bootstrap on, and the named dependents listen. */
function settleIn(cloud: LocalCloud, policy: KeyPolicy, tally: Tally): void {
  const events = policy.dependents.filter((dependent) => dependent.kind === 'event');
  const names = events.length > 0 ? events.map((dependent) => dependent.name) : [policy.name];
  names.forEach((name, position) => {
    const kms = kmsOf(cloud, `arn:aws:iam::${cloud.accountId}:role/${name}${CONSUMER_SUFFIX}`);
    const consumer = consumerOf(policy, kms, tally, position % 2 === 1);
    const dependent = events[position];
    if (dependent !== undefined) listen(cloud, policy.name, dependent, consumer, tally);
    const work = async (): Promise<void> => {
      cloud.timeline.after(CONSUMER_EVERY_MS, `${name} works`, work);
      await consumer.work();
    };
    cloud.timeline.after(CONSUMER_EVERY_MS + position * HOUR_MS, `${name} begins`, work);
  });
}

const count = (cloud: LocalCloud, type: TraceEvent['type']): number => cloud.trace.events().filter((event) => event.type === type).length;
const running = (cloud: LocalCloud): number => count(cloud, 'states.execution-started') - count(cloud, 'states.execution-ended');
