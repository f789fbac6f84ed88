import { AwsError } from '../kernel/aws-error';
import type { Caller } from '../kernel/service';
import type { World } from './world';

/** A consumer's call of KMS. @returns `undefined` when KMS refuses it: that stands in the trace, where the checker finds whose fault it is */
export function consumerCall(world: World, caller: Caller, operation: string, input: object): unknown {
  try {
    return world.kms.call(operation, input, caller);
  } catch (error) {
    if (error instanceof AwsError) return undefined;
    throw error;
  }
}
