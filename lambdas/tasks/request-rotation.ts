import { z } from 'zod';
import type { Caller } from '../domain/caller';
import { emergencyBlocker, isTooFrequent } from '../domain/emergency';
import { frequentEmergenciesAlert } from '../domain/frequency-alert';
import { activeVersion, type ManagedKey } from '../domain/managed-key';
import { rotateNow } from '../domain/rotate-now';
import { executionInput, rotationId } from '../domain/rotation-id';
import type { Executions } from '../ports/outside';
import { deliver } from './alerting';
import { askPerson, type AskPorts } from './ask-person';
import { holderOf } from './holder';
import { keyName, reason, told, type Told } from './people';

/** What may be posted to the request URL. */
export const requestBody = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('rotate'), key: keyName, reason }),
  z.strictObject({ action: z.literal('emergency'), key: keyName, reason }),
]);
type Body = z.infer<typeof requestBody>;

interface Ports extends AskPorts {
  readonly executions: Executions;
}

/** Request: a rotation before its schedule, or an emergency, which somebody else must approve. */
export function requestRotation(ports: Ports) {
  return async (body: Body, caller: Caller): Promise<Told> => {
    const reading = await ports.registry.read(body.key);
    if (reading === undefined) return told('refused', `${body.key} is not in the registry`);
    if (reading.freeze !== null) return told('refused', `${body.key} is frozen: ${reading.freeze.reason}. Repair it first; nothing was changed`);
    return body.action === 'rotate' ? rotate(ports, reading.key, caller) : emergency(ports, reading.key, body.reason, caller);
  };
}

async function rotate({ executions }: Ports, key: ManagedKey, caller: Caller): Promise<Told> {
  const next = rotateNow(key, caller.at, await holderOf(executions, key, caller.at));
  if (next.kind === 'wait') return told('refused', `${key.name} is not rotated now: ${next.reason}`);
  const id = rotationId(key.name, next.run);
  if ((await executions.start(id, executionInput(key.name, next.run))) === 'started') return told('done', `${id} has started`, { rotationId: id });
  const status = await executions.status(id);
  if (status !== 'CLOSED') return told('unchanged', `${id} is under way`, { rotationId: id });
  return told('refused', `${id} has ended, and its name is used up; the next firing of the schedule starts the next attempt`);
}

async function emergency(ports: Ports, key: ManagedKey, why: string, caller: Caller): Promise<Told> {
  const blocker = emergencyBlocker(key, caller.at);
  const active = activeVersion(key);
  if (blocker !== undefined && isTooFrequent(key, caller.at)) await deliver(ports, frequentEmergenciesAlert(key, caller.arn, blocker));
  if (blocker !== undefined || active === undefined) return told('refused', `no emergency of ${key.name}: ${blocker ?? 'it has no ACTIVE version'}`);
  const asked = await askPerson(ports, key, caller, {
    purpose: 'emergency',
    question: `v${active.number} of ${key.name} is said to be compromised (${why}). Replace it now, and retire it after the emergency drain?`,
    facts: { reason: why },
    version: active.number,
  });
  return told('asked', `another person must approve ${asked.id}: keyturn approve ${asked.id} --reason …`, { approvalId: asked.id });
}
