import { z } from 'zod';
import type { Json, TraceEvent } from '../../lambdas/domain/trace';
import type { Stateful } from '../kernel/stateful';
import type { Deployed } from './deployment';
import { requireCodeOfRunning } from './pinned-code';
import { Properties } from './resources/resource';
import type { CloudServices } from './services';

const json = z.custom<Json>((value) => value !== undefined);
const count = z.int().min(0);

/** One resource as a stack has made it. */
const resource = z.strictObject({
  logicalId: z.string(),
  type: z.string(),
  properties: z.record(z.string(), z.unknown()),
  made: z.strictObject({ ref: z.string(), attributes: z.record(z.string(), z.string()) }),
  isRetained: z.boolean(),
});

/** Everything of an account that the next run needs, as JSON. */
export const cloudState = z.strictObject({
  accountId: z.string(),
  region: z.string(),
  seed: z.string(),
  credentialSeed: z.string(),
  /** Where the account was served: addresses in it begin with this. */
  endpoint: z.string(),
  /** Virtual time, ms since the epoch. */
  nowMs: z.int(),
  taken: z.strictObject({ ids: count, randoms: count }),
  resources: z.array(resource),
  roleArns: z.array(z.tuple([z.string(), z.string()])),
  functionsWithUrl: z.array(z.string()),
  trace: z.array(z.custom<TraceEvent>((event) => z.looseObject({ type: z.string(), seq: count, atMs: z.int(), actor: z.string() }).safeParse(event).success)),
  services: z.record(z.string(), json),
});

export type CloudState = z.infer<typeof cloudState>;

/** A state is what was saved, and cannot be loaded all the same: by another keyturn, or with another app. */
export class StateNotLoaded extends Error {
  override readonly name = 'StateNotLoaded';
}

/** The state of everything, at a moment when nothing runs and nothing is due. */
export function stateOf(services: CloudServices, deployed: Deployed, endpoint: string): CloudState {
  const { accountId, region, seed, credentialSeed, timeline, trace, nextId, random, roleArns, functionsWithUrl } = services;
  return {
    accountId,
    region,
    seed,
    credentialSeed,
    endpoint,
    nowMs: timeline.nowMs(),
    resources: [...deployed.values()].map(({ declared, made, isRetained }) => ({
      logicalId: declared.logicalId,
      type: declared.type,
      properties: { ...declared.properties.values },
      made: { ref: made.ref, attributes: { ...made.attributes } },
      isRetained,
    })),
    roleArns: [...roleArns],
    functionsWithUrl: [...functionsWithUrl],
    trace: [...trace.events()],
    services: Object.fromEntries(Object.entries(statefulOf(services)).map(([name, service]) => [name, service.save()])),
    // Last, in case saving takes some.
    taken: { ids: nextId.taken(), randoms: random.taken() },
  };
}

/**
 * Puts a state into services that nothing was done with yet, at another endpoint perhaps.
 * @returns what the stack had made.
 * @throws {StateNotLoaded} naming the service that cannot read its part.
 * @throws {Error} naming the code that running executions need and that is gone.
 */
export function loadState(state: CloudState, services: CloudServices, endpoint: string): Deployed {
  const parts = Object.entries(statefulOf(services));
  const other = Object.keys(state.services).find((name) => !parts.some(([known]) => known === name));
  if (other !== undefined) throw new StateNotLoaded(`there is no service ${other}`);
  services.trace.load(state.trace);
  for (const [name, arn] of state.roleArns) services.roleArns.set(name, arn);
  for (const name of state.functionsWithUrl) services.functionsWithUrl.add(name);
  // Addresses stand in the environments of functions and in what the template resolved to: they follow the endpoint.
  const moved = <T>(value: T): T => withEndpoint(value, state.endpoint, endpoint);
  for (const [name, service] of parts) {
    const saved = state.services[name];
    if (saved === undefined) throw new StateNotLoaded(`the part of ${name} is missing`);
    try {
      service.load(name === 'lambda' ? moved(saved) : saved);
    } catch (error) {
      const reason = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
      throw new StateNotLoaded(`the part of ${name} is none that this keyturn has saved (${reason})`, { cause: error });
    }
  }
  requireCodeOfRunning(state.services['lambda'], services);
  return new Map(
    moved(state.resources).map(({ logicalId, type, properties, made, isRetained }) => [
      logicalId,
      { declared: { logicalId, type, properties: new Properties(properties, logicalId) }, made, isRetained },
    ]),
  );
}

/** The services that have a state, in the order in which they are loaded: each after those that it asks. */
function statefulOf({ identities, kms, dynamodb, lambda, sqs, sns, events, cloudTrail, scheduler, states, cloudformation }: CloudServices): Readonly<Record<string, Stateful>> {
  return { identities, kms, dynamodb, lambda, sqs, sns, events, cloudTrail, scheduler, states, cloudformation };
}

function withEndpoint<T>(value: T, before: string, now: string): T {
  const address = new RegExp(`${before.replaceAll('.', '\\.')}(?!\\d)`, 'g');
  return JSON.parse(JSON.stringify(value).replace(address, now)) as T;
}
