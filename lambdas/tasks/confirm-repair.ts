import type { z } from 'zod';
import { ledgerBreak } from '../domain/ledger';
import type { ManagedKey } from '../domain/managed-key';
import { repairDiffersAlert } from '../domain/repair-alert';
import { liftFreeze, requireRepair } from '../domain/repair-steps';
import { TaskError } from '../domain/task-error';
import type { Approvals } from '../ports/approvals';
import type { KeyProvider } from '../ports/key-provider';
import type { Callbacks } from '../ports/outside';
import type { Registry } from '../ports/registry';
import { deliver, type AlertPorts } from './alerting';
import { compareWithKms } from './comparison';
import type { begunRepairInput } from './repair-input';
import { wakeOwner } from './waiting';

export interface ConfirmRepairOutput {
  readonly outcome: 'repaired' | 'differs';
  /** What still is not as registered. */
  readonly differences: readonly string[];
}

interface Ports extends AlertPorts {
  readonly registry: Registry;
  readonly approvals: Approvals;
  readonly keys: KeyProvider;
  readonly callbacks: Callbacks;
}

/** Confirm Repair, once KMS shows everything that was done: the freeze ends only if alias, key states and ledger agree with the registry. */
export function confirmRepair(ports: Ports) {
  return async (input: z.infer<typeof begunRepairInput>): Promise<ConfirmRepairOutput> => {
    const reading = await ports.registry.read(input.key);
    if (reading === undefined) throw new TaskError('KeyNotRegistered', `${input.key} is not in the registry`);
    // A repetition finds the freeze lifted; whoever waits may not have been woken yet.
    if (reading.freeze !== null || reading.key.repair !== null) {
      requireRepair(reading.key, input.approval, input.fence);
      const differences = await differencesOf(ports, reading.key, input.enteredAt);
      if (differences.length > 0) {
        await deliver(ports, repairDiffersAlert(reading.key, input.approval, differences));
        return { outcome: 'differs', differences };
      }
      await ports.registry.liftFreeze(input.key, (key) => liftFreeze(key, input.approval, input.fence, input.enteredAt, reading.freeze?.reason ?? 'repaired'));
    }
    await wakeOwner(ports, reading.key);
    return { outcome: 'repaired', differences: [] };
  };
}

/** @throws {TaskError} `KmsNotConsistentYet` for what cannot be judged yet */
async function differencesOf({ registry, keys }: Ports, key: ManagedKey, at: string): Promise<readonly string[]> {
  const { differences, unclear } = await compareWithKms(keys, key, at);
  if (differences.length === 0 && unclear.length > 0) throw new TaskError('KmsNotConsistentYet', `${key.name}: ${unclear.join('; ')}`);
  const broken = ledgerBreak(await registry.ledger(key.name), key);
  const open = key.intent === null || key.intent.kind === 'create' ? [] : [`the ${key.intent.kind} of v${key.intent.version} is open`];
  return [...differences, ...open, ...(broken === undefined ? [] : [`the ledger: ${broken}`])];
}
