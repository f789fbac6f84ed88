import { z } from 'zod';
import { failureAlert } from '../domain/failure-alert';
import { classify, isLastAttempt, recordFailure, responseTo, type Response } from '../domain/failure';
import type { ErrorClass } from '../contract/errors';
import { plusSeconds, type Instant } from '../domain/instant';
import type { ManagedKey } from '../domain/managed-key';
import { TaskError } from '../domain/task-error';
import type { Registry } from '../ports/registry';
import { deliver, type AlertPorts } from './alerting';
import { messageOf } from './failure-cause';
import { rotationInput } from './input';
import type { Question } from './question';

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
  /** What people are asked, if they are. */
  readonly question: Question;
}

/** Used when the key is unknown: nobody knows its policy. */
const DEFAULT_APPROVAL_SECONDS = 7 * 86_400;

/** Classify Failure: records what failed, freezes on a security-critical error, quarantines on a non-recoverable one, alerts, and chooses the response. */
export function classifyFailure(ports: AlertPorts) {
  return async (input: Input): Promise<ClassifyFailureOutput> => {
    const errorClass = classify(input.state, input.error);
    const reason = messageOf(input.cause);
    const failure = { rotationId: input.rotationId, state: input.state, error: input.error, errorClass, at: input.enteredAt };
    const key = await record(ports.registry, input, failure);
    const isOwner = key?.lease?.rotationId === input.rotationId;
    const response = responseOf(errorClass, input, isOwner);
    if (errorClass === 'security-critical' && isOwner) {
      await ports.registry.freeze(input.key, { by: input.rotationId, at: input.enteredAt, reason: `${input.error} in ${input.state}: ${reason}` });
    }
    const question = questionAfter(key, input.enteredAt);
    if (response !== 'superseded' || input.error === 'StaleOwner') {
      const isLast = isOwner && response === 'settle-and-abort' && isLastAttempt(key, input.rotationId, input.run, input.error);
      await deliver(ports, failureAlert({ ...failure, isLastAttempt: isLast, key: input.key, executionArn: input.executionArn, reason, response, owner: key?.policy.owner ?? 'unknown' }));
    }
    return { errorClass, response, question };
  };
}

/** Who does not own the key has nothing to ask about: only the owner, or `reconcile`, may stop a key for a person. */
function responseOf(errorClass: ErrorClass, { settlements }: Input, isOwner: boolean): Response {
  const response = responseTo(errorClass, settlements);
  return !isOwner && (response === 'ask' || response === 'settle-and-ask') ? 'settle-and-abort' : response;
}

function questionAfter(key: ManagedKey | undefined, at: Instant): Question {
  return { purpose: 'recover', askedAt: at, expiresAt: plusSeconds(at, key?.policy.approvalTimeoutSeconds ?? DEFAULT_APPROVAL_SECONDS) };
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
