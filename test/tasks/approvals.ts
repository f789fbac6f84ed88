import type { Approval, Vote } from '../../lambdas/domain/approval';
import { plusSeconds } from '../../lambdas/domain/instant';
import { NEXT_AT } from '../domain/living-key';
import type { Kit } from './kit';
import { SECOND, SETTLED } from './lives';

const user = (name: string): string => `arn:aws:iam::111122223333:user/${name}`;
export const [ALICE, BOB] = [user('alice'), user('bob')];
export const ID = 'a'.repeat(20);
export const EXPIRES = plusSeconds(SETTLED, 3600);
export const vote = (answer: Vote['answer'] = 'approve', by = ALICE): Vote => ({ answer, by, at: SETTLED, reason: 'fine' });

/** An approval that the key names. */
export function open(kit: Kit, change: Partial<Approval> = {}): Approval {
  const approval: Approval = {
    id: ID, key: 'orders', purpose: 'revoke', question: '?', rev: kit.orders.rev, requestedBy: SECOND, requestedAt: NEXT_AT, expiresAt: EXPIRES, approversNeeded: 1, rotationId: SECOND, version: 1, errorClass: null, facts: {}, votes: [], outcome: null, ...change,
  };
  kit.asked.set(approval.id, approval);
  return approval;
}
export const waiting = (kit: Kit, change: Partial<Approval> = {}): Approval => {
  kit.waiters.set(ID, 'token' as never);
  return open(kit, change);
};
