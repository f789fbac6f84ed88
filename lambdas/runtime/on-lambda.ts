import type { FunctionName } from '../contract/functions';
import { Composition } from './composition';
import { telemetryFor, type Telemetry } from './telemetry';

export type Handler = (event: unknown, context: InvocationContext) => Promise<unknown>;

/** The part of Lambda's context that is read. */
export interface InvocationContext {
  /** Unique per invocation; a retry by Step Functions is another invocation. */
  readonly awsRequestId: string;
}

/** How a handler file builds its handler; the simulator calls it with a composition of its own. */
export type CreateHandler = (composition: Composition, telemetry: Telemetry) => Handler;

/** The handler that Lambda calls: built from the function's environment at its first invocation. */
export function onLambda(name: FunctionName, create: CreateHandler): Handler {
  let handler: Handler | undefined;
  return (event, context) => {
    handler ??= create(new Composition(process.env), telemetryFor(name));
    return handler(event, context);
  };
}
