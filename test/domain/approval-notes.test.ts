import type { Approval } from '../../lambdas/domain/approval';
import { MAX_NOTED_APPROVALS, noteAnswer, noteApproval } from '../../lambdas/domain/approval-notes';
import { bootstrapped } from './living-key';

const approval = (id: string, changes: Partial<Approval> = {}): Approval => ({
  id,
  key: 'orders',
  purpose: 'repair',
  question: 'Compare?',
  rev: 1,
  requestedBy: 'arn:alice',
  requestedAt: '2026-04-02T00:00:00.000Z',
  expiresAt: '2026-04-09T00:00:00.000Z',
  approversNeeded: 1,
  rotationId: null,
  version: null,
  errorClass: null,
  facts: {},
  votes: [],
  outcome: null,
  ...changes,
});
const answered = approval('a1', { outcome: 'approve', votes: [{ answer: 'approve', by: 'arn:bob', at: '2026-04-03T00:00:00.000Z', reason: 'fine' }] });

test('a note names the approval and raises no revision, or it would make the question void', () => {
  const living = bootstrapped();
  const { rev } = living.key;
  expect(living.apply(noteApproval(living.key, approval('a1')))).toBe(true);
  expect(living.key).toMatchObject({ approvals: ['a1'], rev });
  expect(living.ledger.at(-1)).toMatchObject({ type: 'ApprovalRequested', by: 'arn:alice', facts: { approval: 'a1', purpose: 'repair' } });
  expect(living.apply(noteApproval(living.key, approval('a1')))).toBe(false);
});

test('an outcome stands in the ledger once, with who answered', () => {
  const living = bootstrapped();
  const { rev } = living.key;
  living.apply(noteApproval(living.key, approval('a1')));
  expect(living.apply(noteAnswer(living.key, approval('a1')))).toBe(false);
  expect(living.apply(noteAnswer(living.key, answered))).toBe(true);
  expect(living.key.rev).toBe(rev);
  expect(living.ledger.at(-1)).toMatchObject({ type: 'ApprovalAnswered', at: '2026-04-03T00:00:00.000Z', by: 'arn:bob', facts: { answer: 'approve', answeredBy: 'arn:bob', requestedBy: 'arn:alice' } });
  expect(living.apply(noteAnswer(living.key, answered))).toBe(false);
});

test('only the newest are named', () => {
  const living = bootstrapped();
  for (let index = 0; index <= MAX_NOTED_APPROVALS; index++) living.apply(noteApproval(living.key, approval(`a${index}`)));
  expect(living.key.approvals).toEqual(Array.from({ length: MAX_NOTED_APPROVALS }, (_, index) => `a${index + 1}`));
});
