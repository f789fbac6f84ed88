import { z } from 'zod';
import { standingOf } from '../domain/approval';
import type { ManagedKey } from '../domain/managed-key';
import type { TaskToken } from '../ports/acknowledgements';
import type { Approvals } from '../ports/approvals';
import type { Callbacks } from '../ports/outside';
import type { Registry } from '../ports/registry';
import { deliver, type AlertPorts } from './alerting';
import { approvalAlert } from '../domain/approval-alert';
import { noteAsked } from './frozen-writes';
import { rotationInput } from './input';
import { approvalFor, question, type Question } from './question';
import { visit, waiterOf } from './waiting';

export const requestApprovalInput = rotationInput.extend({
  question,
  version: z.int().nonnegative(),
  previous: z.int().nonnegative(),
  executionArn: z.string().min(1).max(2048),
  ...visit.shape,
});

interface Ports extends AlertPorts {
  readonly registry: Registry;
  readonly approvals: Approvals;
  readonly callbacks: Callbacks;
}

/** Await Approval: asks people, and parks the task token. What was answered before wakes the state at once. */
export function requestApproval(ports: Ports) {
  return async (input: z.infer<typeof requestApprovalInput>): Promise<Record<string, never>> => {
    const token = input.taskToken as TaskToken;
    const reading = await ports.registry.read(input.key);
    if (reading?.key.lease?.rotationId !== input.rotationId) {
      // Nothing to ask about: Read Approval says so.
      await ports.callbacks.wake(token);
      return {};
    }
    const { key } = reading;
    const asked = approvalFor(input.question, key, input.rotationId, { question: questionText(input.question.purpose, key, input.previous), version: input.previous });
    const approval = await ports.approvals.open(asked, waiterOf(input));
    await noteAsked(ports, approval, input.enteredAt);
    const standing = standingOf(approval, key.rev, input.enteredAt);
    // A consent that a freeze has overtaken counts once the freeze has ended: Confirm Repair wakes the state then, unless it came before the token was here.
    if (standing === 'consented' && reading.freeze !== null && (await ports.registry.read(input.key))?.freeze != null) return {};
    if (standing !== 'open') {
      await ports.callbacks.wake(token);
      return {};
    }
    // A failure has had its alert, which names the command; what a retirement asks is news.
    if (approval.purpose !== 'recover') await deliver(ports, approvalAlert(approval, key.policy.owner, input.executionArn));
    return {};
  };
}

function questionText(purpose: Question['purpose'], key: ManagedKey, previous: number): string {
  switch (purpose) {
    case 'disable':
      return `The evidence that v${previous} of ${key.name} is idle is not good enough. Disable it all the same?`;
    case 'revoke':
      return `v${previous} of ${key.name} was disabled and nobody missed it. Schedule its deletion? What only it protects is lost then.`;
    case 'recover':
      return `${key.lastFailure?.rotationId ?? key.name} failed in ${key.lastFailure?.state ?? 'a state'} with ${key.lastFailure?.error ?? 'an error'}. Resume it, or abort it?`;
  }
}
