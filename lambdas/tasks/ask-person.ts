import { standingOf, type Approval } from '../domain/approval';
import { approvalAlert } from '../domain/approval-alert';
import type { Caller } from '../domain/caller';
import { plusSeconds } from '../domain/instant';
import type { ManagedKey } from '../domain/managed-key';
import { TaskError } from '../domain/task-error';
import type { Approvals } from '../ports/approvals';
import { deliver, type AlertPorts } from './alerting';
import { noteAsked } from './frozen-writes';
import { approvalId } from './question';

export interface AskPorts extends AlertPorts {
  readonly approvals: Approvals;
}

/** What is asked, apart from what follows from the key and the one who asks. */
export type Asked = Pick<Approval, 'purpose' | 'question' | 'facts'> & { readonly version?: number };

/** How often one person may ask the same about the same state of a key, after it was answered or had expired. */
const MAX_ASKINGS = 20;

/** Asks for something that somebody else must approve. Asking the same again is the same question until it is answered or expired; then it is a new one. */
export async function askPerson(ports: AskPorts, key: ManagedKey, caller: Caller, asked: Asked): Promise<Approval> {
  for (let asking = 1; asking <= MAX_ASKINGS; asking++) {
    const approval = await ports.approvals.open(approvalOf(key, caller, asked, asking));
    if (standingOf(approval, key.rev, caller.at) !== 'open') continue;
    await noteAsked(ports, approval, caller.at);
    await deliver(ports, approvalAlert(approval, key.policy.owner));
    return approval;
  }
  throw new TaskError('RotationNotAllowed', `${key.name}: the same was asked ${MAX_ASKINGS} times about the same state of the key; somebody has to find out why`);
}

function approvalOf(key: ManagedKey, caller: Caller, { purpose, question, facts, version }: Asked, asking: number): Approval {
  return {
    id: approvalId({ key: key.name, purpose, by: caller.arn, at: JSON.stringify([facts, asking]), rev: key.rev }),
    key: key.name,
    purpose,
    question,
    rev: key.rev,
    requestedBy: caller.arn,
    requestedAt: caller.at,
    expiresAt: plusSeconds(caller.at, key.policy.approvalTimeoutSeconds),
    approversNeeded: key.policy.approvers,
    rotationId: key.lease?.rotationId ?? null,
    version: version ?? null,
    errorClass: null,
    facts,
    votes: [],
    outcome: null,
  };
}
