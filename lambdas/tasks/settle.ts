import type { z } from 'zod';
import { settle as takeBack } from '../domain/lease';
import type { Registry } from '../ports/registry';
import type { rotationInput } from './input';
import { findKey } from './reality';

export interface SettleOutput {
  /** The fencing token from now on; 0 when this execution does not own the key. */
  readonly fence: number;
}

/** Settle: raises the fencing token, so that no earlier call can write any more. The workflow then waits Q, counted from this task's end, for those under way in KMS. */
export function settle(ports: { registry: Registry }) {
  return async (input: z.infer<typeof rotationInput>): Promise<SettleOutput> => {
    if ((await findKey(ports.registry, input.key)) === undefined) return { fence: 0 };
    const settled = await ports.registry.transact(input.key, (key) => takeBack(key, input.rotationId, input.enteredAt));
    return { fence: settled.lease?.rotationId === input.rotationId ? settled.fence : 0 };
  };
}
