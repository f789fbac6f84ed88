import { z } from 'zod';
import { EVENTS } from '../contract/names';
import type { DependentPolicy } from '../contract/key-policy';
import { plusSeconds } from '../domain/instant';
import type { ManagedKey } from '../domain/managed-key';
import type { Acknowledgements, TaskToken } from '../ports/acknowledgements';
import type { KeyProvider } from '../ports/key-provider';
import type { Callbacks, EventBus, Probes } from '../ports/outside';
import type { Registry } from '../ports/registry';
import { questionTo, verdictOn } from './acknowledgement-questions';
import { requireAsRegistered } from './comparison';
import { ownedInput, ownerOf } from './input';
import { readOwnKey, requireVersion } from './reality';
import { visit, waiterOf } from './waiting';

export const notifyDependentInput = ownedInput.extend({
  dependent: z.string().min(1),
  ...visit.shape,
});

interface Ports {
  readonly registry: Registry;
  readonly keys: KeyProvider;
  readonly acknowledgements: Acknowledgements;
  readonly bus: EventBus;
  readonly probes: Probes;
  readonly callbacks: Callbacks;
  readonly acknowledgeUrl: string;
}

/**
 * Notify Dependent: asks one dependent whether it is ready for the new version. An event carries an acknowledgement id, never
 * the task token. A yes that was recorded before completes the new token at once; who said no before is asked again.
 */
export function notifyDependent(ports: Ports) {
  return async (input: z.infer<typeof notifyDependentInput>): Promise<Record<string, never>> => {
    const key = await readOwnKey(ports.registry, input.key, ownerOf(input));
    await requireAsRegistered(ports, key, input.enteredAt, input.version);
    const dependent = key.lease?.policy.dependents.find((candidate) => candidate.name === input.dependent);
    const token = input.taskToken as TaskToken;
    if (dependent === undefined) {
      await ports.callbacks.wake(token);
      return {};
    }
    const question = questionTo(dependent, key.name, input.version, 'ready');
    const asked = await ports.acknowledgements.open(question, waiterOf(input));
    if (verdictOn(asked, input.version) === 'yes') {
      await ports.callbacks.wake(token);
      return {};
    }
    if (dependent.kind === 'probe') {
      const answer = await ports.probes.ask(dependent.functionArn, await announcement(ports, key, input, dependent, question.id));
      // A yes to another version is no yes, and must not stand as one.
      const verdict = answer.version === input.version ? answer.verdict : 'no';
      await ports.acknowledgements.answer(question.id, { ...answer, verdict, by: dependent.functionArn, at: input.enteredAt });
      await ports.callbacks.wake(token);
      return {};
    }
    await ports.bus.publish(EVENTS.versionPrepared, {
      ...(await announcement(ports, key, input, dependent, question.id)),
      acknowledgeUrl: ports.acknowledgeUrl,
      acknowledgeBy: plusSeconds(input.enteredAt, dependent.acknowledgeWithinSeconds),
    });
    return {};
  };
}

async function announcement(
  ports: Ports,
  key: ManagedKey,
  input: z.infer<typeof notifyDependentInput>,
  dependent: DependentPolicy,
  acknowledgementId: string,
): Promise<Record<string, unknown>> {
  const version = requireVersion(key, input.version);
  return {
    key: key.name,
    alias: key.policy.alias,
    owner: key.policy.owner,
    dependent: dependent.name,
    phase: 'ready',
    version: version.number,
    kmsKeyArn: version.kmsKeyArn,
    publicKey: await ports.keys.publicKey(version.kmsKeyId),
    rotationId: input.rotationId,
    acknowledgementId,
  };
}
