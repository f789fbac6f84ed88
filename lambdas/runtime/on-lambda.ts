import type { FunctionName } from '../contract/functions';
import { Composition } from './composition';
import { telemetryFor, type Telemetry } from './telemetry';

export type Handler = (event: unknown) => Promise<unknown>;

/** How a handler file builds its handler; the simulator calls it with a composition of its own. */
export type CreateHandler = (composition: Composition, telemetry: Telemetry) => Handler;

/** The handler that Lambda calls: built from the function's environment at its first invocation. */
export function onLambda(name: FunctionName, create: CreateHandler): Handler {
  let handler: Handler | undefined;
  return (event) => {
    handler ??= create(new Composition(process.env), telemetryFor(name));
    return handler(event);
  };
}
