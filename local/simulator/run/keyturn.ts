import { instantOf } from '../../../lambdas/domain/instant';
import { isKeyturnRole } from '../../../lambdas/domain/checker';
import type { Design } from '../controls/design';
import { postTo } from '../function-url';
import { PEOPLE } from './people';

/** keyturn itself: what is deployed, under the triggers that every design gets. */
export const keyturn: Design = {
  name: 'keyturn',
  isRotator: isKeyturnRole,
  hasRegistry: true,
  async prepare(world, policies) {
    await world.register(policies);
    return {
      trigger: (_pool, scheduledMs) => {
        void world.invoke('start-due-rotations', { scheduledTime: instantOf(scheduledMs).replace('.000Z', 'Z') });
      },
      rotateByHand: (_pool, keyName) => {
        void postTo(world, 'request-rotation', PEOPLE[0], { action: 'rotate', key: keyName, reason: 'by hand' });
      },
    };
  },
};
