import { z } from 'zod';
import { classify, recordFailure, responseTo, type Response } from '../domain/failure';
import type { ErrorClass } from '../contract/errors';
import type { ManagedKey } from '../domain/managed-key';
import { TaskError } from '../domain/task-error';
import type { Alert, Alerts } from '../ports/outside';
import type { Registry } from '../ports/registry';
import { rotationInput } from './input';

export const classifyFailureInput = rotationInput.extend({
  /** The state that failed. */
  state: z.string().min(1).max(80),
  error: z.string().max(256),
  cause: z.string().max(32_768),
  /** How often this execution has settled already. */
  settlements: z.int().nonnegative(),
  executionArn: z.string().min(1).max(2048),
});
type Input = z.infer<typeof classifyFailureInput>;

export interface ClassifyFailureOutput {
  readonly errorClass: ErrorClass;
  readonly response: Response;
}

interface Ports {
  readonly registry: Registry;
  readonly alerts: Alerts;
  /** The topic did not take the alert. The registry has the failure; a safe abort never waits for a topic. */
  readonly onAlertLost: (error: unknown) => void;
}

/** Classify Failure: records what failed, freezes on a security-critical error, alerts, and chooses the response. */
export function classifyFailure(ports: Ports) {
  return async (input: Input): Promise<ClassifyFailureOutput> => {
    const errorClass = classify(input.error);
    const response = responseTo(errorClass, input.settlements);
    const failure = { rotationId: input.rotationId, state: input.state, error: input.error, errorClass, at: input.enteredAt };
    const key = await record(ports.registry, input, failure);
    if (response === 'frozen' && key?.lease?.rotationId === input.rotationId) {
      await ports.registry.freeze(input.key, { by: input.rotationId, at: input.enteredAt, reason: `${input.error} in ${input.state}: ${messageOf(input.cause)}` });
    }
    if (response !== 'superseded' || input.error === 'StaleOwner') {
      await ports.alerts.publish(alertFor(input, errorClass, response, key)).catch(ports.onAlertLost);
    }
    return { errorClass, response };
  };
}

/** A key that is frozen, unknown, or whose ledger is broken takes no more ledger lines; its freeze and its alert must come all the same. */
const UNRECORDABLE: ReadonlySet<string> = new Set(['KeyFrozen', 'KeyNotRegistered', 'LedgerMismatch']);

async function record(registry: Registry, input: Input, failure: Parameters<typeof recordFailure>[1]): Promise<ManagedKey | undefined> {
  try {
    return await registry.transact(input.key, (key) => recordFailure(key, failure));
  } catch (error) {
    if (!(error instanceof TaskError) || !UNRECORDABLE.has(error.name)) throw error;
    return (await registry.read(input.key))?.key;
  }
}

const WHAT_HAPPENS_NEXT: Readonly<Record<Response, string>> = {
  superseded: 'The execution ends. Another one owns the key.',
  frozen: 'Everything about the key stands still until a person repairs it. Nothing was revoked.',
  'settle-and-resume': 'The execution waits until no call can be under way any more, then goes on by itself.',
  'settle-and-abort': 'The execution waits, then gives the key back without a revocation.',
};

function alertFor(input: Input, errorClass: ErrorClass, response: Response, key: ManagedKey | undefined): Alert {
  const owner = key?.policy.owner ?? 'unknown';
  const lines = [
    `Key ${input.key}, owner ${owner}, stage "${input.state}", execution ${input.executionArn}`,
    `Error (${errorClass}): ${input.error}: ${messageOf(input.cause)}`,
    `What happens next: ${WHAT_HAPPENS_NEXT[response]}`,
    'Encryption and decryption: keyturn has not made a key unusable. No version was revoked by this failure.',
  ];
  return {
    subject: `keyturn: ${input.key}: ${errorClass} in ${input.state}`,
    message: lines.join('\n'),
    // One failure is one id, also when its alert is published again because an answer was lost.
    attributes: { key: input.key, owner, stage: input.state, class: errorClass, rotation: input.rotationId, alertId: `${input.rotationId}/${input.enteredAt}` },
  };
}

/** The cause of a function error is a JSON object with a stack; people need its message. */
function messageOf(cause: string): string {
  try {
    const parsed: unknown = JSON.parse(cause);
    const message = (parsed as { errorMessage?: unknown }).errorMessage;
    return typeof message === 'string' ? message : cause;
  } catch {
    return cause;
  }
}
