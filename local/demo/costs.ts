import { parseRotationId, rotationPrefix } from '../../lambdas/domain/rotation-id';
import type { TraceEvent } from '../../lambdas/domain/trace';

export interface RotationCost {
  readonly key: string;
  readonly rotations: number;
  readonly transitions: number;
  readonly kmsCalls: number;
  readonly dynamoCalls: number;
  readonly invocations: number;
}

/** Counts what the rotations of each key were billed for, from the trace; the bootstrap is left out. */
export function rotationCosts(trace: readonly TraceEvent[], keys: readonly string[], bootstraps: ReadonlySet<string>): RotationCost[] {
  const executionOf = new Map(trace.flatMap((event) => (event.type === 'lambda.invoked' && event.execution !== null && event.traceId !== undefined ? [[event.traceId, event.execution] as const] : [])));
  return keys.map((key) => {
    const belongs = (execution: string | null | undefined): boolean =>
      execution != null && !bootstraps.has(execution) && parseRotationId(execution)?.prefix === rotationPrefix(key);
    const count = (isCounted: (event: TraceEvent) => boolean): number => trace.filter(isCounted).length;
    const isCallOf = (event: TraceEvent, service: string): boolean =>
      event.type === 'sdk.call' && event.service === service && event.traceId !== undefined && belongs(executionOf.get(event.traceId));
    return {
      key,
      rotations: count((event) => event.type === 'states.execution-ended' && belongs(event.execution)),
      transitions: count((event) => event.type === 'states.state-exited' && belongs(event.execution)),
      kmsCalls: count((event) => isCallOf(event, 'kms')),
      dynamoCalls: count((event) => isCallOf(event, 'dynamodb')),
      invocations: count((event) => event.type === 'lambda.invoked' && belongs(event.execution)),
    };
  });
}
