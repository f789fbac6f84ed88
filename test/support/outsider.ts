import type { Caller } from '../../local/kernel/service';
import type { FunctionName } from '../../lambdas/contract/functions';
import type { KeyVersion, ManagedKey } from '../../lambdas/domain/managed-key';
import { activeVersion } from '../../lambdas/domain/managed-key';
import { isKeyturnRole } from '../../lambdas/domain/checker/options';
import { write } from '../../lambdas/domain/ledger';
import { instantOf } from '../../lambdas/domain/instant';
import type { Scenario } from './scenario';

/** Somebody with rights in the account who is not keyturn. */
export const OUTSIDER: Caller = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/mallory', userId: 'AIDAMALLORY' };

/** Calls KMS as the outsider, past every interceptor. */
export function callKms(scenario: Scenario, operation: string, input: Readonly<Record<string, unknown>>): unknown {
  return scenario.world.kms.call(operation, input, OUTSIDER);
}

/** A KMS key that the registry does not know. */
export function foreignKey(scenario: Scenario, input: Readonly<Record<string, unknown>> = {}): string {
  return (callKms(scenario, 'CreateKey', input) as { KeyMetadata: { KeyId: string } }).KeyMetadata.KeyId;
}

const CHANGES = /^(Create|Update|Delete|Put|Tag|Untag|Disable|Enable|Schedule|Cancel|Rotate|Retire|Revoke)/;

/** Whether an operation of KMS changes something. */
export function isKmsChange(operation: string): boolean {
  return CHANGES.test(operation);
}

/** KMS changes that keyturn asked for, from a place in the trace on. */
export function kmsChanges(scenario: Scenario, fromSeq = 0): readonly string[] {
  return scenario.world.trace
    .events()
    .slice(fromSeq)
    .flatMap((event) => (event.type === 'sdk.call' && event.service === 'kms' && isKmsChange(event.operation) && isKeyturnRole(event.actor) ? [event.operation] : []));
}

export function traceLength(scenario: Scenario): number {
  return scenario.world.trace.events().length;
}

/** The key that the alias truly points to. */
export function aliasTarget(scenario: Scenario, alias: string = scenario.policy.alias): string | undefined {
  return scenario.world.kms.snapshot().aliases.find(({ name }) => name === alias)?.targetKeyId;
}

/** The true KMS key state. */
export function keyState(scenario: Scenario, keyId: string | undefined): string | undefined {
  return scenario.world.kms.snapshot().keys.find(({ id }) => id === keyId)?.state;
}

/** Statuses of the versions in the aggregate, in order. */
export async function statuses(scenario: Scenario): Promise<string> {
  return Object.values((await scenario.key()).versions)
    .sort((left, right) => left.number - right.number)
    .map(({ number, status }) => `v${number} ${status}`)
    .join(', ');
}

export async function active(scenario: Scenario): Promise<KeyVersion> {
  const version = activeVersion(await scenario.key());
  if (version === undefined) throw new Error('no version is ACTIVE');
  return version;
}

/** Changes the aggregate as a person's command does, with a ledger line. */
export async function edit(scenario: Scenario, change: (key: ManagedKey) => Partial<ManagedKey>): Promise<void> {
  const at = instantOf(scenario.world.timeline.nowMs());
  const registry = scenario.world.composition('register-keys').registry();
  await registry.transact(scenario.policy.name, (key) => write({ ...key, ...change(key) }, { type: 'HoldSet', at, by: OUTSIDER.arn }));
}

export async function setHold(scenario: Scenario): Promise<void> {
  await edit(scenario, () => ({ hold: { by: OUTSIDER.arn, at: instantOf(scenario.world.timeline.nowMs()), reason: 'legal hold' } }));
}

/** Runs `act` once, right before a function calls an operation. */
export function before(scenario: Scenario, operation: string, act: () => void | Promise<void>): { readonly hasHappened: () => boolean } {
  let hasHappened = false;
  scenario.world.interceptAll = async (call, next) => {
    if (!hasHappened && call.operation === operation && isKeyturnRole(call.caller.arn)) {
      hasHappened = true;
      await act();
    }
    return next();
  };
  return { hasHappened: () => hasHappened };
}

/** Runs `act` once, right before the first call of a function. */
export function beforeFunction(scenario: Scenario, name: FunctionName, act: () => void): { readonly hasHappened: () => boolean; /** Where the trace went on after it. */ readonly seq: () => number } {
  let seq = -1;
  scenario.world.fault = (point) => {
    if (seq < 0 && point.function === name) {
      act();
      seq = traceLength(scenario);
    }
    return 'none';
  };
  return { hasHappened: () => seq >= 0, seq: () => seq };
}

/** How executions ended, in order: by their outcome, or by their status if they say none. */
export function endings(scenario: Scenario): readonly string[] {
  return scenario.outcomes().map(({ execution, status, outcome }) => `${execution}: ${typeof outcome === 'string' ? outcome : status}`);
}
