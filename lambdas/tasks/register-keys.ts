import type { KeyPolicy } from '../contract/key-policy';
import { KEY_TAGS } from '../contract/names';
import type { Instant } from '../domain/instant';
import { lockedOutAction } from '../domain/key-policy-document';
import { register, remove } from '../domain/registration';
import { TaskError } from '../domain/task-error';
import type { KeyProvider, ObservedKey } from '../ports/key-provider';
import type { KeyReading, Registry } from '../ports/registry';
import { misfitOf } from './misfit';

export interface RegisterKeysInput {
  readonly policies: readonly KeyPolicy[];
  readonly at: Instant;
  readonly by: string;
}

export interface RegisterKeysOutput {
  readonly registered: readonly string[];
  readonly removed: readonly string[];
}

interface Ports {
  readonly registry: Registry;
  readonly keys: KeyProvider;
  readonly registryId: string;
}

/**
 * Register Keys: writes policies only. Everything is checked before anything is written, and all findings are reported at once.
 * @throws {TaskError} `RotationNotAllowed` with one line per finding.
 */
export function registerKeys(ports: Ports) {
  return async ({ policies, at, by }: RegisterKeysInput): Promise<RegisterKeysOutput> => {
    const checked = await Promise.all(policies.map(async (policy) => check(ports, policy, at, by)));
    const findings = checked.flatMap((result) => (result.finding === undefined ? [] : [result.finding]));
    if (findings.length > 0) throw new TaskError('RotationNotAllowed', `nothing was registered:\n${findings.join('\n')}`);

    for (const { policy, adopted } of checked) {
      await ports.registry.register(policy.name, (key) => register(key, policy, { registryId: ports.registryId, at, by, ...(adopted === undefined ? {} : { adopted }) }));
    }
    return { registered: policies.map((policy) => policy.name), removed: await removeMissing(ports.registry, policies, at, by) };
  };
}

interface Checked {
  readonly policy: KeyPolicy;
  readonly adopted?: ObservedKey;
  readonly finding?: string;
}

async function check(ports: Ports, policy: KeyPolicy, at: Instant, by: string): Promise<Checked> {
  try {
    const reading = await ports.registry.read(policy.name);
    const adopted = reading === undefined ? await checkNew(ports, policy) : checkKnown(reading, policy, ports.registryId, at, by);
    return adopted === undefined ? { policy } : { policy, adopted };
  } catch (error) {
    if (error instanceof TaskError && (error.name === 'RotationNotAllowed' || error.name === 'KeyFrozen')) return { policy, finding: error.message };
    throw error;
  }
}

function checkKnown(reading: KeyReading, policy: KeyPolicy, registryId: string, at: Instant, by: string): undefined {
  // Decided here for its refusals only; it is decided again in the write.
  const decision = register(reading.key, policy, { registryId, at, by });
  // A frozen key must not keep the others from being deployed, only its own change.
  if (reading.freeze !== null && decision.kind === 'write') {
    throw new TaskError('KeyFrozen', `keys.${policy.name}: the key is frozen: ${reading.freeze.reason}. Repair it before its policy is changed.`);
  }
  return undefined;
}

/** A key that the registry does not know: its alias must be missing (bootstrap) or point to the key that the policy adopts. */
async function checkNew(ports: Ports, policy: KeyPolicy): Promise<ObservedKey | undefined> {
  const target = await ports.keys.aliasTarget(policy.alias);
  const refuse = (why: string): TaskError => new TaskError('RotationNotAllowed', `keys.${policy.name}: ${why}`);
  if (policy.adopt === undefined) {
    if (target !== undefined) throw refuse(`${policy.alias} exists already and points to ${target}. To adopt that key, name its ARN in "adopt".`);
    return undefined;
  }
  const wanted = policy.adopt.split('/').at(-1) ?? '';
  if (target !== wanted) throw refuse(`adopt: ${policy.alias} points to ${target ?? 'no key'}, not to ${policy.adopt}`);
  const observed = await ports.keys.describe(wanted);
  if (observed === undefined) throw refuse(`adopt: KMS does not know ${policy.adopt}`);
  const misfit = misfitOf(observed, policy);
  if (misfit !== undefined) throw refuse(`adopt: ${policy.adopt} ${misfit}`);
  const registry = (await ports.keys.tags(wanted))[KEY_TAGS.registry];
  if (registry !== undefined) throw refuse(`adopt: ${policy.adopt} belongs to the registry ${registry} (tag ${KEY_TAGS.registry}). A key has one registry.`);
  const denied = lockedOutAction(await ports.keys.keyPolicy(wanted));
  if (denied !== undefined) throw refuse(`adopt: the key policy of ${policy.adopt} denies ${denied} to everybody and would lock keyturn out`);
  return observed;
}

/** Keys that left the configuration stop starting and stop retiring. */
async function removeMissing(registry: Registry, policies: readonly KeyPolicy[], at: Instant, by: string): Promise<string[]> {
  const configured = new Set(policies.map((policy) => policy.name));
  const removed: string[] = [];
  for (const name of await registry.allNames()) {
    const reading = configured.has(name) ? undefined : await registry.read(name);
    if (reading === undefined || reading.key.removed || reading.freeze !== null) continue;
    await registry.transact(name, (key) => remove(key, at, by));
    removed.push(name);
  }
  return removed;
}
