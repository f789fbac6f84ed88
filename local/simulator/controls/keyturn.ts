import { isKeyturnRole } from '../../../lambdas/domain/checker';
import { postTo } from '../function-url';
import { ACCOUNT } from '../deployment';
import type { Design } from './design';

/** The product itself: registered keys, a schedule in every pool, and people's requests. */
export const keyturn: Design = {
  name: 'keyturn',
  isRotator: isKeyturnRole,
  hasRegistry: true,
  prepare: async (world, policies) => {
    await world.register(policies);
    const later = (what: string, act: () => Promise<unknown>): void => {
      // Not waited for: time goes on while a function waits for an answer.
      world.timeline.after(0, what, () => void act());
    };
    return {
      trigger: (pool, scheduledMs) => { later(`the schedule of ${pool} fires`, () => world.fireSchedule(scheduledMs)); },
      rotateByHand: (pool, keyName) => {
        const person = `arn:aws:iam::${ACCOUNT}:user/operator-of-${pool}`;
        later(`${person} asks for a rotation of ${keyName}`, () => postTo(world, 'request-rotation', person, { action: 'rotate', key: keyName, reason: 'by hand' }));
      },
    };
  },
};
