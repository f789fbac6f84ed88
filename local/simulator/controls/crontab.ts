import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import type { JobName } from '../invocations';
import type { World } from '../world';
import type { Rotator } from './design';
import { startJob } from './pool';
import { type Guard, RotationScript } from './rotation-script';
import { type Clients, clientsOf } from './sdk';

/**
 * How a design lets one job at a time work on a key.
 * @param work is given what to ask right before each change
 * @returns whether the work was done: `false` when another job has the key
 */
export type Exclusively = (clients: Clients, keyName: string, work: (guard: Guard) => Promise<void>) => Promise<boolean>;

/**
 * The rotation script in the crontab of every pool, one job per key: make a key, move the alias, and, with `at`, disable the old keys when the drain is over and
 * delete them when nobody has complained. A job that fails is started again, and people are told when that does not help.
 * @param role that the jobs run with, in every pool
 */
export function crontab(world: World, policies: readonly KeyPolicy[], role: string, exclusively: Exclusively): Rotator {
  const clientsByPool = new Map<string, Clients>();

  function start(pool: string, policy: KeyPolicy, isByHand: boolean): void {
    const name: JobName = `${role}@${pool}`;
    const clients = clientsByPool.get(pool) ?? clientsOf(world, name);
    clientsByPool.set(pool, clients);

    const later = (doing: string, afterSeconds: number, work: () => Promise<void>): void => {
      startJob(world, { name, keyName: policy.name, doing: `${doing} of ${policy.name}`, work }, afterSeconds * 1000);
    };
    /** What somebody waits for is tried again while another job has the key; what the schedule looks at is that job's business then. */
    const withScript = async (isAwaited: boolean, step: (script: RotationScript) => Promise<void>): Promise<void> => {
      const isDone = await exclusively(clients, policy.name, (guard) => step(new RotationScript(world, clients, policy, guard)));
      if (!isDone && isAwaited) throw new Error('Another job has the key');
    };

    later('rotation', 0, () =>
      withScript(isByHand, async (script) => {
        if (!isByHand && !(await script.isDue())) return;
        await script.replaceKey();
        if (policy.retirement === 'keep') return;
        const drainSeconds = Math.max(policy.drainSeconds, policy.backupRetentionSeconds);
        later('old keys', drainSeconds, () => withScript(true, (waited) => waited.disableOldKeys()));
        if (policy.retirement === 'delete') later('old keys', drainSeconds + policy.bakeSeconds, () => withScript(true, (waited) => waited.deleteOldKeys()));
      }),
    );
  }

  return {
    trigger: (pool) => {
      for (const policy of policies) start(pool, policy, false);
    },
    rotateByHand: (pool, keyName) => {
      for (const policy of policies) if (policy.name === keyName) start(pool, policy, true);
    },
  };
}
