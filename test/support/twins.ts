import type { FunctionName } from '../../lambdas/contract/functions';
import type { LambdaResult } from '../../local/asl/lambda-integration';
import type { ServiceCall } from '../../local/wire/message';
import type { Scenario } from './scenario';

/** What has come of two invocations of one function for one state. */
export interface Twins {
  /** How many calls the one made whose answer the workflow takes. */
  calls: number;
  /** How many the other one made. */
  otherCalls: number;
  /** What the other one answered, once it has. */
  other: LambdaResult | undefined;
}

export interface Interleaving {
  /** Before which of its calls (from 0) the one whose answer counts stands still. */
  readonly call: number;
  /** Before which of its calls the other one stands still in turn, until the first one has ended. @default it runs to its end */
  readonly otherCall?: number;
  /** Comes before every call of either, and of whoever is neither. */
  readonly during?: (which: 'awaited' | 'other' | 'nobody', call: ServiceCall) => Promise<void> | void;
}

/** Step Functions invokes a function twice for one state, the first time that it invokes it: both run, one of them while the other stands still. */
export function invokeTwice(scenario: Scenario, name: FunctionName, { call: stop, otherCall, during }: Interleaving): Twins {
  const { world } = scenario;
  const twins: Twins = { calls: 0, otherCalls: 0, other: undefined };
  let event: unknown;
  let awaited: string | undefined;
  let other: string | undefined;
  let hasEnded = (): void => undefined;
  const ended = new Promise<void>((resolve) => { hasEnded = resolve; });
  let standsStill = (): void => undefined;
  const standing = new Promise<void>((resolve) => { standsStill = resolve; });
  world.interceptInvocation = async (invoked, given, next) => {
    if (invoked !== name || event !== undefined) return next();
    event = given;
    const result = await next();
    hasEnded();
    return result;
  };
  const runOther = async (): Promise<void> => {
    twins.other = await world.invoke(name, event);
    standsStill();
  };
  world.interceptAll = async (call, next) => {
    const { traceId } = call.caller;
    const isOfFunction = traceId?.endsWith(`-${name}`) === true;
    if (awaited === undefined && isOfFunction) awaited = traceId;
    else if (other === undefined && isOfFunction && traceId !== awaited) other = traceId;
    const which = traceId === undefined ? 'nobody' : traceId === awaited ? 'awaited' : traceId === other ? 'other' : 'nobody';
    if (which === 'awaited' && twins.calls++ === stop) {
      void runOther();
      await standing;
    }
    if (which === 'other' && twins.otherCalls++ === otherCall) {
      standsStill();
      await ended;
    }
    await during?.(which, call);
    return next();
  };
  return twins;
}
