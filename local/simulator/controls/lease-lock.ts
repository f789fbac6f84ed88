import { crontab } from './crontab';
import type { Design } from './design';
import { makeFirstKeys } from './first-keys';
import { Lease, makeLeaseTable } from './lease';

const ROLE = 'rotation-lease-lock';

/**
 * What a team does after its first collision: the same script, under a lease in DynamoDB. What it gets right: one conditional write takes the lease, a job
 * that comes second waits for it, a dead owner's lease expires, the lease is renewed right before every change and while the job waits, the job ends if it was lost, an answer that got lost is not taken for
 * somebody else's lease, and only its owner gives a lease back.
 *
 * What it cannot know: what a former owner has begun. KMS does not look at the lease, so a call that is under way when the lease expires takes effect
 * all the same, and the next owner neither waits for it nor continues what is half done.
 */
export const leaseLock: Design = {
  name: 'lease-lock',
  isRotator: (actor) => actor.includes(`:assumed-role/${ROLE}/`),
  hasRegistry: false,
  prepare: async (world, policies) => {
    makeFirstKeys(world, policies);
    makeLeaseTable(world);
    let jobs = 0;
    return crontab(world, policies, ROLE, async ({ dynamodb }, keyName, work) => {
      const lease = new Lease(dynamodb, keyName, `job-${++jobs}`, () => world.timeline.nowMs());
      if (!(await lease.takeWhenFree((ms) => world.sleep(ms)))) return false;
      try {
        await work(() => lease.renew());
      } finally {
        await lease.giveBack();
      }
      return true;
    });
  },
};
