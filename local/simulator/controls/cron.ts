import { crontab } from './crontab';
import type { Design } from './design';
import { makeFirstKeys } from './first-keys';

const ROLE = 'rotation-cron';

/** What most teams begin with: a good script (see RotationScript) in the crontab of every pool. Nobody owns a key; the times on the clock keep the steps apart. */
export const cron: Design = {
  name: 'cron',
  isRotator: (actor) => actor.includes(`:assumed-role/${ROLE}/`),
  hasRegistry: false,
  prepare: async (world, policies) => {
    makeFirstKeys(world, policies);
    return crontab(world, policies, ROLE, async (_clients, _keyName, work) => {
      await work(async () => undefined);
      return true;
    });
  },
};
