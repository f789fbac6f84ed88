import type { z } from 'zod';
import { QUIESCENCE_SECONDS } from '../contract/timing';
import { plusSeconds } from '../domain/instant';
import { settle as takeBack } from '../domain/lease';
import type { Registry } from '../ports/registry';
import type { rotationInput } from './input';
import { readKey } from './reality';

export interface SettleOutput {
  /** The fencing token from now on; 0 when this execution does not own the key. */
  readonly fence: number;
  readonly quietAt: string;
}

/** Settle: raises the fencing token, so that no earlier call can write any more, and says until when to wait for those under way. */
export function settle(ports: { registry: Registry }) {
  return async (input: z.infer<typeof rotationInput>): Promise<SettleOutput> => {
    await readKey(ports.registry, input.key);
    const settled = await ports.registry.transact(input.key, (key) => takeBack(key, input.rotationId, input.enteredAt));
    const isOwner = settled.lease?.rotationId === input.rotationId;
    return { fence: isOwner ? settled.fence : 0, quietAt: plusSeconds(input.enteredAt, isOwner ? QUIESCENCE_SECONDS : 0) };
  };
}
